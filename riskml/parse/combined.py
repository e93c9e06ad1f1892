"""What merges wrote themselves: the bytes of ``git log -c``, which shows files that differ from those of every parent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import groupby
from typing import NamedTuple

from riskml.errors import MalformedDiff
from riskml.parse.log import pieces
from riskml.parse.quoting import unquote

_COMMON = ("--no-color", "--no-notes", "--no-show-signature", "--no-abbrev", "--format=%x00%x00%H%x00", "--raw",
           "--ignore-submodules=none")
COMBINED_NAMES = (*_COMMON, "-c", "--combined-all-paths", "--no-renames")
"""Options for the names and blobs of files that differ from every parent; no blob is read."""

COMBINED = (*_COMMON, "-c", "--patch", "--unified=1", "--no-ext-diff", "--no-textconv", "--diff-algorithm=myers",
            "--indent-heuristic", "--submodule=short", "--combined-all-paths")
"""Options for files that differ from every parent; ``--no-renames`` or ``--find-renames=50%`` must be added."""

FIRST_PARENT = (*_COMMON, "--diff-merges=first-parent", "--no-renames")
"""Options for the names and blobs in which merges differ from their first parent; no blob is read."""

_NEW_START = re.compile(rb" \+(\d+)(?:,(\d+))? @@@")


class Rows(NamedTuple):
    """Some lines of a combined hunk that agree on who has them.

    ``kept``: they are in the result. ``marks`` has one character per parent: for lines that are kept, a blank means that the
    parent has them; for others, ``-`` means that the parent had them.
    """

    kept: bool
    marks: bytes
    lines: int


class CombinedHunk(NamedTuple):
    """Where it starts in the result (from 0), and its lines."""

    start: int
    rows: tuple[Rows, ...]


class CombinedFile(NamedTuple):
    """A file of a merge. ``parents`` holds its path and its blob in each parent (an empty blob: not there).

    ``hunks`` is ``None`` when git printed no patch: binary, or the very file of a renamed parent.
    """

    path: str
    blob: str
    parents: tuple[tuple[str, str], ...]
    hunks: tuple[CombinedHunk, ...] | None


class Took(NamedTuple):
    """A path of a merge that is not as in its first parent; an empty blob: not there, or no file."""

    path: str
    blob: str


def combined(read: Callable[[int], bytes]) -> Iterator[tuple[str, tuple[CombinedFile, ...]]]:
    """Yield each merge of a log that was asked for with ``COMBINED``, and its files.

    Raises ``MalformedDiff`` for anything else.
    """
    for piece in pieces(read):
        sha, _, rest = piece.partition(b"\0")
        raw, *patches = rest.split(b"\ndiff --combined ")
        bodies = {unquote(patch.partition(b"\n")[0]): patch for patch in patches}
        try:
            files = tuple([_file(line, bodies) for line in raw.split(b"\n") if line.startswith(b"::")])
        except (ValueError, LookupError) as error:
            raise MalformedDiff(f"a merge holds what git does not write ({error})", where=f"commit {sha!r}") from error
        yield sha.decode("ascii"), files


def first_parent(read: Callable[[int], bytes]) -> Iterator[tuple[str, tuple[Took, ...]]]:
    """Yield each merge of a log that was asked for with ``FIRST_PARENT``, and what it did not take from its first parent.

    Raises ``MalformedDiff`` for anything else.
    """
    for piece in pieces(read):
        sha, _, rest = piece.partition(b"\0")
        took = []
        for line in rest.split(b"\n"):
            if line.startswith(b":"):
                meta, _, path = line.partition(b"\t")
                fields = meta.split(b" ")
                if len(fields) != 5:
                    raise MalformedDiff("a merge holds what git does not write", where=f"commit {sha!r}", got=line)
                is_file = fields[1].startswith((b"10", b"12")) and fields[4] != b"D"
                took.append(Took(unquote(path), fields[3].decode("ascii") if is_file else ""))
        yield sha.decode("ascii"), tuple(took)


def _file(line: bytes, bodies: dict[str, bytes]) -> CombinedFile:
    meta, *paths = line.split(b"\t")
    number = len(meta) - len(meta.lstrip(b":"))
    fields = meta[number:].split(b" ")
    blobs = [blob.decode("ascii") for blob in fields[number + 1:2 * number + 2]]
    *old_paths, path = map(unquote, paths)
    parents = tuple([(old, blob if blob.strip("0") else "") for old, blob in zip(old_paths, blobs[:-1], strict=True)])
    body = bodies.get(path)
    blob = blobs[-1] if fields[number].startswith((b"10", b"12")) else ""
    return CombinedFile(path, blob, parents, None if body is None else _hunks(body, number))


def _hunks(body: bytes, parents: int) -> tuple[CombinedHunk, ...] | None:
    head, *hunks = body.split(b"\n" + b"@" * (parents + 1) + b" -")
    if not hunks:
        return None if b"\nBinary files " in head else ()
    return tuple([_hunk(hunk, parents) for hunk in hunks])


def _hunk(hunk: bytes, parents: int) -> CombinedHunk:
    span = _NEW_START.search(hunk)
    if span is None:
        raise ValueError("unreadable head of a combined hunk")
    lines = [line[:parents] for line in hunk.split(b"\n")[1:] if line and not line.startswith(b"\\")]
    rows = tuple([Rows(b"-" not in marks, marks, sum(1 for _ in same)) for marks, same in groupby(lines)])
    start, count = int(span[1]), int(span[2] or 1)
    if sum(row.lines for row in rows if row.kept) != count:
        raise ValueError("a combined hunk does not hold the lines that its head announces")
    return CombinedHunk(start - 1 if count else start, rows)
