"""What a plan's gates and rules claim, as rates: a share of bad events that must not be passed, a ratio that must not be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from riskml.plan import Gate, Plan, Rule
from riskml.verdict.observation import Observation, Series

_QUANTILE = re.compile(r"latency_p(\d{2,3})")


@dataclass(frozen=True, slots=True)
class Claim:
    """One gate or rule, ready to be judged.

    ``limit`` is the share of bad events that must not be exceeded: 5 % errors is 0.05, "the 99th percentile under 500 ms" is
    0.01 of requests slower than 500 ms. ``None`` means that the metric is no share, and only its value can be compared.
    """

    source: Gate | Rule
    series: Series
    limit: float | None

    @property
    def name(self) -> str:
        """The gate's id, or the rule in words."""
        if isinstance(self.source, Gate):
            return self.source.id
        return f"{self.source.metric} {self.source.op} {self.source.value:g} {self.source.unit}"

    @property
    def max_ratio(self) -> float | None:
        """How many times the baseline's rate is tolerated."""
        return self.source.max_ratio_to_baseline if isinstance(self.source, Gate) else None

    @property
    def rolls_back(self) -> bool:
        """Whether a proven violation undoes the release; a gate may only hold."""
        return isinstance(self.source, Rule) or self.source.severity != "hold"

    def violated(self, seen: Observation) -> bool | None:
        """Return whether one window, taken by itself, breaks the claim; ``None`` if it does not say."""
        value: float | None
        if self.limit is not None and seen.total and seen.bad is not None:
            return seen.bad / seen.total > self.limit
        value = seen.value
        if value is None:
            return None
        s = self.source
        met = {"<": value < s.value, "<=": value <= s.value, ">": value > s.value, ">=": value >= s.value}[s.op]
        return not met if isinstance(s, Gate) else met


def claim_of(source: Gate | Rule) -> Claim:
    """Return what a gate or a rule claims.

    >>> claim_of(Rule("latency_p99", ">", 1000, "milliseconds")).limit
    0.01
    >>> claim_of(Gate("ok", "success_rate", ">", 99.5, "percent")).limit
    0.005
    """
    bounded = source.op.startswith("<") == isinstance(source, Gate)  # whether small values are the good ones
    found = _QUANTILE.fullmatch(source.metric)
    if found and source.unit == "milliseconds" and bounded:
        return Claim(source, (source.metric, source.value), round(1.0 - float(f"0.{found[1]}"), 9))
    limit = None
    if source.unit in ("percent", "ratio"):
        share = source.value / 100 if source.unit == "percent" else source.value
        limit = round(share if bounded else 1.0 - share, 12)
    return Claim(source, (source.metric, None), limit if limit is not None and 0 < limit < 1 else None)


def claims(plan: Plan, stage_gates: tuple[str, ...]) -> tuple[list[Claim], list[Claim]]:
    """Return the claims of a stage's gates and of the plan's rollback rules."""
    gates = [claim_of(g) for g in plan.gates if g.id in stage_gates]
    return gates, [claim_of(r) for r in plan.rollback.rules]


def shares_of_alpha(plan: Plan) -> int:
    """Return among how many tests a release's alpha is shared: every different limit, every comparison with the baseline."""
    return max(1, len(set(_tests(plan))))


def _tests(plan: Plan) -> Iterator[tuple[str, float | None, float | None]]:
    used = {g for s in plan.stages for g in s.gates}
    found = [claim_of(g) for g in plan.gates if g.id in used] + [claim_of(r) for r in plan.rollback.rules]
    for claim in found:
        if claim.limit is not None:
            yield (*claim.series, claim.limit)
        if claim.max_ratio is not None:
            yield (*claim.series, None)
