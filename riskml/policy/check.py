"""What is wrong with a policy that can be read: a higher score that would get a less careful plan.

A policy that passes never gives a faster, wider or less watched plan to a higher score, all else being equal: for one service,
``probability`` and ``percentile`` rise with the score, and features, tier and tests stay. The check looks at every pair of
rules that could win at two scores of one change; where conditions cannot be told apart it takes them as possible.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import inf

from riskml.context import ServiceContext
from riskml.policy.care import Care, care_of_stages
from riskml.policy.condition import Condition
from riskml.policy.facts import RISK_KEYS
from riskml.policy.policy import Guardrail, Policy, Rule
from riskml.policy.shape import Wanted, stages_of, waits, wanted_of
from riskml.policy.stages import traffic_of
from riskml.policy.strategies import WAYS

RATES = (None, 1.0, 10.0, 100.0, 1_000.0, 10_000.0, 1_000_000.0)  # requests a minute at which ladders are compared


def check(policy: Policy) -> tuple[str, ...]:
    """Return warnings, in the order of the rules; none when the policy is monotone.

    >>> from riskml.policy.policy import default_policy, read_policy
    >>> check(default_policy())
    ()
    >>> check(read_policy({"version": 1, "rules": [{"when": {"score": "> 0.8"}, "strategy": "full"}, {"strategy": "rolling"}]}))
    ('rules[0] (score > 0.8: full) is less careful than rules[1] (otherwise: rolling), which gets lower scores',)
    """
    return (*_less_careful(policy), *_shy_guardrails(policy))


def _less_careful(policy: Policy) -> Iterator[str]:
    for j, high in enumerate(policy.rules):
        for i, low in enumerate(policy.rules):
            if i != j and _both_can_win(high, j, low, i) and not _at_least(policy, high, low):
                yield (f"rules[{j}] ({high}: {high.strategy}) is less careful than rules[{i}] ({low}: {low.strategy}), "
                       "which gets lower scores")


def _shy_guardrails(policy: Policy) -> Iterator[str]:
    for i, guardrail in enumerate(policy.guardrails):
        if guardrail.action == "hold" and _ends(guardrail):
            yield f"guardrails[{i}] ({guardrail.reason}) holds low scores and lets higher ones pass"


def _both_can_win(high: Rule, j: int, low: Rule, i: int) -> bool:
    """Return whether ``low`` may win at some score and ``high`` at a larger one, for one change."""
    if any(_exclude(a, b) for a in low.when for b in high.when if a.key == b.key and a.key not in RISK_KEYS):
        return False
    for key in RISK_KEYS:
        if _span(high, key)[1] <= _span(low, key)[0]:
            return False  # wherever high matches, the value is no larger than where low does
    # The earlier rule wins wherever both match, so it must stop matching on the way up, or start on the way up.
    return _ends_before(low, high) if i < j else _begins_after(high, low)


def _ends_before(low: Rule, high: Rule) -> bool:
    """Return whether ``low`` may stop matching on the way up while ``high`` still does."""
    for c in low.when:
        if c.key in RISK_KEYS and (_odd(c) or (c.span[1], "<" not in _ops(low, c.key)) < (
                _span(high, c.key)[1], "<" not in _ops(high, c.key))):
            return True
    return False


def _begins_after(high: Rule, low: Rule) -> bool:
    """Return whether ``high`` may start matching on the way up after ``low`` did."""
    for c in high.when:
        if c.key in RISK_KEYS and (_odd(c) or (c.span[0], ">" in _ops(high, c.key)) > (
                _span(low, c.key)[0], ">" in _ops(low, c.key))):
            return True
    return False


def _ends(guardrail: Guardrail) -> bool:
    return any(c.key in RISK_KEYS and (c.span[1] < inf or _odd(c)) for c in guardrail.when)


def _ops(rule: Rule, key: str) -> set[str]:
    return {op for c in rule.when if c.key == key for op, _ in c.comparisons}


def _odd(condition: Condition) -> bool:
    return any(op == "!=" for op, _ in condition.comparisons)


def _span(rule: Rule, key: str) -> tuple[float, float]:
    spans = [c.span for c in rule.when if c.key == key]
    return max((s[0] for s in spans), default=-inf), min((s[1] for s in spans), default=inf)


def _exclude(one: Condition, other: Condition) -> bool:
    """Return whether two conditions on one key can never both hold."""
    if one.key == "unknown":
        return False
    if one.known is not None or other.known is not None:
        unknown_here, unknown_there = one.known is False, other.known is False
        return unknown_here != unknown_there
    low, high = max(one.span[0], other.span[0]), min(one.span[1], other.span[1])
    if low != high:
        return low > high
    return not all(_allows(c, low) for c in (one, other))


def _allows(condition: Condition, value: float) -> bool:
    return not any((op in (">", "<", "!=")) and limit == value for op, limit in condition.comparisons)


def _at_least(policy: Policy, high: Rule, low: Rule) -> bool:
    """Return whether the rule for higher scores is as careful as the other at every reference traffic."""
    if WAYS[high.strategy].caution < WAYS[low.strategy].caution:
        return False
    at_high = max(0.0, min(1.0, _span(high, "score")[0]))  # its shortest ladder, if it optimises
    at_low = max(0.0, min(1.0, _span(low, "score")[1]))
    return all(_care(policy, high, at_high, rate).at_least(_care(policy, low, at_low, rate)) for rate in RATES)


def _care(policy: Policy, rule: Rule, score: float, rate: float | None) -> Care:
    wanted: Wanted = wanted_of(rule)
    traffic = traffic_of(policy.text, ServiceContext(requests_per_minute=rate).requests_per_minute)
    stages = stages_of(wanted, score, policy, traffic, ("gate",))
    return care_of_stages(waits(stages) if rule.approval == "manual" else stages)
