"""What the tests of the change said. No report is unknown, never zero failures or zero coverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

from riskml.change import FileDiff
from riskml.features.feature import UNKNOWN, Evidence, Feature, Group
from riskml.suite import CaseResult, FileCoverage, SuiteRun

_NO_CASES = "no test report"
_NO_COVERAGE = "no coverage report, or it knows no changed line"

FEATURES = (
    Feature("tests_run", "tests", "How many tests ran?", "Machalica et al. 2019 (ICSE-SEIP), predictive test selection",
            missing=_NO_CASES),
    Feature("tests_failed", "tests", "How many tests failed?", "Memon et al. 2017 (ICSE-SEIP), tests at Google",
            missing=_NO_CASES, monotone=1),
    Feature("tests_errors", "tests", "How many tests ended in an error?", "JUnit XML, errors", missing=_NO_CASES, monotone=1),
    Feature("tests_skipped", "tests", "How many tests were skipped?", "JUnit XML, skipped", missing=_NO_CASES),
    Feature("tests_flaky", "tests", "How many tests failed and then passed in the same run?",
            "Luo et al. 2014 (FSE), flaky tests",
            missing=_NO_CASES),
    Feature("tests_new", "tests", "How many tests ran that the base does not have?", "Zaidman et al. 2011 (EMSE)",
            missing="no test report of the change or of its base"),
    Feature("tests_duration_s", "seconds", "How long did the tests take, all together?", "Memon et al. 2017 (ICSE-SEIP)",
            missing=_NO_CASES + ", or it tells no time"),
    Feature("tests_duration_ratio", "ratio", "How many times as long as on the base did the same tests take?",
            "Chen et al. 2014 (ICSE), performance regressions", missing="no test both before and after whose time is told"),
    Feature("coverage_changed_lines", "share", "What share of the added lines that can run did tests run?",
            "Mockus et al. 2009 (ESEM); Inozemtseva & Holmes 2014 (ICSE)", high=1.0, missing=_NO_COVERAGE, monotone=-1),
    Feature("uncovered_changed_lines", "lines", "How many added lines that can run did no test run?",
            "Mockus et al. 2009 (ESEM)",
            missing=_NO_COVERAGE, monotone=1),
    Feature("coverage_delta", "share", "How much higher is the share of lines run, over all files, than on the base?",
            "Mockus et al. 2009 (ESEM)", low=-1.0, high=1.0, missing="no coverage report of the change or of its base"),
)

Cases = tuple[CaseResult, ...]
Coverage = Mapping[str, FileCoverage]


def compute(evidence: Evidence) -> Sequence[float]:
    """Compute the group from the reports."""
    cases, coverage = _parts(evidence.suite)
    cases_before, coverage_before = _parts(evidence.suite_before)
    return (*_outcomes(cases), *_against(cases, cases_before), *_changed_lines(evidence.change.files, coverage),
            _delta(coverage, coverage_before))


def _parts(suite: SuiteRun | None) -> tuple[Cases | None, Coverage | None]:
    if suite is None:
        return None, None
    return suite.cases, suite.coverage


def _outcomes(cases: Cases | None) -> tuple[float, ...]:
    if cases is None:
        return (UNKNOWN,) * 5
    outcomes = [case.outcome for case in cases]
    skipped = outcomes.count("skipped")
    flaky = sum([case.flaky for case in cases])
    return len(cases) - skipped, outcomes.count("failed"), outcomes.count("error"), skipped, flaky


def _against(cases: Cases | None, before: Cases | None) -> tuple[float, ...]:
    if cases is None:
        return (UNKNOWN,) * 3
    times = [case.duration_s for case in cases if case.duration_s is not None]
    total = max(0.0, sum(sorted(times))) if times else UNKNOWN
    if before is None:
        return UNKNOWN, total, UNKNOWN
    known = {(case.suite, case.name): case.duration_s for case in before}
    new = sum([1 for case in cases if (case.suite, case.name) not in known and case.outcome != "skipped"])
    pairs = [(case.duration_s, was) for case in cases
             if case.duration_s is not None and (was := known.get((case.suite, case.name))) is not None]
    was = sum(sorted([old for _, old in pairs]))
    return new, total, max(0.0, sum(sorted([now for now, _ in pairs]))) / was if was > 0 else UNKNOWN


def _changed_lines(files: Sequence[FileDiff], coverage: Coverage | None) -> tuple[float, float]:
    if coverage is None:
        return UNKNOWN, UNKNOWN
    covered = missed = 0
    for diff in files:
        lines = coverage.get(diff.path)
        if lines is not None:
            added = set(chain.from_iterable([range(hunk.new_start, hunk.new_start + hunk.new_lines) for hunk in diff.hunks]))
            covered += len(added & lines.covered)
            missed += len(added & lines.missed - lines.covered)
    return (covered / (covered + missed), missed) if covered + missed else (UNKNOWN, UNKNOWN)


def _delta(coverage: Coverage | None, before: Coverage | None) -> float:
    if coverage is None or before is None:
        return UNKNOWN
    return _share(coverage) - _share(before)


def _share(coverage: Coverage) -> float:
    covered = sum([len(lines.covered) for lines in coverage.values()])
    total = sum([len(lines.covered | lines.missed) for lines in coverage.values()])
    return covered / total if total else UNKNOWN


GROUP = Group("testing", FEATURES, compute)
