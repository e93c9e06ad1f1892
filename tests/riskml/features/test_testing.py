"""What the tests of a change said."""

from __future__ import annotations

from math import isnan

import pytest

from riskml.change import Change, FileDiff, Hunk
from riskml.features.catalogue import extract
from riskml.features.feature import Evidence
from riskml.suite import CaseResult, FileCoverage, SuiteRun

CHANGE = Change((FileDiff("a.py", "a.py", "M", (Hunk(1, 1, 1, 2), Hunk(8, 0, 9, 3))), FileDiff("b.py", "b.py", "M", (Hunk(1,
0, 1, 1),))))
CASES = (CaseResult("s", "a", "passed", 2.0), CaseResult("s", "b", "failed", 1.0), CaseResult("s", "c", "error"),
         CaseResult("s", "d", "skipped"), CaseResult("s", "e", "passed", 0.5, flaky=True))


def vector(suite: SuiteRun | None, before: SuiteRun | None = None) -> dict[str, float]:
    """Extract the features of the change with these reports."""
    return extract(Evidence(CHANGE, suite=suite, suite_before=before))


def test_outcomes_are_counted() -> None:
    """A skipped test did not run; a flaky one ran and is counted once more."""
    found = vector(SuiteRun(CASES))

    assert [found[f"tests_{name}"] for name in ("run", "failed", "errors", "skipped", "flaky")] == [4, 1, 1, 1, 1]
    assert found["tests_duration_s"] == 3.5


def test_the_base_tells_what_is_new_and_what_is_slower() -> None:
    """New are tests that ran now and are not there before; time is compared for the tests on both sides only."""
    before = SuiteRun((CaseResult("s", "a", "passed", 1.0), CaseResult("s", "e", "passed", 0.25), CaseResult("s", "gone",
    "passed", 9.0)))
    found = vector(SuiteRun(CASES), before)

    assert (found["tests_new"], found["tests_duration_ratio"]) == (2, 2.0)


def test_coverage_is_that_of_the_added_lines() -> None:
    """Of the lines 1, 2 and 9 to 11, one cannot run, two were run and two were not; the other file has no report."""
    coverage = {"a.py": FileCoverage(frozenset({1, 9, 20}), frozenset({2, 10, 30}))}
    found = vector(SuiteRun(None, coverage))

    assert (found["coverage_changed_lines"], found["uncovered_changed_lines"]) == (0.5, 2)


def test_coverage_is_compared_with_the_base() -> None:
    """Three of four lines now, one of two before."""
    now = SuiteRun(None, {"a": FileCoverage(frozenset({1, 2, 3}), frozenset({4}))})
    before = SuiteRun(None, {"a": FileCoverage(frozenset({1}), frozenset({2}))})

    assert vector(now, before)["coverage_delta"] == 0.25


@pytest.mark.parametrize(("suite", "unknown"), [
    (None, ("tests_run", "tests_failed", "coverage_changed_lines", "uncovered_changed_lines")),
    (SuiteRun(None, {}), ("tests_run", "tests_failed", "coverage_changed_lines")),
    (SuiteRun(CASES), ("coverage_changed_lines", "coverage_delta", "tests_new", "tests_duration_ratio")),
    (SuiteRun(None, {"other.py": FileCoverage(frozenset({1}), frozenset())}), ("coverage_changed_lines", "coverage_delta")),
    (SuiteRun((CaseResult("s", "a", "passed"),)), ("tests_duration_s",)),
])
def test_no_report_is_unknown_and_never_zero(suite: SuiteRun | None, unknown: tuple[str, ...]) -> None:
    """What no report tells is missing."""
    found = vector(suite)

    assert all(isnan(found[name]) for name in unknown)


def test_an_empty_suite_is_a_report() -> None:
    """A report that ran nothing says so: no test ran, and none failed."""
    found = vector(SuiteRun(()))

    assert (found["tests_run"], found["tests_failed"]) == (0, 0)
