"""Reading a service description, and the score it gives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskml.context import ServiceContext
from riskml.errors import PolicyError
from riskml.policy.risk import risk_score
from riskml.policy.service import load_service

factor = st.floats(0.01, 1)


def test_an_empty_description_is_neutral() -> None:
    """Every key has a default that leaves the score equal to the probability."""
    assert load_service("{}") == ServiceContext()
    assert load_service('{"name": "checkout", "targets": ["flagger"], "tier": 1}').targets == ("flagger",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{impact: 0}", r"impact: got 0; expected a number above 0 up to 1"),
        ("{impact: 1.5}", "impact"),
        ("{rollback_speed: true}", "rollback_speed: got True"),
        ("{requests_per_minute: -1}", "requests_per_minute"),
        ("{request_per_minute: 1}", "did you mean requests_per_minute"),
        ("{tier: one}", "tier: got 'one'"),
        ("[]", "not an object"),
    ],
)
def test_a_description_that_cannot_be_is_refused(text: str, words: str) -> None:
    """Factors outside (0, 1] and misspelt keys are named."""
    with pytest.raises(PolicyError, match=words):
        load_service(text)


@given(st.floats(0, 1), factor, factor, factor)
def test_the_score_stays_in_its_range_and_follows_each_factor(p: float, impact: float, seen: float, undone: float) -> None:
    """Impact lowers the score, poor detection and slow rollback raise it, and it never leaves [0, 1]."""
    score = risk_score(p, ServiceContext(impact=impact, detection_capability=seen, rollback_speed=undone))

    assert 0 <= score <= 1
    assert score <= risk_score(p, ServiceContext(detection_capability=seen, rollback_speed=undone))
    assert score >= risk_score(p, ServiceContext(impact=impact))


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan"), True, "0.5"])
def test_what_is_no_probability_is_refused(p: float) -> None:
    """A score is only ever made of a probability."""
    with pytest.raises(PolicyError, match="not a probability"):
        risk_score(p, ServiceContext())


def test_a_factor_out_of_range_is_refused() -> None:
    """A context made by hand is checked, too."""
    with pytest.raises(PolicyError, match=r"service\.impact"):
        risk_score(0.5, ServiceContext(impact=0.0))
