"""How a change stands in the stream of changes."""

from __future__ import annotations

from math import isnan

from riskml.change import Change, Commit
from riskml.features.catalogue import extract
from riskml.features.feature import Evidence

DAY = 86_400


def test_a_change_is_open_from_its_first_to_its_last_commit() -> None:
    """From when the oldest was written to when the newest was committed, whatever their order."""
    change = Change((), (Commit("1", authored_at=5 * DAY, committed_at=6 * DAY), Commit("2", authored_at=4 * DAY,
    committed_at=5 * DAY)))
    found = extract(Evidence(change))

    assert (found["commits"], found["days_open"]) == (2, 2)


def test_a_clock_that_ran_back_gives_no_negative_age() -> None:
    """Committed before it was written is taken for at once."""
    assert extract(Evidence(Change((), (Commit("1", authored_at=9, committed_at=5),))))["days_open"] == 0


def test_changes_in_flight_are_those_that_somebody_counted() -> None:
    """Nobody asked is unknown, none is none."""
    assert extract(Evidence(Change(()), in_flight=3))["in_flight"] == 3
    assert extract(Evidence(Change(()), in_flight=0))["in_flight"] == 0
    assert isnan(extract(Evidence(Change(())))["in_flight"])
