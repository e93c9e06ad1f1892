"""The head of one file in a diff of git: from ``diff --git`` to the first hunk."""

from __future__ import annotations

import re
from typing import NamedTuple

from riskml.change import Status
from riskml.parse.hunk import Broken
from riskml.parse.quoting import unquote

_FIELD = re.compile(
    rb"(old mode|new mode|deleted file mode|new file mode|copy from|copy to|rename from|rename to"
    rb"|similarity index|dissimilarity index|index|---|\+\+\+) ([^\n]+)"
)
_BINARY = re.compile(rb"(?:^|\n)(?:Binary files [^\n]* differ(?=\n|\Z)|GIT binary patch\n(?:literal|delta) \d)")
_INDEX = re.compile(rb"([0-9a-f]{4,64})\.\.([0-9a-f]{4,64})(?: ([0-7]{6}))?")
_MODE = re.compile(rb"[0-7]{6}")
_NOWHERE = b"/dev/null"


class FileHead(NamedTuple):
    """What a file's head says; modes are ``None`` and blob ids empty where it does not say."""

    path: str
    old_path: str
    status: Status
    old_mode: int | None
    new_mode: int | None
    old_blob: str
    new_blob: str
    binary: bool


def read_head(text: bytes, at: int, *, hunks: bool) -> FileHead:
    r"""Read a head whose text follows ``diff --git ``; ``at`` is where it stands, ``hunks`` whether hunks come after it.

    >>> head = read_head(b"a/x b/y\nsimilarity index 100%\nrename from x\nrename to y", 0, hunks=False)
    >>> head.status, head.old_path, head.path
    ('R', 'x', 'y')
    """
    binary = _BINARY.search(text)
    names, *lines = text[: binary.start()].split(b"\n") if binary else text.rstrip(b"\n").split(b"\n")
    fields: dict[bytes, bytes] = {}
    where = at + len(names) + 1
    for line in lines:
        match = _FIELD.fullmatch(line)
        if match is None:
            raise Broken(where, "text that is no part of a file's head", got=line, expected="one such as 'index OLD..NEW MODE'")
        fields[match[1]] = match[2]
        where += len(line) + 1
    status, old_path, path = _names(names, fields, at)
    if hunks:
        _check_marks(fields, status, old_path, path, at)
    elif b"---" in fields or b"+++" in fields:
        raise Broken(where, "a file without its hunks", got=b"", expected="a line that begins with '@@ -'")
    old_blob, new_blob, mode = _index(fields, at)
    old_mode = _mode(fields.get(b"old mode", fields.get(b"deleted file mode", mode)), at)
    new_mode = _mode(fields.get(b"new mode", fields.get(b"new file mode", mode)), at)
    return FileHead(path, old_path, status, old_mode, new_mode, old_blob, new_blob, binary is not None)


def _names(header: bytes, fields: dict[bytes, bytes], at: int) -> tuple[Status, str, str]:
    status: Status
    for status, old_field, new_field in (("R", b"rename from", b"rename to"), ("C", b"copy from", b"copy to")):
        if old_field in fields and new_field in fields:
            return status, _inside(unquote(fields[old_field]), at), _inside(unquote(fields[new_field]), at)
    # Without a rename both sides have one name, and prefixes are equally long or absent: the header is two halves.
    half = len(header) // 2
    old, new = unquote(header[:half]), unquote(header[half + 1 :])
    if old != new and old[1:2] == "/":  # a/x b/x, and the i/ w/ c/ o/ of diff.mnemonicPrefix
        old, new = old[2:], new[2:] if new[1:2] == "/" else ""
    if not old or old != new or header[half : half + 1] != b" ":
        raise Broken(at, "a file without its name", got=b"diff --git " + header, expected="'diff --git a/PATH b/PATH'")
    status = "A" if b"new file mode" in fields else "D" if b"deleted file mode" in fields else "M"
    return status, _inside(old, at), _inside(new, at)


def _inside(path: str, at: int) -> str:
    if path.startswith("/") or "\0" in path or not path or ".." in path.split("/"):
        got = path.encode("utf-8", "surrogateescape")
        raise Broken(at, "a path that git cannot write", got=got, expected="a path inside the repository")
    return path


def _check_marks(fields: dict[bytes, bytes], status: Status, old_path: str, path: str, at: int) -> None:
    """Refuse hunks whose ``---`` and ``+++`` lines are missing, or name another file than the header does."""
    for mark, name, absent in ((b"---", old_path, status == "A"), (b"+++", path, status == "D")):
        got = fields.get(mark)
        if got is None:
            raise Broken(at, f"hunks without a '{mark.decode()}' line", got=b"", expected=f"'{mark.decode()} {name}'")
        written = unquote(got.removesuffix(b"\t"))  # git ends a name that has a space with a tab
        if (got == _NOWHERE) if absent else (name in (written, written[2:])):
            continue
        raise Broken(at, "two names for one file", got=mark + b" " + got, expected=f"'{mark.decode()} {name}'")


def _index(fields: dict[bytes, bytes], at: int) -> tuple[str, str, bytes | None]:
    line = fields.get(b"index")
    if line is None:
        return "", "", None
    match = _INDEX.fullmatch(line)
    if match is None:
        raise Broken(at, "not an index line", got=b"index " + line, expected="'index OLD..NEW' with two object ids, and a mode")
    return match[1].decode(), match[2].decode(), match[3]


def _mode(text: bytes | None, at: int) -> int | None:
    if text is None:
        return None
    if _MODE.fullmatch(text) is None:
        raise Broken(at, "not a file mode", got=text, expected="six octal digits such as 100644")
    return int(text, 8)
