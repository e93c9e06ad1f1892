"""The founding rule of the project, as one call: a score in, a release strategy out."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real

from riskml.errors import PolicyError
from riskml.plan import whole
from riskml.policy.facts import facts_of_score
from riskml.policy.policy import default_policy


def optimize_release_plan(risk: Mapping[str, object]) -> dict[str, object]:
    """Return the default policy's answer to a score: canary above 0.7, blue-green above 0.4, rolling otherwise.

    ``initial_traffic`` is in percent; ``stage`` is the number of stages, a preview and the switch. A score that is missing, no
    number, or outside [0, 1] is a ``PolicyError``.

    >>> optimize_release_plan({"score": 0.82})
    {'strategy': 'canary', 'initial_traffic': 1}
    >>> optimize_release_plan({"score": 0.7}), optimize_release_plan({"score": 0.4})
    ({'strategy': 'blue-green', 'stage': 2}, {'strategy': 'rolling'})
    """
    if not isinstance(risk, Mapping) or "score" not in risk:
        raise PolicyError("no score", where="score", got=risk, expected="a mapping with score, a number from 0 to 1")
    score = risk["score"]
    if isinstance(score, bool) or not isinstance(score, Real) or not 0 <= float(score) <= 1:  # NaN is in no range
        raise PolicyError("not a score", where="score", got=score, expected="a number from 0 to 1")
    rule, _ = default_policy().rule_for(facts_of_score(float(score)))
    plan: dict[str, object] = {"strategy": rule.strategy}
    if rule.initial_bp is not None:
        plan["initial_traffic"] = whole(rule.initial_bp / 100)
    if rule.stage is not None:
        plan["stage"] = rule.stage
    return plan
