"""What a stage's evidence says: promote, hold or rollback, why, and what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal

Decision = Literal["promote", "hold", "rollback"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one gate.

    ``rate`` and ``baseline_rate`` are shares of bad events; ``low`` and ``high`` bound the canary's rate at all looks together,
    and ``ratio_low`` and ``ratio_high`` the ratio of both rates. ``healthy`` is ``None`` while the evidence decides nothing.
    """

    gate: str
    healthy: bool | None
    bad: float | None = None
    total: float | None = None
    baseline_bad: float | None = None
    baseline_total: float | None = None
    low: float | None = None
    high: float | None = None
    limit: float | None = None
    ratio_low: float | None = None
    ratio_high: float | None = None
    max_ratio: float | None = None
    value: float | None = None

    @property
    def rate(self) -> float | None:
        """The canary's share of bad events; ``None`` without events."""
        return self.bad / self.total if self.total and self.bad is not None else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer about one stage.

    ``missing_requests`` is about how many more requests to the canary would let the evidence promote, if it goes on as it did;
    ``None`` when requests are not what is missing, or when they would not help. ``unknown`` names what was not measured.
    """

    decision: Decision
    reason: str
    stage: str
    evidence: tuple[Evidence, ...] = ()
    missing_requests: int | None = None
    unknown: tuple[str, ...] = ()
    next_check_s: int = 60


def to_wire(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict as the service answers it. Deploy tools read ``verdict`` and show ``reason``."""
    return {
        "verdict": verdict.decision, "reason": verdict.reason, "stage": verdict.stage,
        "evidence": {e.gate: _known(e) for e in verdict.evidence},
        "missing": {"requests": verdict.missing_requests, "data": list(verdict.unknown)},
        "next_check_s": verdict.next_check_s,
    }


def _known(evidence: Evidence) -> dict[str, Any]:
    made: dict[str, Any] = {"healthy": evidence.healthy}
    for name in ("bad", "total", "rate", "low", "high", "limit", "baseline_bad", "baseline_total", "ratio_low", "ratio_high",
                 "max_ratio", "value"):
        value = getattr(evidence, name)
        if value is not None and isfinite(value):
            made[name] = value
    return made
