"""Plans with a validation: tighter gates, the team's shares, never less care."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskml.context import ServiceContext
from riskml.errors import PolicyError
from riskml.plan import Audience, Plan, Stage
from riskml.policy.care import care_of
from riskml.policy.decide import decide
from riskml.policy.facts import facts_of_score
from riskml.policy.policy import default_policy
from riskml.policy.validated import with_validation
from riskml.validation import Criterion, Step, Validation

NOW = datetime(2026, 3, 2, tzinfo=UTC)
ERRORS, P95 = Criterion("error_rate", "<", 0.5, "percent"), Criterion("latency_p95", "<", 800.0, "milliseconds")
STEPS = (Step(100, 3600), Step(1000, 14_400), Step(10_000, 0))
CHECKOUT = Validation("new-checkout", "/api/checkout", (ERRORS, P95), steps=STEPS)


def plan_of(score: float, requests_per_minute: float | None = None) -> Plan:
    """Decide a score by the default policy: 1, 5, 25 and 50 % for an hour each where it is a canary."""
    context = ServiceContext(requests_per_minute=requests_per_minute)
    return decide(facts_of_score(score, context), default_policy(), plan_id="p-1", now=NOW)


def steps(*pairs: tuple[int, int]) -> Validation:
    """Write a ladder of basis points and seconds, ended by everybody."""
    return replace(CHECKOUT, steps=(*(Step(*pair) for pair in pairs), Step(10_000, 0)))


def test_a_canary_gets_the_written_shares_and_limits() -> None:
    """1 % for an hour, 10 % for four, then all; every partial stage waits for every gate."""
    plan = with_validation(plan_of(0.9), CHECKOUT)

    assert [(s.name, s.traffic_bp, s.min_duration_s) for s in plan.stages] == [
        ("p1", 100, 3600), ("p10", 1000, 14_400), ("all", 10_000, 0)]
    assert {(g.metric, g.op, g.value) for g in plan.gates} == {
        ("error_rate", "<", 0.5), ("latency_p95", "<", 800.0), ("latency_p99", "<", 1000.0)}
    assert all(set(s.gates) == {g.id for g in plan.gates} for s in plan.stages[:-1])
    assert any("new-checkout" in note for note in plan.notes)


def test_a_tightened_gate_keeps_its_other_words() -> None:
    """The ratio to the baseline, the window and what is undone stay."""
    before = {g.metric: g for g in plan_of(0.9).gates}["error_rate"]
    after = {g.metric: g for g in with_validation(plan_of(0.9), CHECKOUT).gates}["error_rate"]

    assert after == replace(before, value=0.5)


@pytest.mark.parametrize("limit", [Criterion("error_rate", "<", 6.0, "percent"), Criterion("error_rate", "<=", 5.0, "percent"),
                                   Criterion("latency_p99", "<", 1001.0, "milliseconds")])
def test_a_looser_limit_is_refused(limit: Criterion) -> None:
    """The policy's gate is the loosest there is; the message says it."""
    with pytest.raises(PolicyError, match="looser than the policy's gate") as refused:
        with_validation(plan_of(0.9), replace(CHECKOUT, criteria=(limit,)))

    assert refused.value.where == f"criteria.{limit.metric}"
    assert "or stricter" in str(refused.value.expected)


@pytest.mark.parametrize(("validation", "what", "where"), [
    (steps((200, 36_000)), "a wider first share", "stages[0].traffic"),
    (steps((100, 3600)), "everybody sooner", "stages"),
    (steps((100, 60), (9900, 36_000)), "more users meet the new version", "stages"),
    (steps(), "everybody at once", "stages[0].traffic"),
])
def test_a_less_careful_ladder_is_refused(validation: Validation, what: str, where: str) -> None:
    """Wider, faster or more exposed than the policy's; the message spells the policy's ladder."""
    with pytest.raises(PolicyError, match=what) as refused:
        with_validation(plan_of(0.9), validation)

    assert refused.value.where == where
    assert "1 % for 1h, 5 % for 1h, 25 % for 1h, 50 % for 1h, 100 %" in str(refused.value.expected)


