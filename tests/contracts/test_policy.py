"""What every policy that passes its check promises: a higher score never gets a faster, wider or less watched release."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from riskml import document
from riskml.context import ServiceContext
from riskml.plan import from_json, to_json
from riskml.policy.care import care_of
from riskml.policy.check import check
from riskml.policy.decide import decide
from riskml.policy.facts import Facts
from riskml.policy.file import PolicyText
from riskml.policy.policy import Policy, default_policy, read_policy

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
SHARES = ("canary", "feature-flag")

unit = st.floats(0, 1).map(lambda x: round(x, 3))
shares = st.sampled_from([0.1, 1, 2, 5, 10, 20, 30, 60])
contexts = st.builds(
    ServiceContext,
    requests_per_minute=st.sampled_from([None, 0.0, 2.0, 30.0, 900.0, 40_000.0]),
    tier=st.sampled_from([None, 1, 3]),
    stateful=st.booleans(),
    flags=st.booleans(),
    mesh=st.booleans(),
)
risk_conditions = st.one_of(
    unit.map(lambda x: ("score", f"> {x}")),
    unit.map(lambda x: ("score", f"< {x}")),
    unit.map(lambda x: ("probability", f">= {x}")),
    st.integers(0, 100).map(lambda x: ("percentile", f"> {x}")),
    st.tuples(unit, unit).map(lambda x: ("score", f"> {min(x)}, <= {max(x)}")),
)
other_conditions = st.one_of(
    st.sampled_from([1, 3]).map(lambda x: ("tier", x)),
    st.sampled_from(["unknown", "known"]).map(lambda x: ("tier", x)),
    st.booleans().map(lambda x: ("tests_failed", x)),
    st.integers(0, 50).map(lambda x: ("la", f"> {x}")),
    st.just(("destructive_migration", True)),
)
whens = st.one_of(
    st.builds(
        lambda a, b: dict([*a, *b]), st.lists(risk_conditions, min_size=1, max_size=2), st.lists(other_conditions, max_size=1)
    ),
    other_conditions.map(lambda c: dict([c])),
)


@st.composite
def rules(draw: st.DrawFn, *, last: bool) -> dict[str, Any]:
    """One rule of any kind."""
    way = draw(st.sampled_from(["full", "rolling", "blue-green", "canary", "feature-flag", "dark-launch"]))
    rule: dict[str, Any] = {"strategy": way}
    if not last:
        rule["when"] = draw(whens)
    if way in SHARES:
        rule["initial_traffic"] = draw(shares)
        rule["ramp"] = draw(st.sampled_from(["standard", "optimise"]))
        if draw(st.booleans()):
            ladder = sorted(draw(st.lists(shares, min_size=1, max_size=3, unique=True)))
            rule["stages"] = [{"traffic": s, "min_duration_s": draw(st.sampled_from([60, 600, 7200]))} for s in ladder]
    if draw(st.integers(0, 4)) == 0:
        rule["approval"] = "manual"
    return rule


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any policy; about a third of them are monotone."""
    many = [draw(rules(last=False)) for _ in range(draw(st.integers(0, 3)))]
    value: dict[str, Any] = {
        "version": 1,
        "rules": [*many, draw(rules(last=True))],
        "ramp": draw(st.sampled_from(["standard", "optimise"])),
    }
    if draw(st.booleans()):
        value["guardrails"] = [{"when": draw(whens), "reason": "because", "action": draw(st.sampled_from(["hold", "warn"]))}]
    if draw(st.booleans()):
        value["freeze"] = [
            {"reason": "holidays", "starts": "2026-11-01T00:00:00Z", "ends": "2026-12-01T00:00:00Z", "allow_below": draw(unit)}
        ]
    if draw(st.booleans()):
        value["timing"] = {
            "min_stage_s": draw(st.sampled_from([60, 300, 600])),
            "max_stage_s": draw(st.sampled_from([3600, 86_400])),
        }
    return read_policy(value, features={"la"})


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Facts, Facts]:
    """One change at two scores, the second no smaller; all that is not risk stays."""
    low, high = sorted(draw(st.tuples(unit, unit)))
    failed = draw(st.sampled_from([None, 0.0, 2.0]))
    facts = Facts(
        probability=low,
        score=low,
        context=draw(contexts),
        features={"la": float(draw(st.integers(0, 60)))},
        tests_failed=failed,
        destructive_migration=draw(st.sampled_from([None, False, True])),
        percentile=draw(st.one_of(st.none(), st.floats(0, 100))),
    )
    percentile = None if facts.percentile is None else draw(st.floats(facts.percentile, 100))
    return facts, replace(facts, probability=high, score=high, percentile=percentile)


def _held_to_order(policy: Policy, low: Facts, high: Facts) -> None:
    first, second = (decide(f, policy, plan_id="p-1", now=NOW) for f in (low, high))
    assert care_of(second).at_least(care_of(first)), (care_of(first), care_of(second), first.rules_fired, second.rules_fired)
    assert len(second.hold) >= len(first.hold)


@given(pairs())
@settings(max_examples=150, deadline=None)
def test_the_default_policy_is_never_less_careful_with_a_higher_score(pair: tuple[Facts, Facts]) -> None:
    """Under the default policy a higher score is released no faster, no wider, and watched no less, on any service."""
    _held_to_order(default_policy(), *pair)


@given(policies(), pairs())
@settings(max_examples=500, deadline=None)
def test_a_policy_that_passes_its_check_is_never_less_careful_with_a_higher_score(
    policy: Policy, pair: tuple[Facts, Facts]
) -> None:
    """Whatever the rules, once ``check`` has no warning, a higher score gets no less careful a plan."""
    warned = bool(check(policy))
    event(f"warned: {warned}")
    assume(not warned)
    _held_to_order(policy, *pair)


@given(policies(), pairs())
@settings(max_examples=150, deadline=None)
def test_every_plan_validates_and_survives_json(policy: Policy, pair: tuple[Facts, Facts]) -> None:
    """Every policy gives every change a plan that contradicts nothing and reads back as it was written."""
    plan = decide(pair[1], policy, plan_id="p-1", now=NOW)
    assert from_json(to_json(plan)) == plan


@given(policies(), pairs())
@settings(max_examples=150, deadline=None)
def test_no_share_is_judged_on_less_than_its_sample(policy: Policy, pair: tuple[Facts, Facts]) -> None:
    """Where the traffic is known, each stage that shows a share of everyone expects at least the sample its verdict needs."""
    plan = decide(pair[1], policy, plan_id="p-1", now=NOW)
    judged = [s for s in plan.stages if s.expected_requests is not None]
    assert all(
        s.min_requests is not None and s.expected_requests is not None and s.expected_requests >= s.min_requests for s in judged
    )


@given(policies(), pairs())
@settings(max_examples=150, deadline=None)
def test_a_destructive_migration_never_gets_a_plain_canary(policy: Policy, pair: tuple[Facts, Facts]) -> None:
    """What takes data away is held, and never rolled out to a share beside the old version."""
    plan = decide(replace(pair[1], destructive_migration=True), policy, plan_id="p-1", now=NOW)
    assert plan.strategy not in ("canary", "rolling")
    assert plan.hold


def test_every_key_of_a_policy_is_documented() -> None:
    """The schema of a policy file names every key that the reader knows, at every depth."""
    schema = document.schema(PolicyText)
    assert {"rules", "guardrails", "eligibility", "freeze", "overrides", "mode", "ramp"} <= set(schema["properties"])
    assert schema["additionalProperties"] is False
