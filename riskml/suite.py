"""What the tests of a change said: cases of JUnit XML and covered lines, as plain data. No report is ``None``, never zeros."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["passed", "failed", "error", "skipped"]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One test case after all its tries. ``flaky`` means it failed at least once and then passed in the same run.

    ``duration_s`` is the sum over the tries, in seconds, ``None`` when the report does not say. ``file`` is as the report
    spells it.
    """

    suite: str
    name: str
    outcome: Outcome
    duration_s: float | None = None
    flaky: bool = False
    file: str | None = None


@dataclass(frozen=True, slots=True)
class FileCoverage:
    """Executable lines of one file, numbered from 1 in its new version; a line in neither set is not executable."""

    covered: frozenset[int]
    missed: frozenset[int]


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """All reports of one run, merged. ``cases`` or ``coverage`` is ``None`` when no report of that kind was given.

    ``sources`` names the reports; ``notes`` says what in them could not be used, such as a covered path that fits two files.
    """

    cases: tuple[CaseResult, ...] | None = None
    coverage: Mapping[str, FileCoverage] | None = None
    sources: tuple[str, ...] = field(default=())
    notes: tuple[str, ...] = field(default=())
