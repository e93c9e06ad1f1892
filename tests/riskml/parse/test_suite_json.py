"""The wire form of a suite run: it comes back as it was, and what does not fit is refused by JSON path."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskml.errors import InputError
from riskml.parse.suite_json import suite_from_json, suite_to_json, suites_from_json
from riskml.suite import CaseResult, FileCoverage, SuiteRun

texts = st.text(max_size=20)
paths = st.text(st.characters(exclude_characters="\x00"), min_size=1, max_size=20)
cases = st.builds(
    lambda outcome, flaky, **rest: CaseResult(outcome=outcome, flaky=flaky and outcome == "passed", **rest),
    suite=texts, name=texts, outcome=st.sampled_from(["passed", "failed", "error", "skipped"]), flaky=st.booleans(),
    duration_s=st.none() | st.integers(0, 10_000_000).map(lambda n: n / 1000), file=st.none() | texts,
)
line_sets = st.frozensets(st.integers(1, 60))
coverages = st.builds(lambda covered, missed: FileCoverage(covered, missed - covered), line_sets, line_sets)
runs = st.builds(
    SuiteRun,
    cases=st.none() | st.lists(cases, max_size=4).map(tuple),
    coverage=st.none() | st.dictionaries(paths, coverages, max_size=3),
    sources=st.lists(texts, max_size=2).map(tuple),
    notes=st.lists(texts, max_size=2).map(tuple),
)


@given(runs)
def test_round_trip(run: SuiteRun) -> None:
    """Through JSON and back, a suite run is the same."""
    assert suite_from_json(json.loads(json.dumps(suite_to_json(run)))) == run


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ([], "not an object at tests: got []"),
        ({"case": []}, "unknown key at tests.case; expected one of: cases, coverage, sources, notes"),
        ({1: 2}, "a key that is no text at tests"),
        ({"cases": {}}, "not a list at tests.cases"),
        ({"cases": [{}]}, "missing key at tests.cases[0].suite"),
        ({"cases": [{"suite": 1, "name": "n", "outcome": "passed"}]}, "not a text at tests.cases[0].suite: got 1"),
        ({"cases": [{"suite": "s", "name": "n", "outcome": ["passed"]}]}, "unknown outcome at tests.cases[0].outcome"),
        ({"cases": [{"suite": "s", "name": "n", "outcome": "failed", "flaky": True}]}, "a flaky case that did not pass"),
        ({"cases": [{"suite": "s", "name": "n", "outcome": "passed", "flaky": 1}]}, "not a truth value at tests.cases[0]"),
        ({"cases": [{"suite": "s", "name": "n", "outcome": "passed", "duration_s": -1}]}, "not a duration"),
        ({"cases": [{"suite": "s", "name": "n", "outcome": "passed", "duration_s": True}]}, "not a duration"),
        ({"cases": [{"suite": "s", "name": "n", "outcome": "passed", "duration_s": float("nan")}]}, "not a duration"),
        ({"cases": [{"suite": "s", "name": "n", "outcome": "passed", "duration_s": 10**400}]}, "not a duration"),
        ({"coverage": {"": {"covered": [], "missed": []}}}, "not a file name"),
        ({"coverage": {"a": {"covered": []}}}, "missing key at tests.coverage['a'].missed"),
        ({"coverage": {"a": {"covered": [1], "missed": []}}}, "not a range of lines at tests.coverage['a'].covered[0]: got 1"),
        ({"coverage": {"a": {"covered": [[2, 1]], "missed": []}}}, "not a range of lines"),
        ({"coverage": {"a": {"covered": [[0, 1]], "missed": []}}}, "not a range of lines"),
        ({"coverage": {"a": {"covered": [[True, True]], "missed": []}}}, "not a range of lines"),
        ({"coverage": {"a": {"covered": [[1, 9_999_999]], "missed": []}}}, "too many lines at tests.coverage['a'].covered[0]"),
        ({"coverage": {"a": {"covered": [[1, 2]], "missed": [[2, 2]]}}}, "a line both covered and missed at tests"),
        ({"sources": "junit.xml"}, "not a list at tests.sources"),
        ({"notes": [None]}, "not a text at tests.notes[0]"),
    ],
)
def test_what_does_not_fit_is_refused(value: object, message: str) -> None:
    """The message names the JSON path, the value and what would be right."""
    with pytest.raises(InputError, match=re.escape(message)):
        suite_from_json(value)


def test_absent_is_unknown() -> None:
    """An empty object knows neither cases nor coverage, which differs from zero cases."""
    assert suite_from_json({}) == SuiteRun()
    assert suite_from_json({"cases": []}) == SuiteRun(cases=())


def test_list_of_runs_is_merged_in_order() -> None:
    """``tests`` may be a list: a later run is a retry of an earlier one."""
    case = {"suite": "s", "name": "t", "outcome": "failed"}
    again = {"cases": [case | {"outcome": "passed"}], "sources": ["2.xml"]}
    run = suites_from_json([{"cases": [case], "sources": ["1.xml"]}, again])
    assert run == SuiteRun(cases=(CaseResult("s", "t", "passed", flaky=True),), sources=("1.xml", "2.xml"))
    with pytest.raises(InputError, match=re.escape("not an object at tests[1]")):
        suites_from_json([{}, 7])
