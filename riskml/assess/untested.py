"""Changed lines that no test reaches, and the same change if tests did reach them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from riskml.change import FileDiff, Hunk
from riskml.counted import counted
from riskml.features.feature import Evidence
from riskml.suite import FileCoverage, SuiteRun

LINES = 20  # of a new test file that are tried, where no report says what is not reached
FILES, RANGES = 2, 3  # that are named


def untested(evidence: Evidence) -> dict[str, tuple[tuple[int, int], ...]]:
    """Return the ranges of added lines that can run and no test ran, by path, the file with most of them first.

    Ranges of lines (first, last) go over what cannot run, such as blank lines, and end before a line that a test ran. Empty
    when no coverage of the files is known: what is not reached is then unknown.
    """
    coverage = (evidence.suite.coverage if evidence.suite else None) or {}
    found: list[tuple[int, str, tuple[tuple[int, int], ...]]] = []
    for diff in evidence.change.files:
        lines = coverage.get(diff.path)
        missed = [] if lines is None else sorted((lines.missed - lines.covered) & _added(diff))
        if lines is not None and missed:
            found.append((-len(missed), diff.path, _ranges(missed, lines.covered)))
    return {path: ranges for _, path, ranges in sorted(found)}


def shown(untested: dict[str, tuple[tuple[int, int], ...]]) -> str:
    """Return the places in a few words.

    >>> shown({"billing/charge.py": ((88, 131), (140, 140)), "a.py": ((1, 2),), "b.py": ((3, 3),)})
    'billing/charge.py:88-131,140, a.py:1-2 and 1 more file'
    """
    said = []
    for path, ranges in list(untested.items())[:FILES]:
        spans = [f"{first}-{last}" if last > first else str(first) for first, last in ranges]
        more = f" and {counted(len(spans) - RANGES, 'more place')}" if len(spans) > RANGES else ""
        said.append(f"{path if len(path) <= 80 else '…' + path[-80:]}:{','.join(spans[:RANGES])}{more}")
    left = len(untested) - FILES
    return ", ".join(said) + (f" and {left} more {'file' if left == 1 else 'files'}" if left > 0 else "")


def reached(evidence: Evidence) -> Evidence:
    """Return the same change with a report in which passing tests ran every line that ``untested`` names."""
    suite = evidence.suite or SuiteRun()
    coverage = dict(suite.coverage or {})
    for path, ranges in untested(evidence).items():
        lines = coverage[path]
        now = {line for first, last in ranges for line in range(first, last + 1)} & lines.missed
        coverage[path] = FileCoverage(lines.covered | now, lines.missed - now)
    return replace(evidence, suite=replace(suite, coverage=coverage))


def with_tests(evidence: Evidence) -> tuple[str, Evidence] | None:
    """Return the source file with most added lines, and the same change with a new test file of twenty lines beside it.

    ``None`` when the change adds no source code, or touches tests already. The test file counts in full: the change becomes
    larger by it, too.
    """
    reading = evidence.reading
    if any(kind.test for kind in reading.kinds):
        return None
    sources = [(-added, diff.path) for diff, kind, added in zip(reading.files, reading.kinds, reading.added, strict=True)
               if kind.source and added and not diff.binary]
    if not sources:
        return None
    path = min(sources)[1]
    tests = _beside(path)
    if not evidence.paths.classify(tests).test or any(diff.path == tests for diff in reading.files):
        return None
    new = FileDiff(tests, tests, "A", (Hunk(0, 0, 1, LINES),), b"check()\n" * LINES, old_mode=0, lines_before=0)
    return path, replace(evidence, change=replace(evidence.change, files=(*reading.files, new)))


def _beside(path: str) -> str:
    folder, _, name = path.rpartition("/")
    stem, dot, suffix = name.rpartition(".")
    test = f"{stem or suffix}_test{dot}{suffix if stem else ''}"
    return f"{folder}/tests/{test}" if folder else f"tests/{test}"


def _added(diff: FileDiff) -> set[int]:
    return {line for hunk in diff.hunks for line in range(hunk.new_start, hunk.new_start + hunk.new_lines)}


def _ranges(lines: Sequence[int], stops: Iterable[int]) -> tuple[tuple[int, int], ...]:
    stop = set(stops)
    found: list[tuple[int, int]] = []
    for line in lines:
        if found and not stop.intersection(range(found[-1][1], line)) and line - found[-1][1] <= 10:
            found[-1] = (found[-1][0], line)
        else:
            found.append((line, line))
    return tuple(found)
