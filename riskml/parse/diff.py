"""Unified diffs as git writes them, from bytes to ``FileDiff`` records.

A file's part begins with ``diff --git`` and a hunk with ``@@ -``, while each line of a hunk's body begins with a space, ``+``,
``-`` or a backslash. So neither mark can occur inside a body, and splitting at them is exact as well as fast. Everything is
checked as it is read: a diff that lost a line or a hunk on its way is refused, and never scored as a smaller one.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NamedTuple

from riskml.change import FileDiff, Hunk
from riskml.errors import MalformedDiff, TooLarge
from riskml.parse.filehead import FileHead, read_head
from riskml.parse.hunk import HUNK, Broken, read_hunk
from riskml.parse.quoting import unquote

__all__ = ["DIFF_OPTIONS", "HUNK", "LIMIT", "parse_patch", "unquote"]

DIFF_OPTIONS: tuple[str, ...] = (
    "--patch", "--raw", "--no-abbrev", "--full-index", "--unified=0", "--inter-hunk-context=0", "--diff-algorithm=myers",
    "--indent-heuristic", "--find-renames=50%", "-l1000", "--no-color", "--no-ext-diff", "--no-textconv", "--no-relative",
    "--submodule=short", "--ignore-submodules=none", "--src-prefix=a/", "--dst-prefix=b/", "--ws-error-highlight=none",
)  # fmt: skip
"""What to ask git for, whoever asks, so that one change has one diff: every option that a configuration could set otherwise."""

LIMIT = 32 * 1024 * 1024
"""The largest diff that is parsed unless the caller says otherwise, in bytes."""

_FILE = b"\ndiff --git "
_HUNK = b"\n@@ -"
_RAW = re.compile(
    rb":([0-7]{6}) ([0-7]{6}) ([0-9a-f]{4,64})(?:\.{3})? ([0-9a-f]{4,64})(?:\.{3})? [A-Z]\d*\t([^\t]+)(?:\t([^\t]+))?"
)
_GITLINK = 0o160000
_REGULAR = 0o100644
_EMPTY_BLOBS = (
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",  # SHA-1
    "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",  # SHA-256
)
_WANTED = "'diff --git a/PATH b/PATH', as `git diff BASE...HEAD` writes it"


def parse_patch(data: bytes, *, limit: int = LIMIT) -> tuple[FileDiff, ...]:
    r"""Parse a two-way unified diff of git, with any context, with or without ``--raw`` lines before it.

    Hunks come in ``-U0`` form, one per run of changed lines, so that nothing depends on the context that was asked for.
    Blob ids are kept only when they are whole; an id of zeros or an abbreviated one is ``""``, which is unknown. A type change,
    which git writes as a deletion followed by a creation, is one record of status ``T``. The mode of a side that does not exist
    is 0; a mode that the diff does not tell, as in a pure rename without ``--raw``, counts as that of a regular file. No bytes
    are no files. (Git trims the common end of two files before a ``-U0`` diff. In about one change of a hundred it therefore
    pairs equal lines otherwise than with context, and nobody who has only the diff can know; sums of lines never differ.)

    Raises ``TooLarge`` over ``limit`` bytes, and ``MalformedDiff`` with the line number for anything that is not such a diff:
    combined diffs of merges, truncated ones, counts that do not add up, other text before or between the files.

    >>> (file,) = parse_patch(b"diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n same\n-old\n+new\n")
    >>> file.path, file.status, file.hunks, file.removed, file.added
    ('x', 'M', (Hunk(old_start=2, old_lines=1, new_start=2, new_lines=1),), b'old\n', b'new\n')
    """
    if len(data) > limit:
        raise TooLarge("the diff is too large", got=f"{len(data)} bytes", expected=f"at most {limit} bytes")
    try:
        return _files(data)
    except Broken as broken:
        raise _malformed(data, broken) from None


class _Raw(NamedTuple):
    old_mode: int
    new_mode: int
    old_blob: str
    new_blob: str


def _files(data: bytes) -> tuple[FileDiff, ...]:
    preamble, *blocks = (b"\n" + data.removesuffix(b"\n")).split(_FILE)
    raws = _raw_lines(preamble[1:])
    if not blocks and data.strip():
        raise Broken(0, "no file in the diff", got=data.lstrip(), expected=_WANTED)
    files: list[FileDiff] = []
    at = len(preamble)
    for block in blocks:
        file = _file(block, at + len(_FILE) - 1)
        if files and file.status == "A" and files[-1].status == "D" and files[-1].path == file.path:
            file = _type_change(files.pop(), file)
        files.append(file)
        at += len(_FILE) + len(block)
    return _completed(files, raws) if raws else tuple(files)


def _raw_lines(preamble: bytes) -> dict[str, _Raw]:
    """Read the ``--raw`` lines before the patch, keyed by the path they end with."""
    raws: dict[str, _Raw] = {}
    at = 0
    for line in preamble.split(b"\n"):
        match = _RAW.fullmatch(line)
        if match:
            old_mode, new_mode, old_blob, new_blob, path, new_path = match.groups()
            raw = _Raw(int(old_mode, 8), int(new_mode, 8), _whole(old_blob.decode()), _whole(new_blob.decode()))
            raws[unquote(new_path or path)] = raw
        elif line:
            raise Broken(at, "text that is no part of a diff", got=line, expected=_WANTED)
        at += len(line) + 1
    return raws


def _file(block: bytes, at: int) -> FileDiff:
    text, *bodies = block.split(_HUNK)
    head = read_head(text, at, hunks=bool(bodies))
    hunks: list[Hunk] = []
    removed: list[bytes] = []
    added: list[bytes] = []
    at += len(text) + 1
    shift = 0  # how far the earlier hunks moved the new lines against the old ones
    for body in bodies:
        runs = read_hunk(_HUNK[1:] + body, at)
        for hunk in runs.hunks:
            moved = hunk.new_start + (not hunk.new_lines) - hunk.old_start - (not hunk.old_lines)
            if moved != shift or (hunks and hunk.old_start < hunks[-1].old_start + hunks[-1].old_lines):
                raise Broken(at, "a hunk that does not follow the one before", got=_HUNK[1:] + body,
                             expected=f"new lines that stand {shift} after the old ones, as the earlier hunks say")  # fmt: skip
            shift += hunk.new_lines - hunk.old_lines
            hunks.append(hunk)
        removed.append(runs.removed)
        added.append(runs.added)
        at += len(_HUNK) + len(body)
    if not hunks and not head.binary and _text_is_missing(head):
        raise Broken(at - 1, "a file without its hunks", got=b"", expected="a line that begins with '@@ -'")
    file = FileDiff(
        path=head.path,
        old_path=head.old_path,
        status=head.status,
        hunks=tuple(hunks),
        added=b"".join(added),
        removed=b"".join(removed),
        binary=head.binary,
        submodule=_GITLINK in (head.old_mode, head.new_mode),
        old_mode=_mode(head.old_mode, head.new_mode, absent=head.status == "A"),
        new_mode=_mode(head.new_mode, head.old_mode, absent=head.status == "D"),
        old_blob=_whole(head.old_blob),
        new_blob=_whole(head.new_blob),
        lines_before=_lines_before(head, hunks),
    )
    return _without_text(file) if file.submodule else file


def _without_text(file: FileDiff) -> FileDiff:
    """Take the text off a file that has none of its own: git shows a submodule as the line "Subproject commit ID"."""
    return replace(file, hunks=(), removed=b"", added=b"", lines_before=0 if file.status == "A" else None)


def _text_is_missing(head: FileHead) -> bool:
    """Whether the two blobs differ in more than an empty one coming or going, so that there must have been hunks."""
    blobs = {blob for blob in (head.old_blob, head.new_blob) if blob.strip("0")}
    return head.old_blob != head.new_blob and any(not _is_empty(blob) for blob in blobs)


def _is_empty(blob: str) -> bool:
    return any(empty.startswith(blob) for empty in _EMPTY_BLOBS)


def _lines_before(head: FileHead, hunks: list[Hunk]) -> int | None:
    """Return the old file's length where the diff alone tells it: a new file has none, a deleted one shows all."""
    if head.status == "A":
        return 0
    if head.status == "D" and not head.binary:
        return sum(hunk.old_lines for hunk in hunks)
    return None


