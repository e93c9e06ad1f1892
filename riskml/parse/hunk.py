"""One hunk of a unified diff: its head, and its body as runs of changed lines, whatever context surrounds them."""

from __future__ import annotations

import re
from itertools import groupby
from typing import NamedTuple

from riskml.change import Hunk

HUNK = re.compile(rb"@@ -(\d{1,10})(?:,(\d{1,10}))? \+(\d{1,10})(?:,(\d{1,10}))? @@")
"""The head of a hunk; an absent count means 1."""

_END_OF_HEAD = re.compile(rb"(?: [^\n]*)?(?:\n|\Z)")


class Broken(Exception):  # noqa: N818 - not of the error tree: it becomes MalformedDiff where the line number is known
    """Bytes that are not a diff, with the offset at which that shows."""

    def __init__(self, at: int, what: str, *, got: bytes, expected: str) -> None:
        self.at = at
        self.what = what
        self.got = got
        self.expected = expected
        super().__init__(what)


class Runs(NamedTuple):
    """What a hunk changes: one ``Hunk`` per run of changed lines, and the lines removed and added, without their marks."""

    hunks: list[Hunk]
    removed: bytes
    added: bytes


def read_hunk(text: bytes, at: int) -> Runs:
    r"""Read a hunk that ends before its last newline; ``at`` is where it stands in the diff.

    Raises ``Broken`` when the head is none, when a line of the body has no mark, and when the lines are not as many as the
    head says.

    >>> read_hunk(b"@@ -1,3 +1,3 @@ def f():\n a\n-b\n+B\n c", 0)
    Runs(hunks=[Hunk(old_start=2, old_lines=1, new_start=2, new_lines=1)], removed=b'b\n', added=b'B\n')
    """
    match = HUNK.match(text)
    rest = match and _END_OF_HEAD.match(text, match.end())
    if match is None or rest is None:
        raise Broken(at, "not the head of a hunk", got=text, expected="'@@ -START,LINES +START,LINES @@'")
    old_start, old_lines, new_start, new_lines = match.groups()
    head = Hunk(int(old_start), int(old_lines or 1), int(new_start), int(new_lines or 1))
    body = text[rest.end() :] + b"\n"
    return _without_context(head, body) or _with_context(head, body, at + rest.end())


def _without_context(head: Hunk, body: bytes) -> Runs | None:
    """Split a body of a removed block and an added block, the whole of a ``-U0`` hunk; ``None`` if it is anything else."""
    cut = len(body) if not head.new_lines else body.find(b"\n+") + 1 if head.old_lines else 0
    removed, added = body[:cut], body[cut:]
    if not (_all_marked(removed, b"-", head.old_lines) and _all_marked(added, b"+", head.new_lines)):
        return None
    return Runs([head], removed[1:].replace(b"\n-", b"\n"), added[1:].replace(b"\n+", b"\n"))


def _all_marked(block: bytes, mark: bytes, lines: int) -> bool:
    """Whether the block has this many lines, each with the mark; by counting, which is far faster than a loop."""
    if not lines:
        return not block
    return block.startswith(mark) and block.count(b"\n") == lines and block.count(b"\n" + mark) == lines - 1


def _with_context(head: Hunk, body: bytes, at: int) -> Runs:
    """Read a body line by line: the slow way, for any context and any order of marks."""
    hunks: list[Hunk] = []
    removed: list[bytes] = []
    added: list[bytes] = []
    # A side without lines is counted from 0: its next line is the one after its start.
    old, new = head.old_start + (not head.old_lines), head.new_start + (not head.new_lines)
    old_end, new_end = old + head.old_lines, new + head.new_lines
    for changed, group in groupby(_body_lines(head, body, at), key=lambda line: line[:1] != b" "):
        lines = list(group)
        minus = [line[1:] for line in lines if line[:1] != b"+"]
        plus = [line[1:] for line in lines if line[:1] != b"-"]
        if changed:
            hunks.append(Hunk(old - (not minus), len(minus), new - (not plus), len(plus)))
            removed += minus
            added += plus
        old += len(minus)
        new += len(plus)
    if (old, new) != (old_end, new_end) or not hunks:
        got = b"%d old and %d new lines" % (head.old_lines + old - old_end, head.new_lines + new - new_end)
        expected = f"{head.old_lines} old and {head.new_lines} new lines, some of them changed, as the hunk's head says"
        raise Broken(at, "a hunk of the wrong length", got=got, expected=expected)
    return Runs(hunks, _text(removed), _text(added))


def _body_lines(head: Hunk, body: bytes, at: int) -> list[bytes]:
    """Return the lines with a mark of space, ``-`` or ``+``, without git's remarks on a missing newline."""
    lines = body[:-1].split(b"\n")
    if not lines[-1]:
        surplus = sum(line[:1] not in (b"+", b"\\") for line in lines) - head.old_lines
        while surplus > 0 and lines and not lines[-1]:  # blank lines after the hunk
            lines.pop()
            surplus -= 1
    for line in lines:
        if line[:1] not in (b" ", b"-", b"+", b"\\", b""):
            where = at + (b"\n" + body).find(b"\n" + line)
            raise Broken(where, "text that is no part of a diff", got=line, expected="a line that begins with ' ', '+' or '-'")
    # An empty line is context, too: diff.suppressBlankEmpty writes it so.
    return [line or b" " for line in lines if line[:1] != b"\\"]


def _text(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)
