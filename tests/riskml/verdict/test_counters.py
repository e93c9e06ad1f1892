"""Counts from readings of counters: nothing is lost but what was never read, and nothing is made up."""

from __future__ import annotations

from math import nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskml.verdict.counters import increase, paired, total

growth = st.lists(st.integers(0, 1000), min_size=1, max_size=30)


@given(growth, st.sets(st.integers(1, 29)), st.integers(0, 5000))
def test_gaps_move_counts_to_a_later_window_and_lose_none(grown: list[int], away: set[int], start: int) -> None:
    """A counter that cannot be read for a while is counted when it can be again."""
    values = [start]
    for g in grown:
        values.append(values[-1] + g)
    last = len(grown)
    readings = {edge: float(v) for edge, v in enumerate(values) if edge not in away or edge in (0, last)}
    assert sum(increase(readings, 0, last)) == sum(grown)


@given(growth, st.integers(1, 29))
def test_a_restart_counts_from_nought(grown: list[int], at: int) -> None:
    """What a process counted before its end and after its last reading is lost; nothing else is, and nothing is negative."""
    readings: dict[int, float] = {0: 10_000.0}
    value = 10_000.0
    for edge, g in enumerate(grown, 1):
        value = float(g) if edge == at else value + g
        readings[edge] = value
    found = increase(readings, 0, len(grown))
    assert all(f >= 0 for f in found)
    assert sum(found) == sum(grown)


def test_an_edge_without_any_series_is_unknown() -> None:
    """Not 0: a canary that is gone is not one without errors."""
    assert total([{0: 1.0, 1: 2.0}], 0, 2) == [1.0, None]
    assert total([], 0, 2) == [None, None]
    assert total([{0: 1.0, 1: nan}], 0, 1) == [None]


@pytest.mark.parametrize(("bad", "of", "pair"), [(None, 5.0, (0, 5.0)), (2.0, None, None), (6.0, 5.0, (5.0, 5.0))])
def test_bad_events_stand_beside_all_events(bad: float | None, of: float | None, pair: object) -> None:
    """No series of errors means no errors where there are requests; never more bad ones than there are."""
    assert paired([bad], [of]) == [pair]
