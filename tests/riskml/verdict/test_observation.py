"""Observations are counted once, or refused."""

from __future__ import annotations

import pytest

from riskml.errors import UsageError
from riskml.verdict import Observation, read_observations
from riskml.verdict.observation import windows


def seen(start_s: int = 0, window_s: int = 60, **more: object) -> Observation:
    """Make an observation of the canary."""
    return Observation("s1", "error_rate", "canary", start_s, window_s, **{"total": 10, "bad": 1, **more})


def test_the_same_observation_twice_counts_once():
    """A client that sends again after a time-out does no harm."""
    (row,) = windows([seen(), seen()]).values()
    assert len(row) == 1


def test_contradicting_observations_are_refused():
    """Two different counts for one window of one arm are an error."""
    with pytest.raises(UsageError, match="two different observations"):
        windows([seen(), seen(bad=2)])


def test_overlapping_windows_are_refused():
    """Windows that overlap would count requests twice."""
    with pytest.raises(UsageError, match="overlap"):
        windows([seen(), seen(start_s=30)])


@pytest.mark.parametrize("wrong", [{"bad": 11}, {"total": -1}, {"value": float("nan")}, {"total": None}])
def test_impossible_counts_are_refused(wrong):
    """More bad events than events, negative or not finite numbers, and bad events of nothing are errors."""
    with pytest.raises(UsageError):
        seen(**wrong)


def test_observations_are_read_from_json_with_the_path_of_a_mistake():
    """An unknown key or a wrong arm is named with its place in the list."""
    good = {"stage": "s1", "metric": "error_rate", "arm": "canary", "start_s": 0, "window_s": 60, "total": 10, "bad": 1}
    assert read_observations([good]) == [seen()]
    with pytest.raises(UsageError, match=r"observations\[1\].arm"):
        read_observations([good, {**good, "arm": "new"}])
    with pytest.raises(UsageError, match="bda"):
        read_observations([{**good, "bda": 1}])
    with pytest.raises(UsageError, match="not a list"):
        read_observations(good)
