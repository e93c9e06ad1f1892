"""Whether the changed lines are of a kind that hardly changes what the code does: blanks, comments, imports.

Each question stops at the first line that answers it with no, which for most changes is the first line of code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from riskml.change import FileDiff
from riskml.features.reading import Reading, comment_marks
from riskml.pathmap import DATA, LAYOUT, PathClass

_BLANKS = b" \t\r\n\f\v"
_IMPORT = re.compile(rb"(?:import|using|use|require|require_once|package|open|extern crate|@import|#\s*include)\b"
                     rb"|from\b.*\bimport\b|(?:const|let|var)\b.*=\s*require\(")


def same_but_blanks(reading: Reading) -> bool:
    """Whether every changed file differs in blanks only; in blank lines and line ends only where indentation has a meaning."""
    changed = _changed(reading)
    return bool(changed) and all(_same(diff, kind) for diff, kind in changed)


def comments_only(reading: Reading) -> bool:
    """Whether every changed line is blank or starts like a comment of its language. Prose and data hold no comments here."""
    changed = _changed(reading)
    return bool(changed) and all(
        not kind.docs and kind.language is not None and bool(comment_marks(kind.language))
        and next(_code(diff, kind), None) is None
        for diff, kind in changed)


def imports_only(reading: Reading) -> bool:
    """Whether every changed line of code brings a name in, and there is one."""
    found = False
    for diff, kind in _changed(reading):
        if kind.language is None or kind.language in DATA:
            return False
        for line in _code(diff, kind):
            if not _IMPORT.match(line):
                return False
            found = True
    return found


def _changed(reading: Reading) -> list[tuple[FileDiff, PathClass]]:
    if any(diff.binary or diff.submodule for diff in reading.files):
        return []
    return [(diff, kind) for diff, kind in zip(reading.files, reading.kinds, strict=True) if diff.hunks]


def _same(diff: FileDiff, kind: PathClass) -> bool:
    if kind.language is not None and kind.language not in LAYOUT:
        return diff.added.translate(None, _BLANKS) == diff.removed.translate(None, _BLANKS)
    added, removed = ([line for line in map(bytes.rstrip, text.splitlines()) if line] for text in (diff.added, diff.removed))
    return added == removed


def _code(diff: FileDiff, kind: PathClass) -> Iterator[bytes]:
    marks = comment_marks(kind.language)
    for text in (diff.added, diff.removed):
        for line in text.splitlines():
            line = line.strip()  # noqa: PLW2901 - the stripped line is the line that is meant
            if line and line != b"*" and not line.startswith(marks):
                yield line
