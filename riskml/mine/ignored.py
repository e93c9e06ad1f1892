"""Commits that only lay out anew what others wrote, as the repository's own list says, and whose their lines remain."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from riskml.change import Hunk
from riskml.errors import ObjectMissing, TooLarge
from riskml.parse.ignored import read_ignored
from riskml.ports import LogSource

FILE = ".git-blame-ignore-revs"
"""Where projects keep the list by custom; GitHub and GitLab read it there, too. No configuration names another one."""


def ignored_at(source: LogSource, tip: str, notice: Callable[[str], None]) -> frozenset[str]:
    """Return the full ids that the list at a commit names; none if there is no list, or it cannot be read, which is told.

    An abbreviated id is not looked up: it may mean another commit tomorrow, and ``git blame`` refuses it.
    """
    try:
        content = source.read_file(tip, FILE)
    except (ObjectMissing, TooLarge) as error:
        notice(f"{FILE} is not heeded: {error}")
        return frozenset()
    shas, others = read_ignored(content or b"")
    if others:
        notice(f"{FILE}: {len(others)} {'entry is' if len(others) == 1 else 'entries are'} not heeded, "
               f"which should be full ids ({_listed([repr(entry[:60]) for entry in others])})")
    return shas


def tell_absent(ignored: frozenset[str], history: Collection[str], notice: Callable[[str], None]) -> None:
    """Say which ids of the list no commit of the history has, as after a merge that squashed or rebased."""
    absent = ignored.difference(history)
    if absent:
        notice(f"{FILE}: {len(absent)} {'id is' if len(absent) == 1 else 'ids are'} of no commit in this history "
               f"({_listed(sorted(absent))})")


def reworked(before: bytes, hunks: Sequence[Hunk], own: bytes) -> bytes:
    """Return the writers of a file's lines after an ignored commit. ``before`` and the result hold ``len(own)`` bytes a line.

    In each hunk a line takes over the writer of the line that it replaced, first for first, as far as they go. What is left
    over has nobody before it: it is the commit's ``own``. (``git blame`` looks for the most similar line; where a hunk
    replaces as many lines as it has, as most of a formatter's do, that is the same.)
    """
    width = len(own)
    parts: list[bytes] = []
    at = 0
    for old_start, old_lines, _, new_lines in hunks:
        start = (old_start - 1 if old_lines else old_start) * width
        parts.append(before[at:start])
        at = start + old_lines * width
        parts.append(before[start:min(at, start + new_lines * width)])
        parts.append(own * (new_lines - old_lines))
    parts.append(before[at:])
    return b"".join(parts)


def _listed(entries: Sequence[str]) -> str:
    return ", ".join(entries[:3]) + (", …" if len(entries) > 3 else "")
