"""Which files carry a feature's value: the ones to look at when it is a reason."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from riskml.change import Change, FileDiff
from riskml.features import vocabulary as words
from riskml.features.catalogue import by_name
from riskml.features.content import destructive_statements
from riskml.features.feature import Evidence
from riskml.features.reading import Code, Reading
from riskml.history import FilePast
from riskml.pathmap import PathClass

MOST = 3

Weights = Callable[[Evidence], Sequence[float]]


def files_of(name: str, evidence: Evidence) -> tuple[str, ...]:
    """Paths that carry a feature's value, most first, three at most; none where it is no matter of files.

    >>> from riskml.change import Hunk
    >>> files = tuple(FileDiff(p, p, hunks=(Hunk(1, 0, 1, n),)) for p, n in (("a.py", 3), ("b.py", 9), ("c.md", 0)))
    >>> files_of("la", Evidence(Change(files)))
    ('b.py', 'a.py')

    Raises UnknownFeature for a name that the catalogue does not have.
    """
    weigh = _WEIGHTS.get(by_name(name).name)
    if weigh is None:
        return ()
    ranked = sorted([(-weight, diff.path) for weight, diff in zip(weigh(evidence), evidence.change.files,
    strict=True) if weight > 0])
    return tuple(path for _, path in ranked[:MOST])


def _added(evidence: Evidence) -> Sequence[float]:
    return evidence.reading.added


def _deleted(evidence: Evidence) -> Sequence[float]:
    return evidence.reading.deleted


def _churn(evidence: Evidence) -> Sequence[float]:
    reading = evidence.reading
    return [plus + minus for plus, minus in zip(reading.added, reading.deleted, strict=True)]


def _by_diff(weigh: Callable[[FileDiff], float]) -> Weights:
    return lambda evidence: [weigh(diff) for diff in evidence.change.files]


def _by_kind(wanted: Callable[[PathClass], object], size: Weights = _churn) -> Weights:
    """Files of a kind by their changed lines, those without any after the others."""
    return lambda evidence: [(1 + weight) if wanted(kind) else 0
                             for kind, weight in zip(evidence.reading.kinds, size(evidence), strict=True)]


def _by_past(weigh: Callable[[FilePast], float]) -> Weights:
    return lambda evidence: [0 if past is None else weigh(past)
                             for past in evidence.pasts or (None,) * len(evidence.change.files)]


def _latest(moment: Callable[[FilePast], int | None]) -> Weights:
    """Weigh the younger event heavier; a file without one weighs nothing."""
    return _by_past(lambda past: 0 if (when := moment(past)) is None else max(1, when))


def _unseen(evidence: Evidence) -> Sequence[float]:
    if evidence.pasts is None:
        return [0] * len(evidence.change.files)
    return [1 + churn if past is None else 0 for past, churn in zip(evidence.pasts, _churn(evidence), strict=True)]


def _by_code(side: Callable[[FileDiff], bytes], weigh: Callable[[Code], float]) -> Weights:
    def weights(evidence: Evidence) -> Sequence[float]:
        return [weigh(Code([(side(diff), kind.language)])) if kind.source and side(diff) else 0
                for diff, kind in zip(evidence.change.files, evidence.reading.kinds, strict=True)]
    return weights


def _words(wanted: frozenset[bytes], side: Callable[[FileDiff], bytes] = lambda diff: diff.added) -> Weights:
    return _by_code(side, lambda code: code.count(wanted))


def _removed(diff: FileDiff) -> bytes:
    return diff.removed


def _added_text(diff: FileDiff) -> bytes:
    return diff.added


def _destructive(evidence: Evidence) -> Sequence[float]:
    return [destructive_statements(Reading(Change((diff,)), evidence.paths)) for diff in evidence.change.files]


def _uncovered(evidence: Evidence) -> Sequence[float]:
    coverage = evidence.suite.coverage if evidence.suite is not None and evidence.suite.coverage is not None else {}
    missed = []
    for diff in evidence.change.files:
        lines = coverage.get(diff.path)
        missed.append(0 if lines is None else sum(
            [line not in lines.covered and hunk.new_start <= line < hunk.new_start + hunk.new_lines
             for hunk in diff.hunks for line in lines.missed]))
    return missed


_BRANCHES = words.CONDITIONALS | words.LOOPS | words.HANDLERS
_WEIGHTS: Mapping[str, Weights] = {
    "la": _added, "ld": _deleted, "nf": _churn, "relative_churn": _churn, "largest_file_share": _churn,
    "deleted_share": _deleted,
    "ns": _churn, "nd": _churn, "entropy": _churn, "entropy_share": _churn, "in_flight": _churn,
    "lt": _by_diff(lambda diff: diff.lines_before or 0), "lt_mean": _by_diff(lambda diff: diff.lines_before or 0),
    "hunks": _by_diff(lambda diff: len(diff.hunks)), "hunks_per_file": _by_diff(lambda diff: len(diff.hunks)),
    "existing_lines_share": _by_diff(lambda diff: 0 if diff.status == "A" else diff.lines_added),
    "files_added": _by_diff(lambda diff: diff.status == "A" and 1 + diff.lines_added),
    "files_deleted": _by_diff(lambda diff: diff.status == "D" and 1 + diff.lines_deleted),
    "files_renamed": _by_diff(lambda diff: diff.status == "R" and 1 + diff.lines_added),
    "binary_files": _by_diff(lambda diff: diff.binary), "submodules": _by_diff(lambda diff: diff.submodule),
    "languages": _by_kind(lambda kind: kind.source),

    "nuc": _by_past(lambda past: past.changes), "nuc_max": _by_past(lambda past: past.changes),
    "changes_90d": _by_past(lambda past: past.changes_90d), "changes_90d_max": _by_past(lambda past: past.changes_90d),
    "changes_7d": _by_past(lambda past: past.changes_7d), "ndev": _by_past(lambda past: past.developers),
    "age": _latest(lambda past: past.last_changed_at), "age_min": _latest(lambda past: past.last_changed_at),
    "days_since_fix": _latest(lambda past: past.last_fix_at), "prior_fixes": _by_past(lambda past: past.fixes),
    "prior_fixes_90d": _by_past(lambda past: past.fixes_90d), "prior_fixes_365d": _by_past(lambda past: past.fixes_365d),
    "prior_fixes_365d_max": _by_past(lambda past: past.fixes_365d),
    "fix_share": _by_past(lambda past: past.fixes / past.changes if past.changes else 0),
    "prior_reverts": _by_past(lambda past: past.reverts), "prior_reverts_90d": _by_past(lambda past: past.reverts_90d),
    "prior_reverts_365d": _by_past(lambda past: past.reverts_365d), "unseen_files_share": _unseen,

    "docs_only": _by_kind(lambda kind: kind.docs), "tests_only": _by_kind(lambda kind: kind.test),
    "config_files": _by_kind(lambda kind: kind.config), "ci_files": _by_kind(lambda kind: kind.ci),
    "infrastructure_files": _by_kind(lambda kind: kind.infrastructure),
    "migration_files": _by_kind(lambda kind: kind.migration),
    "dependency_files": _by_kind(lambda kind: kind.manifest or kind.lock), "api_files": _by_kind(lambda kind: kind.api),
    "sensitive_files": _by_kind(lambda kind: kind.sensitive),
    "generated_share": _by_kind(lambda kind: kind.generated or kind.vendored),

    "code_lines_added": _by_kind(lambda kind: kind.source, _added), "code_lines_deleted": _by_kind(lambda kind: kind.source,
    _deleted),
    "code_without_tests": _by_kind(lambda kind: kind.source, _added), "test_files_share": _by_kind(lambda kind: kind.test),
    "test_lines_added": _by_kind(lambda kind: kind.test, _added), "test_lines_deleted": _by_kind(lambda kind: kind.test,
    _deleted),
    "comment_share": _by_code(_added_text, lambda code: code.rows - len(code.lines)),
    "indent_mean": _by_code(_added_text, lambda code: sum(code.indents) / max(1, len(code.indents))),
    "indent_max": _by_code(_added_text, lambda code: max(code.indents, default=0)),
    "line_length": _by_code(_added_text, lambda code: len(code.text) / max(1, len(code.lines))),
    "decision_density": _words(_BRANCHES), "conditionals_added": _words(words.CONDITIONALS),
    "conditionals_removed": _words(words.CONDITIONALS, _removed), "loops_added": _words(words.LOOPS),
    "error_handling_added": _words(words.ERRORS), "error_handling_removed": _words(words.ERRORS, _removed),
    "concurrency_added": _words(words.CONCURRENCY), "concurrency_removed": _words(words.CONCURRENCY, _removed),
    "io_added": _words(words.IO), "null_handling_added": _words(words.NULLS), "null_handling_removed": _words(words.NULLS,
    _removed),
    "todo_added": _by_code(_added_text, lambda code: code.raw.count(b"TODO") + code.raw.count(b"FIXME")),
    "public_added": _words(words.PUBLIC), "public_removed": _words(words.PUBLIC, _removed),
    "destructive_statements": _destructive,
    "coverage_changed_lines": _uncovered, "uncovered_changed_lines": _uncovered,
}
