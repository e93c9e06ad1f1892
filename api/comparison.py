"""Two models on the same changes: how often they agree, which of them expects more harm, how far their scores lie apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from riskml.model.drift import MINIMUM, psi
from riskml.policy.policy import Policy


class Pair(NamedTuple):
    """What the model in use said, and what the challenger would have said."""

    said: float
    unheard: float


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both models on the same changes. The figures are ``None`` of fewer than 200 changes.

    ``agreement`` is the share that both put into the same band of the policy, ``mean_difference`` how much more (or less) harm
    the challenger expects, ``psi`` how far its distribution lies from that of the model in use.
    """

    changes: int
    agreement: float | None = None
    mean_difference: float | None = None
    psi: float | None = None


def compare(pairs: Sequence[Pair], policy: Policy, *, minimum: int = MINIMUM) -> Comparison:
    """Compare two models by their probabilities.

    >>> from riskml.policy.policy import default_policy
    >>> compare([Pair(0.1, 0.2)] * 150 + [Pair(0.1, 0.9)] * 50, default_policy()).agreement
    0.75
    >>> compare([Pair(0.1, 0.2)] * 8, default_policy())
    Comparison(changes=8, agreement=None, mean_difference=None, psi=None)
    """
    if len(pairs) < max(1, minimum):
        return Comparison(len(pairs))
    same = sum(policy.band(pair.said) == policy.band(pair.unheard) for pair in pairs)
    return Comparison(len(pairs), same / len(pairs), sum(p.unheard - p.said for p in pairs) / len(pairs),
                      psi([p.said for p in pairs], [p.unheard for p in pairs], minimum=minimum))
