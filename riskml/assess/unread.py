"""What of a change lies elsewhere, so that nobody read it: the inside of submodules, and contents behind Git LFS pointers.

A pointer (git-lfs, docs/spec.md) is a few lines of text in place of a file of any size. What they say of it is a hash and a
size, so its lines count as lines of the change, and nothing is known of what they stand for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from riskml.change import Change, FileDiff
from riskml.document import printable

_VERSION = rb"version https://(?:git-lfs|hawser)\.github\.com/spec/v1\n"
_REST = rb"(?:ext-\d-\S+ sha256:[0-9a-f]{64}\n)*oid sha256:[0-9a-f]{64}\n(?:size \d+\n?)?"
_WHOLE = re.compile(_VERSION + _REST)
_PART = re.compile(_REST)  # a pointer that moves keeps its first line, and its last one if the size stays
_LINES = 12  # of a pointer at most: its version, ten extensions, hash and size make no more than that, mostly three


def is_pointer(diff: FileDiff) -> bool:
    r"""Whether a diff changes a Git LFS pointer, or puts one in the place of a text, or a text in the place of one.

    >>> from riskml.change import Hunk
    >>> moved = b"oid sha256:" + b"0" * 64 + b"\nsize 5\n"
    >>> is_pointer(FileDiff("a.bin", "a.bin", hunks=(Hunk(2, 2, 2, 2),), removed=moved, added=moved, lines_before=3))
    True
    >>> is_pointer(FileDiff("a.txt", "a.txt", hunks=(Hunk(1, 0, 2, 2),), added=moved, lines_before=1))
    False
    """
    if any(_WHOLE.fullmatch(side) for side in (diff.added, diff.removed)):
        return True
    short = diff.lines_before is None or diff.lines_before <= _LINES
    return short and all(_PART.fullmatch(side) for side in (diff.added, diff.removed))


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
