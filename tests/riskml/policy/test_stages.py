"""Stages: ladders, lengths, samples, and the ramp that costs least."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskml.context import ServiceContext
from riskml.policy.decide import decide
from riskml.policy.facts import facts_of_score
from riskml.policy.file import RampCost, Timing
from riskml.policy.policy import read_policy
from riskml.policy.ramp import cheapest_ladder
from riskml.policy.sample import Sample, fixed_sample, needed_requests
from riskml.policy.stages import Traffic

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
FULL = (100, 500, 2500, 5000)


@pytest.mark.parametrize(
    ("baseline", "degraded", "share", "size"),
    [
        (0.001, 0.005, 0.01, 794),
        (0.005, 0.01, 0.01, 1618),
        (0.005, 0.01, 0.1, 1837),
        (0.005, 0.02, 0.01, 248),
        (0.01, 0.05, 0.01, 77),
    ],
)
def test_sample_sizes_of_the_two_proportion_test(baseline: float, degraded: float, share: float, size: int) -> None:
    """Sizes for alpha 0.05 one-sided and power 0.8, as tables of unequal arms give them."""
    assert round(fixed_sample(share, baseline, degraded, 0.05, 0.8)) == size


def test_a_sequential_test_is_given_more() -> None:
    """Looking every minute needs two and a half times the sample of one look; a policy may state its own."""
    assert needed_requests(100, Sample()) == 4046
    assert needed_requests(100, Sample(min_requests=500)) == 500


@given(st.floats(0.1, 1e6), st.integers(1, 4500))
def test_a_larger_share_never_takes_longer(rate: float, share: int) -> None:
    """Up to where both versions get about as much; the needed requests are whole, which is what may be left between two."""
    traffic = Traffic(rate, Sample(), Timing())
    larger = min(share + 50, 4500)
    rounding = 3 * 60 * 10_000 / (rate * larger)  # the time that three requests take to arrive

    assert traffic.length(share) >= traffic.length(larger) - rounding
    assert traffic.length(4500) <= traffic.length(5000) * 1.01


@given(st.floats(0.1, 1e6))
def test_the_smallest_share_can_be_judged_and_one_less_cannot(rate: float) -> None:
    """Below it the longest stage is too short; above 1 % it is a whole percent, which every target can express."""
    traffic = Traffic(rate, Sample(), Timing())
    smallest = traffic.smallest_share()

    if smallest is None:
        assert traffic.length(5000) > 86_400
    else:
        assert traffic.length(smallest) <= 86_400
        step = 100 if smallest > 100 else 1
        assert smallest <= step or traffic.length(smallest - step) > 86_400


def test_written_stages_keep_their_names_audiences_and_lengths() -> None:
    """A ladder of one's own is lengthened where the traffic needs it; a small audience is kept as written."""
    internal = {"traffic": 0, "audience": {"segment": "internal"}, "min_duration_s": 1800, "approval": "manual"}
    rule = {
        "strategy": "canary",
        "stages": [internal, {"traffic": 10, "name": "tenth", "min_duration_s": 60}, {"traffic": 100, "name": "done"}],
    }
    policy = read_policy({"version": 1, "rules": [rule]})

    plan = decide(facts_of_score(0.5, ServiceContext(requests_per_minute=600)), policy, plan_id="p-1", now=NOW)

    assert [(s.name, s.traffic_bp) for s in plan.stages] == [("internal", 0), ("tenth", 1000), ("done", 10_000)]
    assert plan.stages[0].approval == "manual"
    assert plan.stages[0].min_duration_s == 1800
    assert plan.stages[1].min_duration_s > 60
    assert plan.initial_traffic_bp == 1000


def test_without_known_traffic_written_lengths_stand() -> None:
    """Nothing is known that could lengthen them."""
    policy = read_policy({"version": 1, "rules": [{"strategy": "canary", "stages": [{"traffic": 10, "min_duration_s": 120}]}]})

    assert decide(facts_of_score(0.5), policy, plan_id="p-1", now=NOW).stages[0].min_duration_s == 120


def test_a_dark_launch_mirrors_and_reaches_nobody() -> None:
    """The one stage copies traffic and shows nothing to users."""
    policy = read_policy({"version": 1, "rules": [{"strategy": "dark-launch", "initial_traffic": 5}]})

    plan = decide(facts_of_score(0.5), policy, plan_id="p-1", now=NOW)

    assert [(s.traffic_bp, s.mirror_bp) for s in plan.stages] == [(0, 500)]
    assert plan.initial_traffic_bp == 0


@given(st.floats(0, 1), st.floats(0, 1), st.sampled_from([None, 50.0, 1000.0, 50_000.0]), st.floats(0, 0.5))
def test_a_higher_score_never_gets_a_shorter_ladder(one: float, other: float, rate: float | None, delay: float) -> None:
    """The optimised ramp is monotone in the score, whatever delay costs."""
    traffic, cost = Traffic(rate, Sample(), Timing()), RampCost(delay)
    low, high = (cheapest_ladder(FULL, s, traffic, cost) for s in sorted((one, other)))

    assert sum(map(traffic.length, high)) >= sum(map(traffic.length, low))


def test_the_ramp_weighs_harm_against_delay() -> None:
    """Where delay costs nothing the whole ladder is taken, where it costs all only the first share, in between something."""
    traffic = Traffic(1000.0, Sample(), Timing())
    taken = [len(cheapest_ladder(FULL, 0.8, traffic, RampCost(d))) for d in (0.0, 0.02, 0.2, 100.0)]

    assert taken[0] == 4
    assert taken[-1] == 1
    assert taken == sorted(taken, reverse=True)
