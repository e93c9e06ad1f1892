"""What of a change lies elsewhere, so that nobody read it: the inside of submodules, and contents behind Git LFS pointers.

A pointer (git-lfs, docs/spec.md) is a few lines of text in place of a file of any size. What they say of it is a hash and a
size, so its lines count as lines of the change, and nothing is known of what they stand for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from riskml.change import Change, FileDiff
from riskml.document import printable

_VERSION = rb"version https://(?:git-lfs|hawser)\.github\.com/spec/v1\r?\n"
_REST = rb"(?:ext-\d-\S+ sha256:[0-9a-f]{64}\r?\n)*oid sha256:[0-9a-f]{64}\r?\n(?:size \d+(?:\r?\n)?)?"
_WHOLE = re.compile(_VERSION + _REST)
_PART = re.compile(_REST)  # a pointer that moves keeps its first line, and its last one if the size stays
_LINES = 13  # of a pointer at most: its version, ten extensions, hash and size; mostly three
_BYTES = 1024  # a pointer has fewer, says the specification


def is_pointer(diff: FileDiff) -> bool:
    r"""Whether a diff changes a Git LFS pointer, or puts one in the place of a text, or a text in the place of one.

    A pointer is a whole file: a text that quotes one is read like any other.

    >>> from riskml.change import Hunk
    >>> moved = b"oid sha256:" + b"0" * 64 + b"\nsize 5\n"
    >>> is_pointer(FileDiff("a.bin", "a.bin", hunks=(Hunk(2, 2, 2, 2),), removed=moved, added=moved, lines_before=3))
    True
    >>> is_pointer(FileDiff("a.txt", "a.txt", hunks=(Hunk(1, 0, 2, 2),), added=moved, lines_before=1))
    False
    """
    sides = (diff.added, diff.removed)
    if any(_matches(_WHOLE, side) for side in sides):
        return _replaces_all(diff)
    return all(_matches(_PART, side) for side in sides) and _keeps_the_first_of_few(diff)


def _matches(form: re.Pattern[bytes], side: bytes) -> bool:
    return len(side) < _BYTES and form.fullmatch(side) is not None


def _replaces_all(diff: FileDiff) -> bool:
    """Whether no line of the file stays as it was; of an unknown length, whether the first one goes and another comes."""
    if diff.lines_before is not None:
        return diff.lines_before == diff.lines_deleted
    return all(hunk.old_start == hunk.new_start == 1 for hunk in diff.hunks)


def _keeps_the_first_of_few(diff: FileDiff) -> bool:
    """Whether the file has a pointer's length, as far as is known, and its first line stays."""
    if not diff.hunks:
        return False
    first, last = diff.hunks[0], diff.hunks[-1]
    length = last.old_start + last.old_lines - 1 if diff.lines_before is None else diff.lines_before
    return length <= _LINES and first.old_start + (not first.old_lines) > 1


def notes_on_unread(change: Change) -> tuple[str, ...]:
    """Name what changed where nobody looked."""
    return tuple(_notes(change))


def _notes(change: Change) -> Iterator[str]:
    if moved := [diff.path for diff in change.files if diff.submodule]:
        yield f"the submodule {_some(moved)} moved: what changed inside is unknown, and was not scored"
    if behind := [diff.path for diff in change.files if is_pointer(diff)]:
        what = f"what lies behind the Git LFS pointer {_some(behind)}"
        yield f"{what} was not read: what changed there is unknown, and not scored"


def _some(paths: Sequence[str]) -> str:
    return printable(paths[0]) + (f" and {len(paths) - 1} more" if len(paths) > 1 else "")
