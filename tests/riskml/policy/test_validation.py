"""Validations, read: what is legal, and what each refusal says."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskml.errors import PolicyError
from riskml.policy.validation import load_validation, read_validation
from riskml.validation import Criterion, LoadTest, Step

GOOD = {
    "version": 1, "feature": "new-checkout", "api": "/api/checkout",
    "criteria": {"error_rate": "< 0.5 %", "latency_p95": "< 800 ms"},
    "load_test": {"users": 1000, "spawn_rate": 50, "duration": "5m"},
    "stages": [{"traffic": "1 %", "duration": "1h"}, {"traffic": "10%", "duration": "4h"}],
}


def test_a_validation_is_read_into_units() -> None:
    """Percent, milliseconds, basis points and seconds; the endpoint is the API, everybody ends the ladder."""
    read = read_validation(GOOD)

    assert read.criteria == (Criterion("error_rate", "<", 0.5, "percent"), Criterion("latency_p95", "<", 800.0, "milliseconds"))
    assert read.load_test == LoadTest(1000, 50.0, 300, "/api/checkout")
    assert read.steps == (Step(100, 3600), Step(1000, 14_400), Step(10_000, 0))


def test_load_test_and_stages_may_be_left_out() -> None:
    """Nothing is made up for what is not written."""
    read = read_validation({k: v for k, v in GOOD.items() if k not in ("load_test", "stages")})

    assert (read.load_test, read.steps) == (None, ())


@pytest.mark.parametrize(("change", "where", "expected"), [
    ({"fetaure": "x"}, "fetaure", "did you mean feature?"),
    ({"version": 2}, "version", "1"),
    ({"feature": "two\nlines"}, "feature", "text"),
    ({"feature": "  "}, "feature", "text"),
    ({"api": "checkout"}, "api", "text"),
    ({"api": "//elsewhere.example/x"}, "api", "text"),
    ({"api": "/a b"}, "api", "text"),
    ({"api": "/a\n"}, "api", "text"),
    ({"criteria": {}}, "criteria", "at least one of: error_rate"),
    ({"criteria": {"p95": "< 800 ms"}}, "criteria.p95", "latency_p95"),
    ({"criteria": {"latency_p95": "< 800"}}, "criteria.latency_p95", '"< 800 ms"'),
    ({"criteria": {"latency_p95": "< 8 %"}}, "criteria.latency_p95", '"< 800 ms"'),
    ({"criteria": {"error_rate": "< 5 ms"}}, "criteria.error_rate", '"< 0.5 %"'),
    ({"criteria": {"error_rate": "> 5 %"}}, "criteria.error_rate", '"< 0.5 %"'),
    ({"criteria": {"error_rate": "< 0 %"}}, "criteria.error_rate", "more than 0 %"),
    ({"criteria": {"error_rate": "< 101 %"}}, "criteria.error_rate", "at most 100 %"),
    ({"load_test": {"users": 0, "spawn_rate": 1, "duration": "5m"}}, "load_test.users", "from 1"),
    ({"load_test": {"users": 1, "spawn_rate": 0, "duration": "5m"}}, "load_test.spawn_rate", "above 0"),
    ({"load_test": {"users": 1, "spawn_rate": 1, "duration": "5 min"}}, "load_test.duration", "30s, 5m or 4h"),
    ({"load_test": {"users": 1, "spawn_rate": 1, "duration": "0s"}}, "load_test.duration", "from 1s"),
    ({"load_test": {"users": 1, "spawn_rate": 1, "duration": "31d"}}, "load_test.duration", "to 30d"),
    ({"load_test": {"users": 1, "spawn_rate": 1, "duration": "1m", "body": "{}"}}, "load_test.body", "POST"),
    ({"stages": [{"traffic": 1, "duration": "1h"}]}, "stages[0].traffic", "text"),
    ({"stages": [{"traffic": "0 %", "duration": "1h"}]}, "stages[0].traffic", "above 0"),
    ({"stages": [{"traffic": "0.001 %", "duration": "1h"}]}, "stages[0].traffic", "two decimals"),
    ({"stages": [{"traffic": "101 %"}]}, "stages[0].traffic", "up to 100"),
    ({"stages": [{"traffic": "1 %"}]}, "stages[0].duration", "1h"),
    ({"stages": [{"traffic": "1 %", "duration": "90s"}]}, "stages[0].duration", "whole minutes"),
    ({"stages": [{"traffic": "5 %", "duration": "1h"}] * 2}, "stages[1].traffic", "more than 5 %"),
])
def test_every_mistake_is_named_with_its_place(change: dict[str, object], where: str, expected: str) -> None:
    """The path of the key, and what would be right."""
    with pytest.raises(PolicyError) as refused:
        read_validation({**GOOD, **change})

    assert refused.value.where == where
    assert expected in str(refused.value.expected)


def test_text_that_is_no_yaml_is_refused_with_its_line() -> None:
    """A key given twice could be overlooked."""
    with pytest.raises(PolicyError, match="given twice") as refused:
        load_validation("version: 1\nversion: 1\n", name="v.yaml")

    assert refused.value.where == "v.yaml:2:1"


KEYS = st.sampled_from([*GOOD, "users", "traffic", "error_rate", "x"])
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4), max_leaves=8)


@given(VALUES)
def test_any_value_is_read_or_refused(value: object) -> None:
    """Bad input never crashes."""
    with suppress(PolicyError):
        read_validation({**GOOD, **value} if isinstance(value, dict) else value)
