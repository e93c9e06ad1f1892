"""Recognising a report, and joining many into one suite run."""

from __future__ import annotations

import pytest

from riskml.errors import MalformedReport
from riskml.parse.report import Report
from riskml.parse.reports import PARSERS, detect, merge
from riskml.suite import CaseResult, FileCoverage, SuiteRun


def a_report(where: str, *cases: CaseResult, started_at: float | None = None) -> Report:
    """Make a test report that lasted ten seconds."""
    return Report("junit", where, cases=cases, started_at=started_at, ended_at=None if started_at is None else started_at + 10)


PASSED = CaseResult("s", "t", "passed", 1.0)
FAILED = CaseResult("s", "t", "failed", 2.0)


@pytest.mark.parametrize(
    "data",
    [b"", b"hello", b"\x7fELF", b'{"a": 1}', b"[1]", b"<TestRun/>", b"<coverage clover='4.4'/>", b"PK\x03\x04"],
)
def test_unknown_format_lists_the_known(data: bytes) -> None:
    """What is no known format is refused with the list of those that are."""
    with pytest.raises(MalformedReport) as caught:
        detect(data, "x.bin")
    assert "x.bin" in str(caught.value)
    assert all(kind in str(caught.value) for kind in PARSERS)


def test_later_report_decides() -> None:
    """A case that failed in one report and passed in a later one is flaky; the order given counts when no time is known."""
    assert merge([a_report("1", FAILED), a_report("2", PASSED)]).cases == (CaseResult("s", "t", "passed", 3.0, flaky=True),)
    assert merge([a_report("2", PASSED), a_report("1", FAILED)]).cases == (CaseResult("s", "t", "failed", 3.0),)


def test_times_decide_over_the_order_given() -> None:
    """A glob sorts by name, so reports are put into the order in which they ran."""
    late, early = a_report("a", PASSED, started_at=100), a_report("b", FAILED, started_at=50)
    assert [case.outcome for case in merge([late, early]).cases or ()] == ["passed"]


def test_legs_of_a_matrix_excuse_nothing() -> None:
    """Reports that overlap in time are not tries of each other: the failure of one leg stands."""
    legs = [a_report("jdk8", FAILED, started_at=100), a_report("jdk17", PASSED, started_at=105)]
    assert [case.outcome for case in merge(legs).cases or ()] == ["failed", "passed"]


def test_same_name_twice_in_one_report_stays_apart() -> None:
    """Where one report holds two cases of one name, another report cannot be matched to either."""
    cases = merge([a_report("1", FAILED, PASSED), a_report("2", PASSED)]).cases or ()
    assert [case.outcome for case in cases] == ["failed", "passed", "passed"]


def test_skip_decides_nothing() -> None:
    """A shard that skips a case does not hide that another failed it."""
    skipped = CaseResult("s", "t", "skipped")
    assert [c.outcome for c in merge([a_report("1", FAILED), a_report("2", skipped)]).cases or ()] == ["failed"]


def test_absent_kind_is_unknown() -> None:
    """Tests without coverage leave coverage unknown, and the other way round; nothing at all leaves both unknown."""
    assert merge([a_report("1")]) == SuiteRun(cases=(), sources=("1",))
    assert merge([Report("lcov", "c", coverage={})]) == SuiteRun(coverage={}, sources=("c",))
    assert merge([]) == SuiteRun()


def test_coverage_is_united() -> None:
    """A line that any report covers is covered."""
    one = Report("lcov", "1", coverage={"a": FileCoverage(frozenset({1}), frozenset({2, 3}))})
    empty = FileCoverage(frozenset(), frozenset())
    two = Report("lcov", "2", coverage={"a": FileCoverage(frozenset({2}), frozenset({1})), "b": empty})
    assert merge([one, two]).coverage == {
        "a": FileCoverage(frozenset({1, 2}), frozenset({3})),
        "b": empty,
    }
