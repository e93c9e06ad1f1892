"""Gates and rules become rates, and a single window is read as they say."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from riskml.plan import Gate, Rule, from_json
from riskml.verdict import Observation
from riskml.verdict.claim import claim_of, shares_of_alpha

PLANS = Path(__file__).parents[2] / "golden" / "plans"


@pytest.mark.parametrize(("source", "series", "limit"), [
    (Gate("g", "error_rate", "<", 5, "percent"), ("error_rate", None), 0.05),
    (Gate("g", "error_rate", "<", 0.05, "ratio"), ("error_rate", None), 0.05),
    (Gate("g", "success_rate", ">=", 99, "percent"), ("success_rate", None), 0.01),
    (Rule("success_rate", "<", 99, "percent"), ("success_rate", None), 0.01),
    (Gate("g", "latency_p99", "<", 500, "milliseconds"), ("latency_p99", 500), 0.01),
    (Gate("g", "latency_p50", "<=", 80, "milliseconds"), ("latency_p50", 80), 0.5),
    (Gate("g", "latency_p999", "<", 2_000, "milliseconds"), ("latency_p999", 2_000), 0.001),
    (Rule("queue_length", ">", 10, "count"), ("queue_length", None), None),
    (Gate("g", "error_rate", "<", 100, "percent"), ("error_rate", None), None),
])
def test_what_is_claimed(source, series, limit):
    """A percentage, a ratio and a quantile are all a share of bad events; a count is none, and neither is an empty promise."""
    claim = claim_of(source)
    assert (claim.series, claim.limit) == (series, limit)


def seen(**more: object) -> Observation:
    """Make an observation of one minute."""
    return Observation("s", "m", "canary", 0, 60, **more)


@pytest.mark.parametrize(("source", "window", "broken"), [
    (Gate("g", "error_rate", "<", 5, "percent"), seen(total=100, bad=6), True),
    (Gate("g", "error_rate", "<", 5, "percent"), seen(total=100, bad=5), False),
    (Gate("g", "error_rate", "<", 5, "percent"), seen(value=6), True),
    (Gate("g", "error_rate", "<", 5, "percent"), seen(total=0, bad=0), None),
    (Rule("latency_p99", ">", 1_000, "milliseconds"), seen(value=1_001), True),
    (Rule("latency_p99", ">", 1_000, "milliseconds"), seen(value=1_000), False),
    (Gate("g", "success_rate", ">", 99, "percent"), seen(value=98.5), True),
    (Gate("g", "queue_length", "<=", 10, "count"), seen(value=10), False),
])
def test_one_window(source, window, broken):
    """Counts are compared as a share, values with the operator; a window without either says nothing."""
    assert claim_of(source).violated(window) is broken


def test_equal_limits_are_one_test():
    """Alpha is shared among different questions: a gate and a rule with one limit ask the same."""
    plan = from_json(json.loads((PLANS / "canary.json").read_text()))
    assert shares_of_alpha(plan) == 5  # errors at 1 and 5 %, slow at 500 and 1000 ms, errors against the baseline
    same = tuple(replace(g, value=v) for g, v in zip(plan.gates, (5.0, 1_000.0), strict=True))
    assert shares_of_alpha(replace(plan, gates=same)) == 3
