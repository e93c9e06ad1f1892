"""A wrong share of traffic is found, and a right one is left alone at every look."""

from __future__ import annotations

import random

import pytest

from riskml.verdict import Observation
from riskml.verdict.observation import windows
from riskml.verdict.sample_ratio import mismatch


def split(share: float, minutes: int = 60, requests: int = 3_000, seed: int = 1):
    """Draw windows of both arms."""
    rng = random.Random(seed)
    made = []
    for i in range(minutes):
        new = sum(rng.random() < share for _ in range(requests))
        for arm, total in (("canary", new), ("baseline", requests - new)):
            made.append(Observation("s", "m", arm, 60 * i, 60, total=total, bad=0))
    (row,) = windows(made).values()
    return row


def test_a_right_share_is_never_called_wrong():
    """Twenty releases at exactly the asked share, looked at after every minute, raise no alarm."""
    for seed in range(20):
        row = split(0.05, minutes=20, requests=500, seed=seed)
        assert not any(mismatch(row[: i + 1], 500) for i in range(len(row)))


@pytest.mark.parametrize("share", [0.0166, 0.005])
def test_a_wrong_share_is_found(share):
    """Two thirds too much (what HAProxy's random balancing gives), or half of what was asked, is found within the hour."""
    assert "not 1 %" in mismatch(split(share), 100)


@pytest.mark.parametrize("asked_bp", [0, 10_000])
def test_there_is_nothing_to_check_without_two_arms(asked_bp):
    """At 0 and 100 % one arm is empty by intention."""
    assert mismatch(split(0.5, minutes=1), asked_bp) is None
    assert mismatch([], 100) is None
