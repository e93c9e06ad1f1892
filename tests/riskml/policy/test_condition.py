"""Conditions of ``when``."""

from __future__ import annotations

import pytest

from riskml.context import ServiceContext
from riskml.errors import PolicyError
from riskml.policy.condition import read_when
from riskml.policy.facts import Facts

NAN = float("nan")


def facts(**known: object) -> Facts:
    """Return facts with a score of 0.5 and what is given."""
    return Facts(**{"probability": 0.5, "score": 0.5, **known})  # type: ignore[arg-type]  # a test's shorthand


@pytest.mark.parametrize(
    ("when", "given", "holds"),
    [
        ({"score": "> 0.4"}, facts(), True),
        ({"score": "> 0.5"}, facts(), False),
        ({"score": ">= 0.5"}, facts(), True),
        ({"score": "> 0.4, <= 0.5"}, facts(), True),
        ({"score": "!= 0.5"}, facts(), False),
        ({"score": "<1e-1"}, facts(), False),
        ({"percentile": "> 90"}, facts(percentile=95.0), True),
        ({"percentile": "> 90"}, facts(), None),
        ({"percentile": "unknown"}, facts(), True),
        ({"percentile": "known"}, facts(), False),
        ({"tier": 1}, facts(context=ServiceContext(tier=1)), True),
        ({"tier": 1}, facts(), None),
        ({"tests_failed": True}, facts(tests_failed=2.0), True),
        ({"tests_failed": True}, facts(tests_failed=0.0), False),
        ({"tests_failed": False}, facts(tests_failed=0.0), True),
        ({"tests_failed": True}, facts(), None),
        ({"la": "> 100"}, facts(features={"la": 120.0}), True),
        ({"la": "> 100"}, facts(features={"la": NAN}), None),
        ({"unknown": "la"}, facts(features={"la": NAN}), True),
        ({"unknown": ["la", "ld"]}, facts(features={"la": 1.0, "ld": 2.0}), False),
        ({"destructive_migration": True}, facts(destructive_migration=True), True),
    ],
)
def test_a_condition_holds_fails_or_cannot_be_judged(when: dict[str, object], given: Facts, holds: bool | None) -> None:
    """What is unknown is neither true nor false."""
    (condition,) = read_when(when, where="when", features=None)

    assert condition.holds(given) is holds


@pytest.mark.parametrize(
    ("when", "words"),
    [
        ({}, "empty or no mapping at rules"),
        ([], "empty or no mapping"),
        ({"score": ">> 0.7"}, r"not a condition at rules\.score: got '>> 0.7'; expected a comparison such as"),
        ({"score": "0.7"}, "not a condition"),
        ({"score": "> 0.7,"}, "not a condition"),
        ({"score": "> nan"}, "not a condition"),
        ({"score": float("nan")}, "not a condition"),
        ({"score": None}, "not a condition"),
        ({"scroe": "> 0.7"}, r"unknown condition at rules\.scroe: got 'scroe'.*did you mean score\?"),
        ({"unknown": []}, "no names"),
        ({"unknown": "lla"}, "did you mean la"),
        ({3: "> 1"}, "unknown condition"),
    ],
)
def test_a_condition_that_cannot_be_read_is_refused(when: object, words: str) -> None:
    """The path, the value and what is legal are named; a misspelt key gets the near one."""
    with pytest.raises(PolicyError, match=words):
        read_when(when, where="rules", features={"la", "ld"})


def test_without_a_catalogue_any_identifier_is_a_feature() -> None:
    """Names are checked by those who know them, but text that is no name never passes."""
    assert read_when({"my_feature": 1}, where="when", features=None)
    with pytest.raises(PolicyError, match="not a name"):
        read_when({"My Feature": 1}, where="when", features=None)
