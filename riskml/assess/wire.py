"""The answer on the wire: the same object for the service, the command line and the store."""

from __future__ import annotations

from datetime import UTC
from typing import Any

from riskml.assess.judge import Decision
from riskml.assessment import Proposal, Reason
from riskml.document import printable
from riskml.plan import summary, whole


def to_wire(decision: Decision) -> dict[str, Any]:
    r"""Return a decision as JSON values. All text can be encoded: bytes of a path that are not UTF-8 read ``\xff``.

    ``initial_traffic`` is in percent and stands for strategies that show the new version to a part of the users; blue-green has
    ``stage`` in its place. ``lower`` and ``upper`` bound the probability. ``hold`` is true when a binding policy keeps the
    release from starting on its own; the reasons stand in ``plan.hold``. ``empty`` is true where there is nothing to release:
    probability, score, their bounds and the percentile are null then, because nothing was measured.
    """
    found, plan = decision.assessment, summary(decision.plan)
    measured = None if found.empty else found
    shape: dict[str, Any] = {key: plan[key] for key in ("strategy", "initial_traffic", "stage") if key in plan}
    document: dict[str, Any] = {
        "id": found.id, "repository": found.repository, "head": found.head, "base": found.base,
        "created_at": found.created_at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "score": measured and measured.score, "probability": measured and measured.probability, "base_rate": found.base_rate,
        "percentile": found.percentile,
        "band": found.band, **shape, "plan": plan,
        "reasons": [_reason(r) for r in found.reasons],
        "files": [{"path": f.path, "share": f.share} for f in found.files],
        "lower_it": [_proposal(p) for p in decision.lower_it],
        "unknown": list(found.unknown),
        "model": {"name": found.model.name, "version": found.model.version, "feature_set": found.model.feature_set,
                  "artifact_sha256": found.model.artifact_sha256},
        "policy": {"name": decision.policy.name, "version": decision.policy.version},
        "lower": measured and measured.lower, "upper": measured and measured.upper, "hold": decision.held,
        "notes": list(found.notes), "empty": found.empty,
    }
    safe: dict[str, Any] = encodable(document)
    return safe


def _reason(reason: Reason) -> dict[str, Any]:
    return {"feature": reason.feature, "value": whole(reason.value), "unit": reason.unit, "percentile": reason.percentile,
            "contribution": reason.contribution, "direction": reason.direction, "text": reason.text,
            "files": list(reason.files)}


def _proposal(proposal: Proposal) -> dict[str, Any]:
    shape: dict[str, Any] = {"action": proposal.action, "score": proposal.score, "strategy": proposal.strategy}
    if proposal.initial_traffic is not None:
        shape["initial_traffic"] = whole(proposal.initial_traffic)
    return {**shape, "hold": True} if proposal.held else shape


def encodable(value: Any) -> Any:
    """Return the value with every text in characters that UTF-8 has."""
    if isinstance(value, str):
        return value if value.isascii() else printable(value)
    if isinstance(value, dict):
        return {k: encodable(v) for k, v in value.items()}
    return [encodable(v) for v in value] if isinstance(value, list) else value
