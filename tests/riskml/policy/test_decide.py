"""From facts to a plan: rules, guardrails, freezes, overrides, eligibility."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from riskml.context import ServiceContext
from riskml.errors import PolicyError
from riskml.plan import Plan, Subject
from riskml.policy.decide import decide
from riskml.policy.facts import Facts, facts_of_score
from riskml.policy.file import Override
from riskml.policy.policy import Policy, default_policy, read_policy
from riskml.policy.risk import risk_score

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday
SUBJECT = Subject("shop", "abcdef1234567", change_id="!42")


def plan_of(score: float, policy: Policy | None = None, context: ServiceContext | None = None, **more: Any) -> Plan:
    """Decide on a bare score."""
    facts = facts_of_score(score, context or ServiceContext())
    return decide(facts, policy or default_policy(), plan_id="p-1", now=NOW, subject=SUBJECT, **more)


def policy_with(**keys: object) -> Policy:
    """Return the founding rules with more keys."""
    rules = [
        {"when": {"score": "> 0.7"}, "strategy": "canary", "initial_traffic": 1},
        {"when": {"score": "> 0.4"}, "strategy": "blue-green"},
        {"strategy": "rolling"},
    ]
    return read_policy({"version": 1, "rules": rules, **keys})


def shares(plan: Plan) -> list[float]:
    """Return the plan's shares in percent."""
    return [s.traffic_bp / 100 for s in plan.stages]


def test_each_band_has_its_strategy_and_says_which_rule_fired() -> None:
    """Canary from 1 %, blue-green in two stages, rolling."""
    high, medium, low = plan_of(0.8), plan_of(0.5), plan_of(0.2)

    assert (high.strategy, high.initial_traffic_bp, high.rules_fired) == ("canary", 100, ("score > 0.7",))
    assert shares(high) == [1, 5, 25, 50, 100]
    assert (medium.strategy, [s.name for s in medium.stages], shares(medium)) == ("blue-green", ["preview", "switch"], [0, 100])
    assert (low.strategy, low.rules_fired) == ("rolling", ("otherwise",))


def test_limits_become_rules_and_gates() -> None:
    """The policy's limits undo a release and gate its stages; errors are also compared to the old version's."""
    plan = plan_of(0.8)

    assert [(r.metric, r.op, r.value, r.unit) for r in plan.rollback.rules] == [
        ("error_rate", ">", 5, "percent"),
        ("latency_p99", ">", 1000, "milliseconds"),
    ]
    assert [(g.id, g.max_ratio_to_baseline) for g in plan.gates] == [("err", 2), ("p99", None)]
    assert plan.stages[0].gates == ("err", "p99")


def test_the_risk_shows_its_arithmetic() -> None:
    """The four factors stand in the plan and give its score."""
    context = ServiceContext(impact=0.8, detection_capability=0.5)
    facts = Facts(probability=0.5, score=risk_score(0.5, context), context=context, lower=0.4, upper=0.7)

    risk = decide(facts, default_policy(), plan_id="p-1", now=NOW).risk

    assert risk.factors is not None
    assert risk.score == pytest.approx(0.8 * 0.5 / 0.5)
    assert (risk.lower, risk.upper) == (pytest.approx(0.64), 1.0)


def test_failed_tests_hold_a_release_of_any_score() -> None:
    """A guardrail does not ask for the score; the first stage waits for a person."""
    facts = Facts(probability=0.1, score=0.1, tests_failed=2.0)

    plan = decide(facts, default_policy(), plan_id="p-1", now=NOW)

    assert plan.hold == ("tests failed",)
    assert plan.stages[0].approval == "manual"
    assert plan.rules_fired == ("otherwise", "guardrail: tests_failed > 0")


def test_unknown_tests_hold_nothing() -> None:
    """No report is not a failure."""
    assert plan_of(0.1).hold == ()


def test_a_warning_guardrail_only_tells() -> None:
    """An action of ``warn`` goes to the notes."""
    policy = policy_with(guardrails=[{"when": {"score": "> 0.1"}, "reason": "look twice", "action": "warn"}])

    plan = plan_of(0.2, policy)

    assert (plan.hold, plan.notes) == ((), ("warning: look twice",))


def test_a_freeze_holds_what_is_not_harmless() -> None:
    """In a window nothing starts on its own, except below the score that the window allows."""
    window = {"reason": "holidays", "starts": "2026-11-01T00:00:00Z", "ends": "2026-12-01T00:00:00Z", "allow_below": 0.2}
    policy = policy_with(freeze=[window])

    assert plan_of(0.3, policy).hold == ("frozen until 2026-12-01T00:00:00Z: holidays",)
    assert plan_of(0.1, policy).hold == ()
    assert "freeze passed: score < 0.2" in plan_of(0.1, policy).rules_fired


def test_an_override_needs_this_change_and_a_future() -> None:
    """One for another change, or one that is over, is refused in words."""
    later, earlier = NOW + timedelta(days=1), NOW - timedelta(seconds=1)

    with pytest.raises(PolicyError, match="an override for another change"):
        plan_of(0.8, override=Override("!43", "trust me", later, "rolling"))
    with pytest.raises(PolicyError, match="the override is over"):
        plan_of(0.8, override=Override("!42", "trust me", earlier, "rolling"))
    with pytest.raises(PolicyError, match="another change"):
        plan_of(0.8, override=Override("abcd", "too short for a commit", later, "rolling"))


def test_an_override_replaces_the_strategy_and_is_told() -> None:
    """The plan names the reason."""
    plan = plan_of(0.8, override=Override("abcdef1", "rehearsed twice", NOW + timedelta(days=1), "rolling"))

    assert plan.strategy == "rolling"
    assert plan.rules_fired == ("score > 0.7", "override: rehearsed twice")


