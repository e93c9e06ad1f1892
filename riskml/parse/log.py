r"""The bytes of ``git log --raw -p -U0``, cut into commits and files at the speed of ``bytes.split``.

Two facts of the format make a line-by-line reader unnecessary:

* ``FORMAT`` opens each header with two NULs at the start of a line. A header's own fields cannot hold a NUL, and a line of a
  patch never starts with one, so ``\n\0\0`` is the start of a commit and nothing else.
* In a patch without context every line of a body starts with ``+``, ``-`` or ``\``. So ``\ndiff --git`` and ``\n@@ -`` can only
  be heads, and inside a hunk, where all removed lines come first, ``\n+`` is the border between the two blocks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial

from riskml.change import Change, Commit, FileDiff, Hunk, Person, Status
from riskml.errors import MalformedDiff
from riskml.parse.diff import unquote

FORMAT = "%x00%x00%H%x00%P%x00%at%x00%ct%x00%ad%x00%an%x00%ae%x00%B%x00"
"""The header that ``commits`` understands. ``%ad`` must be the zone alone: ``--date=format:%z``."""

_HEADERS = ("--no-color", "--encoding=UTF-8", "--no-notes", "--no-show-signature", "--date=format:%z", f"--format={FORMAT}")
_RAW = ("--raw", "--no-abbrev", "--root", "--diff-merges=off", "--ignore-submodules=none")
TREES = (*_HEADERS, *_RAW, "--no-renames")
"""Options of ``git log`` for headers and the names of files alone; no blob is read."""

_RENAMES = ("--find-renames=50%", "-l1000")
NAMES = (*_HEADERS, *_RAW, *_RENAMES)
"""Options for headers and names, with renames found: reads the blobs of possible renames only."""

ARGUMENTS = (
    *_HEADERS, *_RAW, *_RENAMES, "--patch", "--unified=0", "--inter-hunk-context=0", "--no-ext-diff", "--no-textconv",
    "--diff-algorithm=myers", "--indent-heuristic", "--submodule=short", "--src-prefix=a/",
    "--dst-prefix=b/",
)
"""Every option of ``git log`` that headers, names and patches depend on, so that no configuration of a user changes them."""

_START = b"\n\0\0"
_FIELDS = 8
_CHUNK = 1 << 20
_HUNK = re.compile(rb"\n@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@[^\n]*\n")
_hunk = partial(tuple.__new__, Hunk)  # a named tuple's own constructor takes twice as long
_NO_NEWLINE = re.compile(rb"\n\\[^\n]*")
_GITLINK = 0o160000
_STATUSES: dict[str, Status] = {"A": "A", "M": "M", "D": "D", "R": "R", "C": "C", "T": "T"}


def commits(
    read: Callable[[int], bytes], *, lines_of: Callable[[str], int | None] = lambda _blob: None, patches: bool = True
) -> Iterator[Change]:
    r"""Yield one ``Change`` of kind ``commit`` per commit of the stream, in its order.

    ``read(n)`` returns up to ``n`` bytes, and none at the end, as a file's method does. Merges come without files.
    ``lines_of`` tells how many lines an old blob has, ``None`` if unknown; it is asked when its commit is read, so it may
    learn from the commits before. With ``patches=False`` the log was asked for with ``TREES`` or
    ``NAMES``, and files come without hunks.

    Raises ``MalformedDiff`` when the stream is not what ``ARGUMENTS`` makes git write.

    >>> log = b"\0\0abc\0\0" b"7\0" b"7\0+0100\0A\0a@b\0Start\n\0\n\n:000000 100644 0 1 A\tx\n\n" \
    ...       b"diff --git a/x b/x\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+hello\n"
    >>> import io
    >>> [change] = commits(io.BytesIO(log).read)
    >>> change.files[0].path, change.files[0].added, change.commits[0].utc_offset
    ('x', b'hello\n', 60)
    """
    for piece in pieces(read):
        yield _change(piece, lines_of, patches)


def pieces(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """Cut a log at its two NULs before each commit, and yield what lies between them.

    Inside a large commit the reads double, so that the cost stays linear. Raises ``MalformedDiff`` when something else comes
    first.
    """
    rest = b"\n"
    started = False
    while chunk := read(max(_CHUNK, len(rest))):
        *whole, rest = (rest + chunk).split(_START)
        if whole and not started:
            _nothing(whole.pop(0))
            started = True
        yield from whole
    if started:
        yield rest.rstrip(b"\n")  # only the last one has its newline still
    else:
        _nothing(rest)


def _nothing(before: bytes) -> None:
    if before.strip():
        raise MalformedDiff("the log does not start with a commit", got=before[:80], expected="git log in riskml's format")


def _change(piece: bytes, lines_of: Callable[[str], int | None], patches: bool) -> Change:
    fields = piece.split(b"\0", _FIELDS)
    if len(fields) <= _FIELDS:
        raise MalformedDiff("a commit ends inside its header", got=piece[:80], expected=f"{_FIELDS} fields ended by NUL")
    sha, parents, authored, committed, zone, name, email, message, rest = fields
    try:
        commit = Commit(
            sha=sha.decode("ascii"), message=message.decode("utf-8", "replace"), authored_at=int(authored),
            committed_at=int(committed), utc_offset=_minutes(zone), parents=tuple(parents.decode("ascii").split()),
            author=Person(name.decode("utf-8", "replace"), email.decode("utf-8", "replace")),
        )
        files = _files(rest, lines_of, patches) if len(rest) > 1 else ()
    except (ValueError, LookupError) as error:
        raise MalformedDiff(f"the log holds what git does not write ({error})", where=f"commit {sha!r}") from error
    except MalformedDiff as error:
        where = f"commit {sha.decode('ascii', 'replace')}"
        raise MalformedDiff(error.what, where=where, got=error.got, expected=error.expected) from error
    base = commit.parents[0] if commit.parents else None
    return Change(files=files, commits=(commit,), at=commit.committed_at, base=base, head=commit.sha, kind="commit")


def _minutes(zone: bytes) -> int:
    """Turn ``+0130`` into 90. Git writes any number somebody once set as a zone, so only its shape is checked."""
    hours, minutes = divmod(int(zone[1:] or b"0"), 100)
    return (-1 if zone[:1] == b"-" else 1) * (60 * hours + minutes)


def _files(rest: bytes, lines_of: Callable[[str], int | None], patched: bool) -> tuple[FileDiff, ...]:
    raw, *patches = rest.split(b"\ndiff --git ")
    patches.reverse()
    files = []
    for entry in raw.split(b"\n"):
        if not entry.startswith(b":"):
            continue
        meta, *paths = entry.split(b"\t")
        # A change of type (a file becomes a link) is printed as a deletion and a creation.
        wanted = (2 if meta.endswith(b" T") else 1) if patched else 0
        if len(patches) < wanted:
            raise MalformedDiff("a file has no patch", got=entry, expected="one patch for each file of a commit")
        files.append(_file(meta, paths, [patches.pop() for _ in range(wanted)], lines_of))
    if patches:
        raise MalformedDiff("a patch belongs to no file", got=patches[-1][:80], expected="one patch for each file of a commit")
    return tuple(files)


def _file(
    meta: bytes, paths: list[bytes], patches: list[bytes], lines_of: Callable[[str], int | None]
) -> FileDiff:
    old_mode, new_mode, old_blob, new_blob, kind = meta[1:].decode("ascii").split(" ")
    modes = int(old_mode, 8), int(new_mode, 8)
    submodule = _GITLINK in modes
    binary = False
    hunks: list[Hunk] = []
    added = removed = b""
    if not submodule:
        for patch in patches:
            body = _body(patch, hunks)
            if body is None:
                binary, added, removed = True, b"", b""
                hunks.clear()
                break
            added, removed = added + body[0], removed + body[1]
    path = unquote(paths[-1])
    return FileDiff(
        path=path, old_path=path if len(paths) == 1 else unquote(paths[0]), status=_STATUSES[kind[0]], hunks=tuple(hunks),
        added=added, removed=removed, binary=binary, submodule=submodule, old_mode=modes[0], new_mode=modes[1],
        old_blob=old_blob.strip("0") and old_blob, new_blob=new_blob.strip("0") and new_blob,
        lines_before=0 if kind == "A" else None if binary or submodule else lines_of(old_blob),
    )


def _body(patch: bytes, hunks: list[Hunk]) -> tuple[bytes, bytes] | None:
    """Append the hunks of one patch and return its added and its removed lines; ``None`` if its content is binary.

    Nine tenths of the time of reading a log is spent here, so it calls nothing that is not written in C.
    """
    head, *parts = _HUNK.split(patch)
    if not parts:
        if b"\n@@ -" in head:
            raise MalformedDiff("unreadable head of a hunk", got=head[-60:], expected="@@ -line,count +line,count @@")
        return None if b"\nBinary files " in head else (b"", b"")
    old_counts = [int(count) if count else 1 for count in parts[1::5]]
    new_counts = [int(count) if count else 1 for count in parts[3::5]]
    hunks += map(_hunk, zip(map(int, parts[0::5]), old_counts, map(int, parts[2::5]), new_counts, strict=True))
    added: list[bytes] = []
    removed: list[bytes] = []
    for body, old, new in zip(parts[4::5], old_counts, new_counts, strict=True):
        if not new:
            removed.append(body)
        elif not old:
            added.append(body)
        else:
            border = body.find(b"\n+")
            removed.append(body[:border])
            added.append(body[border + 1:])
    return _lines(added, b"\n+", sum(new_counts)), _lines(removed, b"\n-", sum(old_counts))


def _lines(blocks: list[bytes], mark: bytes, count: int) -> bytes:
    """Join blocks of lines, take off the mark in front of each, and make sure that none was lost."""
    if not blocks:
        return b""
    first = blocks[0]
    text = b"\n".join((memoryview(first)[1:], *blocks[1:], b""))  # no line ends before the first mark
    lines = text.replace(mark, b"\n")
    got = lines.count(b"\n")
    if got != count:
        text = _NO_NEWLINE.sub(b"", text)  # "\\ No newline at end of file"
        lines = text.replace(mark, b"\n")
        got = lines.count(b"\n")
    if not count == got == len(text) - len(lines) + 1 or first[:1] != mark[1:]:
        raise MalformedDiff("a hunk does not hold the lines that its head announces", got=got, expected=f"{count} lines")
    return lines
