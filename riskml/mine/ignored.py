"""Commits that only lay out anew what others wrote, as the repository's own list says, and whose their lines remain."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from difflib import SequenceMatcher

from riskml.change import FileDiff
from riskml.errors import ObjectMissing, TooLarge
from riskml.parse.ignored import read_ignored
from riskml.ports import LogSource

FILE = ".git-blame-ignore-revs"
"""Where projects keep the list by custom; GitHub and GitLab read it there, too. No configuration names another one."""

_LONG = 2_000  # lines of a hunk, above which finding equal ones may take long
_NO_WORD = re.compile(rb"[^\w]+")


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


def reworked(before: bytes, diff: FileDiff, own: bytes) -> bytes:
    """Return the writers of a file's lines after an ignored commit. ``before`` and the result hold ``len(own)`` bytes a line.

    In each hunk a line takes over the writer of the line that has the same words. Between such pairs lines are taken first
    for first, as far as they go; what is left over has nobody before it: it is the commit's ``own``. (``git blame`` looks for
    the most similar line in the whole file.)
    """
    width = len(own)
    removed, added = diff.removed.split(b"\n"), diff.added.split(b"\n")
    parts: list[bytes] = []
    at = gone = come = 0
    for old_start, old_lines, _, new_lines in diff.hunks:
        start = (old_start - 1 if old_lines else old_start) * width
        parts.append(before[at:start])
        at = start + old_lines * width
        pairs = _pairs(removed[gone:gone + old_lines], added[come:come + new_lines])
        parts += [own if old is None else before[start + old * width:start + (old + 1) * width] for old in pairs]
        gone, come = gone + old_lines, come + new_lines
    parts.append(before[at:])
    return b"".join(parts)


def _pairs(old: Sequence[bytes], new: Sequence[bytes]) -> list[int | None]:
    """Return for each new line of a hunk which old one it replaced, if any.

    >>> _pairs([b"f(1, 2)", b"g( )", b"h('a')"], [b"f(", b"    1,", b"    2", b")", b"g()", b'h("a")'])
    [0, None, None, None, 1, 2]
    """
    if len(old) == len(new) or not old or len(old) + len(new) > _LONG:
        return [n if n < len(old) else None for n in range(len(new))]
    olds, news = ([_NO_WORD.sub(b"", line) for line in lines] for lines in (old, new))
    found: list[int | None] = [None] * len(new)
    left = right = 0
    for block in SequenceMatcher(a=olds, b=news, autojunk=False).get_matching_blocks():
        for n in range(min(block.a - left, block.b - right)):
            found[right + n] = left + n
        for n in range(block.size):
            found[block.b + n] = block.a + n
        left, right = block.a + block.size, block.b + block.size
    return found


def _listed(entries: Sequence[str]) -> str:
    return ", ".join(entries[:3]) + (", …" if len(entries) > 3 else "")