def test_an_override_lifts_a_hold_and_says_what_it_lifted() -> None:
    """The reasons of the hold stay visible."""
    facts = Facts(probability=0.1, score=0.1, tests_failed=1.0)
    lift = Override("!42", "known flake", NOW + timedelta(hours=1), lift_hold=True)

    plan = decide(facts, default_policy(), plan_id="p-1", now=NOW, subject=SUBJECT, override=lift)

    assert plan.hold == ()
    assert plan.stages[0].approval == "automatic"
    assert "held, and lifted by an override: tests failed" in plan.notes


def test_a_written_override_ends_by_itself() -> None:
    """An override in the policy works while it lasts; after that the plan says that it ended."""

    def written(expires: str) -> Policy:
        return policy_with(overrides=[{"change": "!42", "reason": "rehearsed", "expires": expires, "strategy": "rolling"}])

    assert plan_of(0.8, written("2026-11-24T00:00:00Z")).strategy == "rolling"
    ended = plan_of(0.8, written("2026-11-22T00:00:00Z"))
    assert ended.strategy == "canary"
    assert "ended at 2026-11-22" in ended.notes[0]


@pytest.mark.parametrize(
    ("score", "context", "strategy", "asked", "check"),
    [
        (0.8, ServiceContext(mesh=False), "feature-flag", False, "mesh"),
        (0.8, ServiceContext(mesh=False, flags=False), "blue-green", True, "mesh"),
        (0.8, ServiceContext(mesh=False, flags=False, stateful=True), "rolling", True, "mesh"),
        (0.5, ServiceContext(stateful=True), "canary", False, "stateful"),
        (0.8, ServiceContext(requests_per_minute=2), "blue-green", True, "traffic"),
        (0.2, ServiceContext(mesh=False, flags=False, stateful=True, requests_per_minute=0), "rolling", False, None),
    ],
)
def test_what_is_impossible_is_replaced_and_said(
    score: float, context: ServiceContext, strategy: str, asked: bool, check: str | None
) -> None:
    """The next more careful way is taken; where none is possible, a less careful one that a person must approve."""
    plan = plan_of(score, context=context)

    assert plan.strategy == strategy
    assert (plan.stages[0].approval == "manual") is asked
    assert (f"not eligible: {check}" in plan.rules_fired) is (check is not None)


@pytest.mark.parametrize("score", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("flags", [True, False])
def test_a_destructive_migration_is_held_with_advice(score: float, flags: bool) -> None:
    """No share of users meets a version that the other's data breaks; the plan says to expand first."""
    facts = Facts(probability=score, score=score, context=ServiceContext(flags=flags), destructive_migration=True)

    plan = decide(facts, default_policy(), plan_id="p-1", now=NOW)

    assert plan.strategy in (("blue-green", "feature-flag") if flags else ("blue-green",))
    assert "expand first" in plan.hold[0]


def test_a_check_that_is_switched_off_rules_nothing_out() -> None:
    """The policy may say that it knows better."""
    plan = plan_of(0.8, policy_with(eligibility={"traffic": False}), ServiceContext(requests_per_minute=2))

    assert plan.strategy == "canary"
    assert plan.stages[0].min_duration_s == 86_400


def test_little_traffic_lengthens_first_and_then_widens() -> None:
    """1200 requests a minute bring 1 % its sample in hours; 20 never do within a day, so the ramp starts wider and says so."""
    much, little = (plan_of(0.8, context=ServiceContext(requests_per_minute=r)) for r in (1200, 20))

    assert shares(much)[0] == 1
    assert much.stages[0].min_duration_s > 5 * 3600
    assert shares(little) == [18, 25, 50, 100]
    assert any("the ramp starts at 18 %" in n for n in little.notes)


def test_unknown_traffic_is_said() -> None:
    """Default lengths are not passed off as computed ones."""
    plan = plan_of(0.8)

    assert plan.stages[0].expected_requests is None
    assert plan.stages[0].min_duration_s == 3600
    assert "requests per minute are unknown" in plan.notes[0]


def test_a_rule_about_something_unknown_is_told() -> None:
    """The plan says which rule could not be judged."""
    policy = read_policy(
        {"version": 1, "rules": [{"when": {"percentile": "> 95"}, "strategy": "canary"}, {"strategy": "rolling"}]}
    )

    assert plan_of(0.8, policy).notes == ("a rule could not be judged, because what it asks is unknown: percentile > 95",)


def test_own_gates_replace_the_default_ones() -> None:
    """A policy may gate on metrics of its own."""
    gate = {
        "id": "orders",
        "metric": "failed_orders",
        "op": "<",
        "value": 1,
        "unit": "percent",
        "bad_query": "b",
        "total_query": "t",
    }

    plan = plan_of(0.8, policy_with(gates=[gate]))

    assert [g.id for g in plan.gates] == ["orders"]
    assert plan.stages[0].gates == ("orders",)


def test_text_of_a_change_cannot_break_the_plan() -> None:
    """A reason that carries bytes of a foreign path still has a digest and a JSON form."""
    from riskml.assessment import Reason

    facts = Facts(probability=0.8, score=0.8, reasons=(Reason("la", 1.0, "lines", None, 0.5, "caf\udce9.py adds 1 line"),))

    plan = decide(facts, default_policy(), plan_id="p-1", now=NOW)

    assert plan.risk.reasons[0].text == "caf\\xe9.py adds 1 line"
    assert len(plan.digest) == 64