PAIRS = st.tuples(st.integers(1, 9_999), st.integers(1, 600).map(lambda minutes: minutes * 60))


@given(st.lists(PAIRS, max_size=5, unique_by=lambda pair: pair[0]), st.sampled_from([None, 600.0, 60_000.0]))
def test_no_ladder_makes_a_plan_less_careful(pairs: list[tuple[int, int]], rate: float | None) -> None:
    """Whatever is written: it is refused, or as careful as the policy's, with every partial stage judged."""
    before = plan_of(0.9, rate)
    try:
        after = with_validation(before, steps(*sorted(pairs)))
    except PolicyError:
        return
    assert care_of(after).at_least(care_of(before))
    assert all(s.gates for s in after.stages[:-1])


@pytest.mark.parametrize(("score", "strategy", "said"), [
    (0.5, "blue-green", "has none"), (0.2, "rolling", "run the load test"),
])
def test_a_way_without_shares_keeps_its_stages(score: float, strategy: str, said: str) -> None:
    """The limits apply, the ladder does not, and a note says so."""
    before = plan_of(score)
    after = with_validation(before, CHECKOUT)

    assert after.strategy == strategy
    assert [(s.name, s.traffic_bp, s.min_duration_s) for s in after.stages] == [
        (s.name, s.traffic_bp, s.min_duration_s) for s in before.stages]
    assert any(said in note for note in after.notes)


def test_approvals_stay_where_their_share_is_passed() -> None:
    """A person who is asked before 5 % is asked before 10 %, and a held release stays held."""
    plan = plan_of(0.9)
    asked = tuple(replace(s, approval="manual") if s.traffic_bp in (100, 500) else s for s in plan.stages)
    after = with_validation(replace(plan, stages=asked, hold=("frozen",)), CHECKOUT)

    assert [s.approval for s in after.stages] == ["manual", "manual", "automatic"]
    assert after.hold == ("frozen",)


@pytest.mark.parametrize("rest", [1, None])
def test_stages_for_an_audience_stay_ahead(rest: int | None) -> None:
    """Staff first, as the policy says; then the written shares, also where the policy has none of its own."""
    plan = plan_of(0.9)
    staff = Stage("staff", 50, 3600, audience=Audience("staff"), gates=("err",))
    stages = (staff, *plan.stages) if rest else (staff, plan.stages[-1])
    after = with_validation(replace(plan, stages=stages, initial_traffic_bp=50), CHECKOUT)

    assert [s.name for s in after.stages] == ["staff", "p1", "p10", "all"]
    assert [s.audience for s in after.stages[1:]] == [None] * 3
    assert after.stages[0].gates == ("err", "p95")


def test_an_audience_between_shares_keeps_its_plan() -> None:
    """Where shares and audiences alternate, a ladder cannot replace one without the other."""
    plan = plan_of(0.9)
    beta = Stage("beta", 5000, 3600, audience=Audience("beta"), gates=("err",))
    with pytest.raises(PolicyError, match="between its shares"):
        with_validation(replace(plan, stages=(plan.stages[0], beta, *plan.stages[1:])), CHECKOUT)


def test_a_stage_too_short_for_its_verdict_is_told() -> None:
    """100 requests a minute bring 60 in an hour of 1 %; the sample is asked for all the same."""
    plan = plan_of(0.9)
    known = tuple(replace(s, expected_requests=s.traffic_bp * 36 // 60) if s.gates else s for s in plan.stages)
    after = with_validation(replace(plan, stages=known), CHECKOUT)

    assert [s.expected_requests for s in after.stages] == [60, 2400, None]
    assert any("stage p1 brings about 60 requests in 1h" in note for note in after.notes)
