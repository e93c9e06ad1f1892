"""What lies elsewhere is named, and nothing else is taken for it."""

from __future__ import annotations

from typing import Any

import pytest

from riskml.assess import notes_on_unread
from riskml.assess.unread import is_pointer
from riskml.change import Change, FileDiff, Hunk

VERSION = b"version https://git-lfs.github.com/spec/v1\n"
OID = b"oid sha256:" + b"4d7a2146" * 8 + b"\n"
SIZE = b"size 12345\n"


def changed(removed: bytes, added: bytes, **more: Any) -> FileDiff:
    """One file, some of whose lines change."""
    hunk = Hunk(1, removed.count(b"\n"), 1, added.count(b"\n"))
    return FileDiff("a.bin", "a.bin", hunks=(hunk,), removed=removed, added=added, **{"lines_before": 3} | more)


@pytest.mark.parametrize(("removed", "added"), [
    (b"", VERSION + OID + SIZE), (VERSION + OID + SIZE, b""), (OID + SIZE, OID + SIZE), (OID, OID),
    (b"a text\nof old\n", VERSION + OID + SIZE), (VERSION + OID + SIZE, b"a text\n"),
    (b"", VERSION.replace(b"git-lfs", b"hawser") + OID + SIZE),
    (OID + SIZE, b"ext-0-foo sha256:" + b"a" * 64 + b"\n" + OID + SIZE),
    (VERSION + OID + SIZE.rstrip(), VERSION + OID + SIZE),
], ids=range(9))
def test_a_pointer_comes_moves_and_goes(removed: bytes, added: bytes):
    """New, gone, moved to another content, in the place of a text or making place for one."""
    assert is_pointer(changed(removed, added))


@pytest.mark.parametrize(("removed", "added", "length"), [
    (b"", b"", 3), (b"x = 1\n", b"x = 2\n", 3), (OID, OID, 400), (b"", b"see " + VERSION, 3),
    (b"", VERSION + b"and so on\n", 3),
    (SIZE, SIZE, 3), (b"one\n", OID, 3),
])
def test_a_text_about_pointers_is_none(removed: bytes, added: bytes, length: int):
    """Documents quote them, and lock files hold hashes."""
    assert not is_pointer(changed(removed, added, lines_before=length))


def test_the_first_is_named_and_the_others_are_counted():
    """Of submodules and of pointers alike; a change that was read in full has no note."""
    pointers = [FileDiff(f"{name}.bin", f"{name}.bin", "A", added=VERSION + OID + SIZE) for name in "ab"]
    moved = FileDiff("libs/x", "libs/x", submodule=True)

    assert notes_on_unread(Change((*pointers, moved))) == (
        "the submodule libs/x moved: what changed inside is unknown, and was not scored",
        "what lies behind the Git LFS pointer a.bin and 1 more was not read: what changed there is unknown, and not scored")
    assert notes_on_unread(Change((changed(b"a\n", b"b\n"),))) == ()
