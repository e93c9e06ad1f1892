"""The one number that the policy reads, from the probability of harm and what is known of the service."""

from __future__ import annotations

from math import isfinite

from riskml.context import ServiceContext
from riskml.errors import PolicyError


def risk_score(probability: float, context: ServiceContext) -> float:
    """Return ``min(1, impact × probability / detection_capability / rollback_speed)``, in [0, 1].

    After the classic of risk analysis (risk = impact × probability), divided by how well harm is seen and how fast it is
    undone. Each factor lies in (0, 1]; all 1 leaves the probability as it is. Anything else is a ``PolicyError``.

    >>> round(risk_score(0.3, ServiceContext(impact=0.8, detection_capability=0.5)), 3)
    0.48
    """
    if isinstance(probability, bool) or not isinstance(probability, (int, float)) or not 0 <= probability <= 1:
        raise PolicyError("not a probability", where="probability", got=probability, expected="a number from 0 to 1")
    for name in ("impact", "detection_capability", "rollback_speed"):
        factor = getattr(context, name)
        if isinstance(factor, bool) or not isfinite(factor) or not 0 < factor <= 1:
            raise PolicyError("factor out of range", where=f"service.{name}", got=factor, expected="a number in (0, 1]")
    return min(1.0, context.impact * probability / context.detection_capability / context.rollback_speed)
