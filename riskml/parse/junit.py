"""JUnit XML as its many writers write it: pytest, Surefire, Gradle, jest-junit, go-junit-report, gtest, .NET, Playwright, ...

There is no standard, only a family. What is accepted: a ``testsuites`` or ``testsuite`` root in any namespace, suites nested
to any depth within the limits, cases without durations, files, classes or counts. What is judged:

* a case that occurs again in the same suite is a retry, and so are Surefire's ``flakyFailure`` and ``rerunFailure``;
* a suite that counts more failures than it shows (a crash before the first case) gets one case that stands for them: a report
  never looks better than it counts itself;
* a suite that shows more cases than it counts has repeated some: pytest-rerunfailures shows every failed try as if it had
  passed, so a case that such a suite repeats is flaky;
* Playwright puts the browser into ``hostname``, so suites that differ in it are different suites.

Formats: Surefire's XSD (maven.apache.org/surefire), Windy Road's JUnit.xsd, gtest's ``docs/advanced.md``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from math import isfinite
from sys import intern
from typing import Final, NamedTuple

from riskml.errors import MalformedReport, TooLarge
from riskml.parse.hardened_xml import TagHandler, walk
from riskml.parse.report import Report
from riskml.parse.tries import Try, settle
from riskml.suite import CaseResult, Outcome

MAX_CASES: Final = 1_000_000

_INSIDE: Final[dict[str, Outcome]] = {"failure": "failed", "error": "error", "skipped": "skipped"}
"""Elements of a case that decide its outcome. More than one may occur; the worst counts."""

_RETRIED: Final = frozenset({"flakyFailure", "flakyError"})
"""Surefire: this try failed, a later one passed. (``rerunFailure`` repeats a ``failure`` that stands, and adds nothing.)"""

_STATUS: Final[dict[str, Outcome]] = {
    "notrun": "skipped", "disabled": "skipped", "skipped": "skipped", "suppressed": "skipped", "ignored": "skipped",
    "fail": "failed", "failed": "failed", "error": "error",
}
"""``status`` (gtest, CTest) or ``result`` (gtest) of a case without a deciding element; other values mean it ran."""

_NO_CLOCK_BEFORE: Final = 946_684_800.0
"""The year 2000. jest-junit dates a suite that did not start to 1970."""

_WORSE: Final[dict[Outcome, int]] = {"passed": 0, "skipped": 1, "failed": 2, "error": 3}


def parse_junit(data: bytes, where: str) -> tuple[CaseResult, ...]:
    """Read the cases of one report, retries settled, in order of their first try.

    Raises ``MalformedReport``, ``HostileInput`` or ``TooLarge``, each with ``where``, line and column.

    >>> parse_junit(b'<testsuite><testcase classname="c" name="n" time="0.5"><failure/></testcase></testsuite>', "r.xml")
    (CaseResult(suite='c', name='n', outcome='failed', duration_s=0.5, flaky=False, file=None),)
    """
    return read_junit(data, where).cases or ()


def read_junit(data: bytes, where: str) -> Report:
    """Do as ``parse_junit``, and keep the span of time that the suites name."""
    reader = _JUnit()
    walk(data, where, reader)
    cases = tuple(reader.settled())
    spans = reader.spans
    return Report("junit", where, cases=cases, started_at=min((b for b, _ in spans), default=None),
                  ended_at=max((e for _, e in spans), default=None))


class _Key(NamedTuple):
    """What makes two results tries of one case."""

    group: tuple[str, ...]
    suite: str
    name: str
    file: str | None


@dataclass(slots=True)
class _Suite:
    name: str
    file: str | None
    group: tuple[str, ...]
    counted: int
    tests: int | None
    cases: int = 0
    shown: int = 0


@dataclass(slots=True)
class _Case:
    key: _Key
    duration_s: float | None
    outcome: Outcome | None
    status: Outcome
    flaky: bool = False


@dataclass(slots=True)
class _JUnit(TagHandler):
    max_cases: int = MAX_CASES
    tries: dict[_Key, list[Try]] = field(default_factory=dict)
    spans: list[tuple[float, float]] = field(default_factory=list)
    _repeating: set[tuple[str, ...]] = field(default_factory=set)
    _open: list[str] = field(default_factory=list)
    _suites: list[_Suite] = field(default_factory=list)
    _case: _Case | None = None
    _count: int = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        parent = self._open[-1] if self._open else None
        self._open.append(tag)
        if parent is None and tag not in ("testsuites", "testsuite"):
            raise MalformedReport("not a JUnit report", where=self.at(), got=f"<{tag}>", expected="<testsuites> or <testsuite>")
        if tag in ("testsuites", "testsuite"):
            self._begin_suite(attributes)
        elif tag == "testcase":
            self._begin_case(attributes)
        elif parent == "testcase" and self._case is not None:
            self._inside_case(tag)
        elif parent == "testsuite" and tag in ("failure", "error"):
            self._add(self._stand_in(f"({tag} of the suite itself)"), Try(_INSIDE[tag], None))
            self._suites[-1].shown += 1

    def end(self, tag: str) -> None:
        self._open.pop()
        if tag == "testcase" and self._case is not None:
            case, self._case = self._case, None
            self._add(case.key, Try(case.outcome or case.status, case.duration_s, case.flaky))
        elif tag in ("testsuites", "testsuite"):
            self._end_suite()

    def settled(self) -> Iterator[CaseResult]:
        """Yield each case once, judged by all its tries."""
        for key, tries in self.tries.items():
            case = settle(key.suite, key.name, key.file, tries)
            repeated = len(tries) > 1 and key.group in self._repeating
            yield replace(case, flaky=True) if repeated and case.outcome == "passed" else case

    def _begin_suite(self, attributes: dict[str, str]) -> None:
        if self._case is not None:
            raise MalformedReport("a suite inside a case", where=self.at(), expected="<testsuite> directly in a suite")
        outer = self._suites[-1] if self._suites else None
        name = attributes.get("name", "")
        group = (*(outer.group if outer else ()), name, attributes.get("hostname", ""))
        file = attributes.get("file") or (outer.file if outer else None)
        bad = (_count(attributes.get("failures")) or 0) + (_count(attributes.get("errors")) or 0)
        self._suites.append(_Suite(name, file, group, bad, _count(attributes.get("tests"))))
        began = _moment(attributes.get("timestamp"))
        if began is not None and began >= _NO_CLOCK_BEFORE:
            self.spans.append((began, began + (duration(attributes.get("time")) or 0.0)))

    def _end_suite(self) -> None:
        suite = self._suites[-1]
        missing = suite.counted - suite.shown
        if missing > 0:
            self._add(self._stand_in(f"({missing} counted by the suite and not shown)"), Try("error", None))
            suite.shown += missing
        if suite.tests is not None and suite.cases > suite.tests:
            self._repeating.add(suite.group)
        self._suites.pop()
        if self._suites:
            self._suites[-1].shown += suite.shown

    def _begin_case(self, attributes: dict[str, str]) -> None:
        if self._case is not None or not self._suites:
            raise MalformedReport("a case outside of a suite", where=self.at(), expected="<testcase> directly in <testsuite>")
        suite = self._suites[-1]
        suite.cases += 1
        of = attributes.get("classname") or self._path()
        key = _Key(suite.group, intern(of), attributes.get("name", ""), attributes.get("file") or suite.file)
        said = (_STATUS.get(attributes.get(name, "").lower()) for name in ("result", "status"))
        self._case = _Case(key, duration(attributes.get("time")), None, next(filter(None, said), "passed"))

    def _inside_case(self, tag: str) -> None:
        case = self._case
        assert case is not None  # noqa: S101 -- the caller has looked; this tells the type checker
        if tag in _RETRIED:
            case.flaky = True
        outcome = _INSIDE.get(tag)
        if outcome is None:
            return
        if outcome != "skipped":
            self._suites[-1].shown += 1
        if case.outcome is None or _WORSE[outcome] > _WORSE[case.outcome]:
            case.outcome = outcome

    def _path(self) -> str:
        return " > ".join(s.name for s in self._suites if s.name)

    def _stand_in(self, name: str) -> _Key:
        suite = self._suites[-1]
        return _Key(suite.group, self._path(), name, suite.file)

    def _add(self, key: _Key, tried: Try) -> None:
        self._count += 1
        if self._count > self.max_cases:
            raise TooLarge("too many test cases in one report", where=self.at(), expected=f"at most {self.max_cases}")
        self.tries.setdefault(key, []).append(tried)


def _count(text: str | None) -> int | None:
    """Read a count that a suite claims; what is no small number claims nothing."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


def duration(text: str | None) -> float | None:
    """Seconds, or ``None`` when absent, negative or ambiguous.

    Surefire groups thousands (``1,234.5``) and some locales write a decimal comma (``0,25``). ``1,234`` could be either.

    >>> [duration(t) for t in ("1.5", "1,234.5", "0,25", "1,234", "NaN", None)]
    [1.5, 1234.5, 0.25, None, None, None]
    """
    if not text or len(text) > 40:
        return None
    text = text.strip()
    if "," in text:
        if "." in text:
            text = text.replace(",", "")
        elif text.startswith("0,"):
            text = text.replace(",", ".", 1)
        else:
            return None
    try:
        seconds = float(text)
    except ValueError:
        return None
    return seconds if isfinite(seconds) and seconds >= 0 else None


def _moment(text: str | None) -> float | None:
    if not text or len(text) > 40:
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None
