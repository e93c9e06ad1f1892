"""Some changes that are released together: their combined risk, and the plan that the policy gives them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import isnan, nan

from riskml.assess.combine import bounds, combined, expected
from riskml.assess.unit import Unit
from riskml.assess.yardstick import Yardstick
from riskml.assessment import Band
from riskml.features import testing
from riskml.plan import Plan, Subject
from riskml.policy.care import care_of
from riskml.policy.decide import decide
from riskml.policy.facts import Facts
from riskml.policy.shape import waits
from riskml.policy.strategies import WAYS
from riskml.ports import Vector

_TESTING = tuple(feature.name for feature in testing.GROUP.features)


@dataclass(frozen=True, slots=True)
class Part:
    """Changes that go out together. ``harmful`` is how many of them do harm on average; ``least`` and ``most`` are the bounds.

    The interval from ``lower`` to ``upper`` takes the model to err alike in all changes of one repository.
    """

    units: tuple[Unit, ...]
    probability: float
    lower: float
    upper: float
    least: float
    most: float
    harmful: float
    score: float
    band: Band
    plan: Plan


@dataclass(frozen=True, slots=True)
class Planner:
    """Plans parts of one release by one policy. ``tests`` holds what the reports say: they are about the release's head."""

    measure: Yardstick
    tests: Vector
    plan_id: str
    now: datetime
    subject: Subject

    def part(self, units: Sequence[Unit], *, commit: str | None = None) -> Part:
        """Combine the changes and plan them; ``commit`` is what is released, if not the subject's.

        The policy is asked about each change, with the combined score, and the most careful answer counts; what holds one of
        them holds all.
        """
        probabilities = [u.probability for u in units]
        probability = combined(probabilities)
        score = self.measure.score(probability)
        lower, upper = combined(u.scored.lower for u in units), combined(u.scored.upper for u in units)
        least, most = bounds(probabilities)
        band = self.measure.policy.band(score)
        if band == "low" and any(u.band == "unknown" for u in units):
            band = "unknown"
        subject = self.subject if commit is None else replace(self.subject, commit_sha=commit)
        asked = self._asked(units, probability, score, lower, upper)
        plans = [decide(facts, self.measure.policy, plan_id=self.plan_id, now=self.now, subject=subject) for facts in asked]
        return Part(tuple(units), probability, lower, upper, least, most, expected(probabilities), score, band,
                    most_careful(plans))

    def _asked(self, units: Sequence[Unit], probability: float, score: float, lower: float, upper: float) -> Iterable[Facts]:
        """Return the facts of the changes that the policy can tell apart."""
        lossy = [u.lossy for u in units]
        destructive = True if True in lossy else None if None in lossy else False
        failed = self.tests.get("tests_failed", nan) + self.tests.get("tests_errors", nan)
        tested = {name: self.tests.get(name, nan) for name in _TESTING}
        policy = self.measure.policy
        conditions = [c for when in (*(r.when for r in policy.rules), *(g.when for g in policy.guardrails)) for c in when]
        found: dict[tuple[bool | None, ...], Facts] = {}
        for vector, percentile in [(u.vector, u.percentile) for u in units] or [({}, None)]:
            facts = Facts(
                probability=probability, score=score, context=self.measure.context, percentile=percentile, lower=lower,
                upper=upper, features={**vector, **tested}, tests_failed=None if isnan(failed) else failed,
                destructive_migration=destructive, model_version=self.measure.scorer.ref.version,
            )
            found.setdefault(tuple(c.holds(facts) for c in conditions), facts)
        return found.values()


def most_careful(plans: Sequence[Plan]) -> Plan:
    """Return the most careful of some plans, held for every reason that holds one of them."""

    def caution(plan: Plan) -> tuple[float, ...]:
        care = care_of(plan)
        return WAYS[plan.strategy].caution, -care.first_bp, care.everybody_after_s, care.watched_s

    chosen = max(plans, key=caution)
    if len(plans) == 1:
        return chosen
    hold = tuple(dict.fromkeys(reason for plan in (chosen, *plans) for reason in plan.hold))
    notes = tuple(dict.fromkeys(note for plan in (chosen, *plans) for note in plan.notes))
    fired = tuple(dict.fromkeys((*chosen.rules_fired, *(r for p in plans for r in p.rules_fired if r.startswith("guardrail")))))
    asked = bool(hold) or any(plan.stages[0].approval == "manual" for plan in plans)
    stages = waits(chosen.stages) if asked else chosen.stages
    return replace(chosen, hold=hold, notes=notes, rules_fired=fired, stages=stages).validate()
