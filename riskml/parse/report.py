"""What one report file says, before several are merged into a suite run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from riskml.suite import CaseResult, FileCoverage


@dataclass(frozen=True, slots=True)
class Report:
    """One parsed file. Exactly one of ``cases`` and ``coverage`` is known, by its kind.

    ``started_at`` and ``ended_at`` are UNIX seconds, ``None`` when the report does not say; zoneless times count as UTC.
    Coverage is keyed by the paths of the report, which need not be the repository's (see ``riskml.parse.match``).
    """

    kind: str
    where: str
    cases: tuple[CaseResult, ...] | None = None
    coverage: Mapping[str, FileCoverage] | None = None
    started_at: float | None = None
    ended_at: float | None = None
    notes: tuple[str, ...] = ()
