"""Test and coverage reports: the table of their formats, how one is recognised, and how many become one suite run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Final

from riskml.errors import MalformedReport, TooLarge
from riskml.parse.cobertura import DOCTYPES as COBERTURA_DOCTYPES
from riskml.parse.cobertura import read_cobertura
from riskml.parse.coverage_json import load, read_coverage_json
from riskml.parse.hardened_xml import TagHandler, walk
from riskml.parse.jacoco import DOCTYPES as JACOCO_DOCTYPES
from riskml.parse.jacoco import read_jacoco
from riskml.parse.junit import MAX_CASES, read_junit
from riskml.parse.lcov import read_lcov
from riskml.parse.line_hits import union
from riskml.parse.report import Report
from riskml.parse.tries import Try, settle
from riskml.suite import CaseResult, FileCoverage, SuiteRun

PARSERS: Final[Mapping[str, Callable[[bytes, str], Report]]] = MappingProxyType({
    "junit": read_junit,
    "cobertura": read_cobertura,
    "lcov": read_lcov,
    "jacoco": read_jacoco,
    "coverage-json": read_coverage_json,
})
"""Every format that riskml reads. Each reader takes the bytes and the name to use in errors."""

COVERAGE_KINDS: Final = tuple(kind for kind in PARSERS if kind != "junit")

_ROOTS: Final = {"testsuites": "junit", "testsuite": "junit", "coverage": "cobertura", "report": "jacoco"}

_CLOCK_GRAIN_S: Final = 1.0
"""Suites write their start to the second."""


def detect(data: bytes, where: str) -> str:
    r"""Name the format of a report (a key of ``PARSERS``) by its content; its file name says nothing.

    Raises ``MalformedReport`` that lists the known formats, and whatever reading the first tag raises.

    >>> detect(b"<report name='shop'/>", "jacoco.xml"), detect(b"SF:a.c\nend_of_record\n", "x.info")
    ('jacoco', 'lcov')
    """
    head = data[:4096].removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"{") and b'"files"' in data and "files" in load(data, where):
        return "coverage-json"
    if any(line.startswith(b"SF:") for line in head.splitlines()):
        return "lcov"
    if head.startswith((b"<", b"\xff\xfe", b"\xfe\xff")):
        tag, attributes = _root(data, where)
        if tag in _ROOTS and "clover" not in attributes:
            return _ROOTS[tag]
        raise MalformedReport("not a report of a known format", where=where, got=f"<{tag}>", expected=_known())
    raise MalformedReport("not a report of a known format", where=where, got=data[:40], expected=_known())


def parse_report(data: bytes, where: str) -> Report:
    """Recognise and read one report of any format in ``PARSERS``."""
    return PARSERS[detect(data, where)](data, where)


def merge(reports: Iterable[Report]) -> SuiteRun:
    """Join the reports of one run.

    A case that occurs in several test reports is a retry, and the later report decides, *unless* the reports name times that
    overlap: then they are legs of a matrix, which excuse nothing, and each counts as a case of its own. Later is by the
    reports' own times when all have one, else the order given. A line is covered if any report covers it.

    >>> first = read_junit(b'<testsuite><testcase name="t"><failure/></testcase></testsuite>', "1.xml")
    >>> again = read_junit(b'<testsuite><testcase name="t"/></testsuite>', "2.xml")
    >>> merge([first, again]).cases
    (CaseResult(suite='', name='t', outcome='passed', duration_s=None, flaky=True, file=None),)
    """
    every = tuple(reports)
    tests = [r for r in every if r.cases is not None]
    coverages = [r.coverage for r in every if r.coverage is not None]
    return SuiteRun(
        cases=_joined(tests) if tests else None,
        coverage=_united(coverages) if coverages else None,
        sources=tuple(r.where for r in every),
        notes=tuple(note for r in every for note in r.notes),
    )


def _joined(reports: list[Report]) -> tuple[CaseResult, ...]:
    if len(reports) == 1:
        return reports[0].cases or ()
    if all(r.started_at is not None for r in reports):
        reports = sorted(reports, key=lambda r: r.started_at or 0.0)
    total = sum(len(r.cases or ()) for r in reports)
    if total > MAX_CASES:
        raise TooLarge("too many test cases in all reports", where=reports[0].where, got=total, expected=f"at most {MAX_CASES}")
    results: dict[tuple[str, str, str | None], list[tuple[Report, CaseResult]]] = {}
    for report in reports:
        for case in report.cases or ():
            results.setdefault((case.suite, case.name, case.file), []).append((report, case))
    return tuple(case for found in results.values() for case in _chained(found))


def _chained(found: list[tuple[Report, CaseResult]]) -> Iterable[CaseResult]:
    """Settle the results of one case, in order; results of one report, or of reports that overlap in time, stay apart."""
    if len(found) == 1 or len({id(report) for report, _ in found}) < len(found):
        return [case for _, case in found]
    settled: list[CaseResult] = []
    before: Report | None = None
    for report, case in found:
        if before is not None and _follows(before, report):
            earlier = settled.pop()
            tries = [Try(c.outcome, c.duration_s, c.flaky) for c in (earlier, case)]
            case = settle(case.suite, case.name, case.file, tries)  # noqa: PLW2901 -- the settled case takes its place
        settled.append(case)
        before = report
    return settled


def _follows(before: Report, after: Report) -> bool:
    if before.ended_at is None or after.started_at is None:
        return True
    return after.started_at >= before.ended_at - _CLOCK_GRAIN_S


def _united(coverages: list[Mapping[str, FileCoverage]]) -> Mapping[str, FileCoverage]:
    together: dict[str, FileCoverage] = {}
    for coverage in coverages:
        for path, lines in coverage.items():
            together[path] = union(together[path], lines) if path in together else lines
    return together


class _FirstTag(Exception):
    pass


class _Root(TagHandler):
    def __init__(self) -> None:
        self.found: tuple[str, dict[str, str]] = ("", {})

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.found = (tag, attributes)
        raise _FirstTag


def _root(data: bytes, where: str) -> tuple[str, dict[str, str]]:
    root = _Root()
    with suppress(_FirstTag):
        walk(data, where, root, doctypes=(*COBERTURA_DOCTYPES, *JACOCO_DOCTYPES))
    return root.found


def _known() -> str:
    return f"one of: {', '.join(PARSERS)}"
