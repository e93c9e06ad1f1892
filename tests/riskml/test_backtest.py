"""The backtest: what a policy would have done, and what flagging at a threshold costs."""

from __future__ import annotations

import itertools
from math import isnan, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskml.backtest import WEEK_S, Case, Costs, caught_at, cheapest, replay, thresholds
from riskml.errors import UsageError
from riskml.policy.policy import default_policy, read_policy

CASES = [
    Case("a", 0, 0.9, True),
    Case("b", WEEK_S, 0.8, False),
    Case("c", WEEK_S, 0.5, True),
    Case("d", 2 * WEEK_S, 0.1, False),
    Case("e", 2 * WEEK_S, 0.2, True),
    Case("f", 2 * WEEK_S, 0.95, None),
]


def test_a_policy_is_replayed_strategy_by_strategy() -> None:
    """Each strategy's changes are counted by what became of them; unknown outcomes stay out of the rates."""
    found = replay(CASES, default_policy())

    assert [(s.strategy, s.changes, s.harmful, s.harmless) for s in found.shares] == [
        ("rolling", 2, 1, 1),
        ("blue-green", 1, 1, 0),
        ("canary", 3, 1, 1),
    ]
    assert (found.changes, found.unknown, found.weeks) == (6, 1, 2.0)
    assert found.caught == pytest.approx(2 / 3)
    assert found.precision == pytest.approx(2 / 3)
    assert found.false_alarms_per_week == 0.5
    assert found.delay_hours_per_week == pytest.approx((3 * 4 + 300 / 3600) / 2)


def test_a_percentile_looks_back_only() -> None:
    """A change stands among those before it, so the same change early and late may fall under different rules."""
    policy = read_policy(
        {"version": 1, "rules": [{"when": {"percentile": "> 90"}, "strategy": "canary"}, {"strategy": "rolling"}]}
    )
    rising = [Case(f"{i:04}", i, i / 1000, None) for i in range(100)]

    found = replay(rising, policy)

    assert {s.strategy: s.changes for s in found.shares} == {"rolling": 50, "canary": 50}


def test_failed_tests_are_held_in_the_replay_too() -> None:
    """Guardrails count as they would have."""
    assert replay([Case("a", 0, 0.1, None, {"tests_failed": 1.0})], default_policy()).held == 1


def test_nothing_to_replay_is_refused() -> None:
    """No change, no rate."""
    with pytest.raises(UsageError, match="nothing to replay"):
        replay([], default_policy())


def test_thresholds_weigh_misses_against_alarms_and_delay() -> None:
    """From flagging all to flagging none, with the counts and the cost of each."""
    rows = thresholds(CASES, Costs(missed=10, false_alarm=1, hour=0, hours_per_flag=0), steps=10)

    first, last = rows[0], rows[-1]
    assert (first.flagged, first.caught, first.false_alarms_per_week) == (1, 1, 1)
    assert (last.flagged, last.caught, last.cost_per_week) == (0, 0, 15)
    assert isnan(last.precision)
    best = cheapest(rows)
    assert (best.above, best.caught, best.cost_per_week) == (0.1, 1.0, 0.5)


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_a_higher_threshold_never_flags_or_catches_more(values: list[tuple[float, bool]]) -> None:
    """Rows fall from all to none."""
    rows = thresholds([Case(str(i), i, p, h) for i, (p, h) in enumerate(values)])

    assert all(a.flagged >= b.flagged for a, b in itertools.pairwise(rows))
    assert all(isnan(a.caught) or a.caught >= b.caught for a, b in itertools.pairwise(rows))


@given(st.lists(st.tuples(st.sampled_from([0.1, 0.5, 0.9]), st.booleans()), min_size=1, max_size=40), st.floats(0.01, 1))
def test_ties_count_as_if_drawn_at_random(values: list[tuple[float, bool]], part: float) -> None:
    """The order of equal changes cannot matter, and all of them catch all."""
    cases = [Case(f"{i:03}", 0, p, h) for i, (p, h) in enumerate(values)]
    turned = [Case(f"{i:03}", 0, p, h) for i, (p, h) in enumerate(reversed(values))]
    caught = caught_at(cases, part)

    assert (isnan(caught) and not any(h for _, h in values)) or caught == pytest.approx(caught_at(turned, part))
    assert isnan(caught) or caught_at(cases, 1) == pytest.approx(1)


def test_lines_added_are_the_baseline_and_unknown_ones_come_last() -> None:
    """The same question by a feature; a change of unknown size is flagged after all others."""
    cases = [Case("a", 0, 0.1, True, {"la": nan}), Case("b", 0, 0.2, False, {"la": 9.0}), Case("c", 0, 0.9, True, {"la": 99.0})]

    assert caught_at(cases, 1 / 3, by="la") == 0.5
    assert caught_at(cases, 2 / 3, by="la") == 0.5


@pytest.mark.parametrize("part", [0, -1, 1.1, nan])
def test_a_part_of_nothing_is_refused(part: float) -> None:
    """A share of the changes lies in (0, 1]."""
    with pytest.raises(UsageError, match="not a part"):
        caught_at(CASES, part)


def test_a_cost_that_is_none_is_refused() -> None:
    """Negative and unknown costs are named."""
    with pytest.raises(UsageError, match=r"costs\.hour"):
        Costs(hour=nan)