def _type_change(gone: FileDiff, new: FileDiff) -> FileDiff:
    file = replace(
        new,
        status="T",
        hunks=gone.hunks + new.hunks,
        removed=gone.removed,
        binary=gone.binary or new.binary,
        submodule=gone.submodule or new.submodule,
        old_mode=gone.old_mode,
        old_blob=gone.old_blob,
        lines_before=gone.lines_before,
    )
    return _without_text(file) if file.submodule or file.binary else file


def _completed(files: list[FileDiff], raws: dict[str, _Raw]) -> tuple[FileDiff, ...]:
    """Add what only the ``--raw`` lines say: modes and blobs of files that were renamed or changed mode with the same text."""
    odd = {file.path for file in files} ^ raws.keys()
    if odd:
        path = min(odd).encode("utf-8", "surrogateescape")
        raise Broken(0, "the --raw lines and the patch name different files", got=path, expected="each file in both")
    return tuple(
        replace(
            file,
            old_mode=raw.old_mode,
            new_mode=raw.new_mode,
            old_blob=raw.old_blob or file.old_blob,
            new_blob=raw.new_blob or file.new_blob,
            submodule=_GITLINK in (raw.old_mode, raw.new_mode),
        )
        for file, raw in ((file, raws[file.path]) for file in files)
    )


def _whole(blob: str) -> str:
    return blob if len(blob) in (40, 64) and blob.strip("0") else ""


def _mode(own: int | None, other: int | None, *, absent: bool) -> int:
    if absent:
        return 0
    return _REGULAR if own is None and other is None else own or other or 0


def _malformed(data: bytes, broken: Broken) -> MalformedDiff:
    line = broken.got.split(b"\n", 1)[0]
    what, expected = broken.what, broken.expected
    if line.startswith((b"diff --cc ", b"diff --combined ", b"@@@ ", b"::")):
        what, expected = "a combined diff of a merge", f"a diff of two sides: {_WANTED}"
    elif line.startswith(b"Submodule "):
        what, expected = "a submodule written as its log", "`git diff --submodule=short BASE...HEAD`"
    elif line.endswith(b"\r"):
        what, expected = "line ends that became CRLF on the way", "the bytes as git wrote them"
    number = data.count(b"\n", 0, broken.at) + 1
    where = f"line {number}" if broken.at < len(data) else "the end"
    return MalformedDiff(what, where=where, got=line.decode("utf-8", "backslashreplace"), expected=expected)
