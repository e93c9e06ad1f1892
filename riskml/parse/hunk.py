"""One hunk of a unified diff: its head, and its body as runs of changed lines, whatever context surrounds them."""

from __future__ import annotations

import re
from typing import NamedTuple

from riskml.change import Hunk

HUNK = re.compile(rb"@@ -(\d{1,10})(?:,(\d{1,10}))? \+(\d{1,10})(?:,(\d{1,10}))? @@")
"""The head of a hunk; an absent count means 1."""

_BLOCK = re.compile(rb"(?:(?: [^\n]*)?\n)+|(?:-[^\n]*\n)+|(?:\+[^\n]*\n)+|(?:\\[^\n]*\n)+")
"""Lines of one kind; an empty one is context, too, as diff.suppressBlankEmpty writes it."""

_CLOSING = b" \n"  # a line of context after the last ends the last run
_END_OF_HEAD = re.compile(rb"(?: [^\n]*)?(?:\n|\Z)")


class Broken(Exception):
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
    """Read a body block by block: the general way, for any context and any order of marks."""
    hunks: list[Hunk] = []
    removed: list[bytes] = []
    added: list[bytes] = []
    # A side without lines is counted from 0: its next line is the one after its start.
    first_old, first_new = head.old_start + (not head.old_lines), head.new_start + (not head.new_lines)
    old, new = first_old, first_new
    minus = plus = end = 0
    for match in _BLOCK.finditer(body + _CLOSING):
        if match.start() != end:
            break
        block, end = match[0], match.end()
        lines = block.count(b"\n")
        if block.startswith(b"-"):
            removed.append(block[1:].replace(b"\n-", b"\n"))
            minus += lines
        elif block.startswith(b"+"):
            added.append(block[1:].replace(b"\n+", b"\n"))
            plus += lines
        elif not block.startswith(b"\\"):
            if minus or plus:
                hunks.append(Hunk(old - (not minus), minus, new - (not plus), plus))
            old, new = old + minus + lines, new + plus + lines
            minus = plus = 0
    if end < len(body):
        expected = "a line that begins with ' ', '+' or '-'"
        raise Broken(at + end, "text that is no part of a diff", got=body[end:], expected=expected)
    _check(head, body, old - first_old - 1, new - first_new - 1, bool(hunks), at)
    return Runs(hunks, b"".join(removed), b"".join(added))


def _check(head: Hunk, body: bytes, old_lines: int, new_lines: int, changed: bool, at: int) -> None:
    surplus = old_lines - head.old_lines
    if surplus > 0 and body.endswith(b"\n" * (surplus + 1)):  # blank lines after the hunk looked like empty context
        old_lines, new_lines = old_lines - surplus, new_lines - surplus
    if (old_lines, new_lines) != (head.old_lines, head.new_lines) or not changed:
        got = b"%d old and %d new lines" % (old_lines, new_lines)
        expected = f"{head.old_lines} old and {head.new_lines} new lines, some of them changed, as the hunk's head says"
        raise Broken(at, "a hunk of the wrong length", got=got, expected=expected)
