"""The words of a decision are true to its numbers."""

from __future__ import annotations

import pytest

from riskml.render.wording import frequency, headline, stage_length, stage_share


@pytest.mark.parametrize(("p", "words"), [
    (1.0, "more than 9 in 10"), (0.96, "more than 9 in 10"), (0.5, "5 in 10"), (0.25, "1 in 4"), (0.001, "1 in 1,000")])
def test_frequencies(p, words):
    """A probability becomes the nearest frequency, and never certainty."""
    assert frequency(p) == words


@pytest.mark.parametrize(("stage", "words"), [
    ({"traffic_bp": 10}, "0.1 %"),
    ({"traffic_bp": 0, "audience": {"segment": "internal"}}, "internal"),
    ({"traffic_bp": 1000, "audience": {"segment": "staff"}}, "10 % of staff"),
    ({"traffic_bp": 0, "audience": {"match_any": []}}, "its audience"),
    ({"traffic_bp": 0, "mirror_bp": 10000}, "copies of 100 %"),
    ({"traffic_bp": 500, "mirror_bp": 1000}, "5 % and copies of 10 %"),
])
def test_shares(stage, words):
    """A stage says who sees it and how much."""
    assert stage_share(stage) == words


def test_a_stage_without_length_says_nothing_of_it():
    """The last stage lasts for ever."""
    assert stage_length({"min_duration_s": 0}) == ""
    assert stage_length({"min_duration_s": 90}) == "at least 90 s"


def test_a_rolling_release_has_no_start_share():
    """Rolling and full releases show no traffic share, even if the wire has one."""
    assert headline({"strategy": "rolling", "initial_traffic": 100, "plan": {}}) == "rolling"
