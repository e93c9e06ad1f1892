"""The wire form of a suite run: what ``riskml features`` prints as ``tests`` and ``POST /predict`` takes.

::

    {"cases": [{"suite": "shop.test_pay", "name": "test_refund", "outcome": "passed", "duration_s": 0.25, "flaky": true,
                "file": "tests/test_pay.py"}],
     "coverage": {"shop/pay.py": {"covered": [[1, 4], [7, 7]], "missed": [[5, 6]]}},
     "sources": ["junit.xml"], "notes": []}

``cases`` or ``coverage`` is absent or ``null`` when no report of that kind was given: unknown, not zero. Lines are ranges, both
ends included. A case may leave out ``duration_s``, ``file`` (unknown) and ``flaky`` (false). Any other key is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from math import isfinite
from typing import Final, cast, get_args

from riskml.errors import MalformedReport, TooLarge
from riskml.parse.junit import MAX_CASES
from riskml.parse.line_hits import MAX_LINE, MAX_LINES, MAX_PATH
from riskml.parse.report import Report
from riskml.parse.reports import merge
from riskml.suite import CaseResult, FileCoverage, Outcome, SuiteRun

_OUTCOMES: Final = get_args(Outcome)
_MAX_TEXT: Final = 1 << 16


def suite_to_json(run: SuiteRun) -> dict[str, object]:
    """Write a suite run as an object for JSON.

    >>> suite_to_json(SuiteRun(coverage={"a.py": FileCoverage(frozenset({1, 2, 3, 7}), frozenset())}))["coverage"]
    {'a.py': {'covered': [[1, 3], [7, 7]], 'missed': []}}
    """
    return {
        "cases": None if run.cases is None else [_case_out(case) for case in run.cases],
        "coverage": None if run.coverage is None else {
            path: {"covered": list(_ranges(lines.covered)), "missed": list(_ranges(lines.missed))}
            for path, lines in run.coverage.items()
        },
        "sources": list(run.sources),
        "notes": list(run.notes),
    }


def suite_from_json(value: object, where: str = "tests") -> SuiteRun:
    """Read what ``suite_to_json`` wrote; raises ``MalformedReport`` or ``TooLarge`` with the JSON path.

    >>> suite_from_json({"cases": [{"suite": "s", "name": "n", "outcome": "ok"}]})
    Traceback (most recent call last):
    riskml.errors.MalformedReport: unknown outcome at tests.cases[0].outcome: got 'ok'; expected passed, failed, error, skipped
    """
    document = _object(value, where, required=(), optional=("cases", "coverage", "sources", "notes"))
    cases = document.get("cases")
    coverage = document.get("coverage")
    return SuiteRun(
        cases=None if cases is None else _cases_in(cases, f"{where}.cases"),
        coverage=None if coverage is None else _coverage_in(coverage, f"{where}.coverage"),
        sources=_texts(document.get("sources", []), f"{where}.sources"),
        notes=_texts(document.get("notes", []), f"{where}.notes"),
    )


def suites_from_json(value: object, where: str = "tests") -> SuiteRun:
    """Read the ``tests`` of a request: one suite run or a list of them, merged as reports are.

    >>> suites_from_json([{"cases": []}, {"coverage": {}}])
    SuiteRun(cases=(), coverage={}, sources=(), notes=())
    """
    if not isinstance(value, list):
        return suite_from_json(value, where)
    runs = [suite_from_json(item, f"{where}[{i}]") for i, item in enumerate(value)]
    merged = merge(Report("suite-run", f"{where}[{i}]", cases=run.cases, coverage=run.coverage, notes=run.notes)
                   for i, run in enumerate(runs))
    return replace(merged, sources=tuple(source for run in runs for source in run.sources))


def _case_out(case: CaseResult) -> dict[str, object]:
    out: dict[str, object] = {"suite": case.suite, "name": case.name, "outcome": case.outcome}
    if case.duration_s is not None:
        out["duration_s"] = round(case.duration_s, 6)
    if case.flaky:
        out["flaky"] = True
    if case.file is not None:
        out["file"] = case.file
    return out


def _ranges(lines: Iterable[int]) -> Iterator[list[int]]:
    current: list[int] | None = None
    for line in sorted(lines):
        if current is not None and line == current[1] + 1:
            current[1] = line
        else:
            if current is not None:
                yield current
            current = [line, line]
    if current is not None:
        yield current


def _cases_in(value: object, where: str) -> tuple[CaseResult, ...]:
    items = _list(value, where)
    if len(items) > MAX_CASES:
        raise TooLarge("too many test cases", where=where, got=len(items), expected=f"at most {MAX_CASES}")
    return tuple(_case_in(item, f"{where}[{i}]") for i, item in enumerate(items))


def _case_in(value: object, where: str) -> CaseResult:
    case = _object(value, where, required=("suite", "name", "outcome"), optional=("duration_s", "flaky", "file"))
    outcome, flaky, seconds, file = case["outcome"], case.get("flaky", False), case.get("duration_s"), case.get("file")
    if outcome not in _OUTCOMES:
        raise MalformedReport("unknown outcome", where=f"{where}.outcome", got=outcome, expected=", ".join(_OUTCOMES))
    if not isinstance(flaky, bool):
        raise MalformedReport("not a truth value", where=f"{where}.flaky", got=flaky, expected="true or false")
    if flaky and outcome != "passed":
        raise MalformedReport("a flaky case that did not pass", where=f"{where}.flaky", got=outcome, expected="outcome passed")
    return CaseResult(
        suite=_text(case["suite"], f"{where}.suite"),
        name=_text(case["name"], f"{where}.name"),
        outcome=cast("Outcome", outcome),
        duration_s=None if seconds is None else _seconds(seconds, f"{where}.duration_s"),
        flaky=flaky,
        file=None if file is None else _text(file, f"{where}.file"),
    )


def _coverage_in(value: object, where: str) -> dict[str, FileCoverage]:
    left = MAX_LINES
    coverage: dict[str, FileCoverage] = {}
    for path, entry in _object(value, where).items():
        at = f"{where}[{path[:200]!r}]"
        if not path or len(path) > MAX_PATH or "\x00" in path:
            raise MalformedReport("not a file name", where=at, expected=f"1 to {MAX_PATH} characters")
        lines = _object(entry, at, required=("covered", "missed"), optional=())
        covered = _lines_in(lines["covered"], f"{at}.covered", left)
        missed = _lines_in(lines["missed"], f"{at}.missed", left - len(covered))
        if covered & missed:
            raise MalformedReport("a line both covered and missed", where=at, got=min(covered & missed), expected="one of them")
        left -= len(covered) + len(missed)
        coverage[path] = FileCoverage(covered, missed)
    return coverage


def _lines_in(value: object, where: str, left: int) -> frozenset[int]:
    lines: set[int] = set()
    for i, item in enumerate(_list(value, where)):
        match item:
            case [int(first), int(last)] if type(first) is int and type(last) is int and 1 <= first <= last <= MAX_LINE:
                left -= last - first + 1
                if left < 0:
                    raise TooLarge("too many lines", where=f"{where}[{i}]", expected=f"at most {MAX_LINES} in all files")
                lines.update(range(first, last + 1))
            case _:
                raise MalformedReport("not a range of lines", where=f"{where}[{i}]", got=item,
                                      expected=f"[first, last] with 1 <= first <= last <= {MAX_LINE}")
    return frozenset(lines)


def _object(
    value: object, where: str, *, required: tuple[str, ...] | None = None, optional: tuple[str, ...] = ()
) -> Mapping[str, object]:
    """Check for an object; with ``required`` given, its keys are a closed set."""
    if not isinstance(value, dict):
        raise MalformedReport("not an object", where=where, got=value, expected="an object")
    for key in value:
        if not isinstance(key, str):
            raise MalformedReport("a key that is no text", where=where, got=key, expected="text")
        if required is not None and key not in required and key not in optional:
            known = ", ".join((*required, *optional))
            raise MalformedReport("unknown key", where=f"{where}.{key[:200]}", expected=f"one of: {known}")
    for key in required or ():
        if key not in value:
            raise MalformedReport("missing key", where=f"{where}.{key}", expected=f"all of: {', '.join(required or ())}")
    return value


def _list(value: object, where: str) -> list[object]:
    if not isinstance(value, list):
        raise MalformedReport("not a list", where=where, got=value, expected="a list")
    return value


def _texts(value: object, where: str) -> tuple[str, ...]:
    return tuple(_text(item, f"{where}[{i}]") for i, item in enumerate(_list(value, where)))


def _text(value: object, where: str) -> str:
    if not isinstance(value, str) or len(value) > _MAX_TEXT:
        raise MalformedReport("not a text", where=where, got=value, expected=f"a text of at most {_MAX_TEXT} characters")
    return value


def _seconds(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1e9 or not isfinite(value):
        raise MalformedReport("not a duration", where=where, got=value, expected="seconds, 0 or more")
    return float(value)
