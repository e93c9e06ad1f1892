"""Whether the changed lines are of a kind that hardly changes what the code does: blanks, comments, imports.

Each question stops at the first line that answers it with no, which for most changes is the first line of code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest

from riskml.change import FileDiff
from riskml.features.reading import Reading, comment_marks
from riskml.pathmap import DATA, LAYOUT, PathClass

_START = 256
"""Bytes that are looked at before the rest is: nearly all changes differ there."""
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
        added, removed = diff.added, diff.removed
        new, old = added[:_START].translate(None, _BLANKS), removed[:_START].translate(None, _BLANKS)
        grows = (len(removed) > _START and new.startswith(old)) or (len(added) > _START and old.startswith(new))
        if new != old and not grows:
            return False
        return added.translate(None, _BLANKS) == removed.translate(None, _BLANKS)
    pairs = zip_longest(*(filter(None, map(bytes.rstrip, _rows(text))) for text in (diff.added, diff.removed)))
    return all(new == old for new, old in pairs)


def _code(diff: FileDiff, kind: PathClass) -> Iterator[bytes]:
    marks = comment_marks(kind.language)
    for text in (diff.added, diff.removed):
        for line in _rows(text):
            line = line.strip()  # noqa: PLW2901 - the stripped line is the line that is meant
            if line and line != b"*" and not line.startswith(marks):
                yield line


def _rows(text: bytes) -> Iterator[bytes]:
    """Yield the lines of a text a few at a time: mostly the first one is all that is wanted."""
    start = 0
    while start < len(text):
        end = text.find(b"\n", start + _START) + 1 or len(text)
        yield from text[start:end].splitlines()
        start = end
