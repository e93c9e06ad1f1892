"""What is not known of a change and would be worth knowing: what cannot apply to it is left out.

A value may be missing for two reasons: nobody knows it, or it has no meaning here, as the indentation of a change that adds no
code. Both are NaN to the model, which learned from both; only the first is worth telling a reader.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isnan, nan

from riskml.features import reported, repository
from riskml.features.feature import Evidence
from riskml.ports import Vector

REPORTS = ("tests_run", "coverage_changed_lines")
"""Unknown to a model that never saw a report, yet worth knowing."""

OF_CODE = ("comment_share", "indent_mean", "indent_max", "line_length", "decision_density", "coverage_changed_lines",
           "uncovered_changed_lines")
"""What has no meaning where no line of code is added."""

ANCHORS: Mapping[str, str] = {
    **dict.fromkeys(("age", "age_min", "fix_share", "days_since_fix"), "nuc"),
    **dict.fromkeys((f.name for f in repository.FEATURES if f.name != "repo_changes_90d"), "repo_changes_90d"),
    **dict.fromkeys((f.name for f in reported.FEATURES if f.name != "reported_fixes"), "reported_fixes"),
}
"""What has no meaning where the other is known: a file that is new has no age, and one that was never fixed no last fix."""

_BY_TRACKER = tuple(feature.name for feature in reported.FEATURES)


def unknown_of(vector: Vector, names: Iterable[str], evidence: Evidence | None) -> tuple[str, ...]:
    """Name what of ``names``, and of the reports, is unknown and could be known of such a change.

    Where no issue tracker was asked, the first of its features stands for all of them. Without ``evidence`` a binary file is
    taken for one that may hold code.
    """
    names = tuple(names)
    asked = (*names, *(n for n in REPORTS if n not in names))
    unknown = [n for n in asked if _is_unknown(vector, n) and _applies(n, vector, evidence)]
    untold = [n for n in _BY_TRACKER if _is_unknown(vector, n)]
    return tuple(n for n in unknown if n not in untold[1:]) if len(untold) == len(_BY_TRACKER) else tuple(unknown)


def _is_unknown(vector: Vector, name: str) -> bool:
    return isnan(vector.get(name, nan))


def _applies(name: str, vector: Vector, evidence: Evidence | None) -> bool:
    if name in ANCHORS:
        return _is_unknown(vector, ANCHORS[name])
    if name in OF_CODE:
        return not _has_no_code(vector, evidence)
    return name != "tests_run" or vector.get("docs_only") != 1  # no test runs prose


def _has_no_code(vector: Vector, evidence: Evidence | None) -> bool:
    """Whether the change is known to add no line of code: blank lines and comments are none."""
    if vector.get("comment_share") == 1:
        return True
    if evidence is None:
        unread = vector.get("binary_files") != 0 and vector.get("docs_only") != 1
    else:
        files = zip(evidence.change.files, evidence.reading.kinds, strict=True)
        unread = any(diff.binary and kind.source for diff, kind in files)
    return vector.get("code_lines_added") == 0 and not unread
