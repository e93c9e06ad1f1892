"""Trying a policy on past assessments before it decides anything: what it would say now, beside what was said then."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from riskml.context import ServiceContext
from riskml.document import read
from riskml.errors import PolicyError
from riskml.plan import Strategy
from riskml.policy.decide import decide
from riskml.policy.facts import Facts, facts_of_nothing
from riskml.policy.policy import Policy
from riskml.policy.risk import risk_score


@dataclass(frozen=True, slots=True)
class Expected:
    """What a decision must be; what is ``None`` may be anything."""

    strategy: Strategy | None = None
    hold: bool | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """One assessment: what the policy decides now, what was decided then, and what is expected of it."""

    id: str
    score: float | None
    strategy: Strategy
    hold: tuple[str, ...]
    because: tuple[str, ...]
    then: str | None = None
    expected: Expected = field(default=Expected())

    @property
    def changed(self) -> bool:
        """Whether the policy decides otherwise than was decided then."""
        return self.then is not None and self.then != self.strategy

    @property
    def wrong(self) -> bool:
        """Whether the decision is not the expected one."""
        e = self.expected
        return (e.strategy is not None and e.strategy != self.strategy) or (e.hold is not None and e.hold != bool(self.hold))


def trials(policy: Policy, assessments: Iterable[Mapping[str, Any]], *, now: datetime,
           context: ServiceContext | None = None) -> Iterator[Tried]:
    """Decide each assessment by a policy, as if it were made now.

    An assessment is the object that ``POST /predict`` answers; only its ``probability`` is needed, or that it is ``empty``. It
    may also have the ``features`` that rules ask about (unknown without them), and ``expect`` with ``strategy`` and ``hold``.
    What is no assessment is a ``PolicyError`` that names its place.
    """
    context = context or ServiceContext()
    for i, found in enumerate(assessments):
        where = f"assessments[{i}]"
        probability = _number(found, "probability", where)
        nothing = probability is None and found.get("empty") is True
        if not nothing and (probability is None or not 0 <= probability <= 1):
            raise PolicyError("not an assessment", where=f"{where}.probability", got=found.get("probability"),
                              expected="a number from 0 to 1")
        known = None if probability is None else Facts(probability, risk_score(probability, context), context)
        risk, features = known or facts_of_nothing(context), _features(found, where)
        facts = replace(risk, percentile=_number(found, "percentile", where), features=features, tests_failed=_failed(features),
                        unknown=tuple(str(u) for u in found.get("unknown") or ()))
        plan = decide(facts, policy, plan_id="p-trial", now=now)
        then = found.get("strategy")
        yield Tried(str(found.get("id") or i), None if nothing else facts.score, plan.strategy, plan.hold, plan.rules_fired,
                    then if isinstance(then, str) else None,
                    read(Expected, found.get("expect") or {}, error=PolicyError, where=f"{where}.expect"))


def _features(found: Mapping[str, Any], where: str) -> dict[str, float]:
    features = found.get("features") or {}
    if not isinstance(features, Mapping):
        raise PolicyError("not features", where=f"{where}.features", got=features, expected="an object of numbers")
    return {name: value for name in features if (value := _number(features, name, f"{where}.features")) is not None}


def _failed(features: Mapping[str, float]) -> float | None:
    known = [features[n] for n in ("tests_failed", "tests_errors") if n in features]
    return sum(known) if known else None


def _number(found: Mapping[str, Any], key: str, where: str) -> float | None:
    value = found.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise PolicyError("not a number", where=f"{where}.{key}", got=value, expected="a number, or null where unknown")
    return float(value)
