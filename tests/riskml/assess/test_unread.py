"""What lies elsewhere is named, and nothing else is taken for it."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from riskml.assess import notes_on_unread
from riskml.assess.unread import is_pointer
from riskml.change import Change, FileDiff, Hunk

VERSION = b"version https://git-lfs.github.com/spec/v1\n"
OID = b"oid sha256:" + b"4d7a2146" * 8 + b"\n"
SIZE = b"size 12345\n"
WHOLE = VERSION + OID + SIZE


def changed(removed: bytes, added: bytes, *, at: int = 1, of: int | None = None) -> FileDiff:
    """One file, some of whose lines change: those from line ``at`` on, ``of`` so many in all (default: all of it changes)."""
    gone, come = removed.count(b"\n"), added.count(b"\n")
    hunk = Hunk(at - (not gone), gone, at - (not come), come)
    return FileDiff("a.bin", "a.bin", hunks=(hunk,), removed=removed, added=added, lines_before=gone if of is None else of)


@pytest.mark.parametrize(("removed", "added"), [
    (b"", WHOLE), (WHOLE, b""), (b"a text\nof old\n", WHOLE), (WHOLE, b"a text\n"), (b"a text\n" * 999, WHOLE),
    (b"", VERSION.replace(b"git-lfs", b"hawser") + OID + SIZE),
    (WHOLE.replace(b"\n", b"\r\n"), WHOLE), (b"", WHOLE.replace(b"\n", b"\r\n")),
], ids=range(8))
def test_a_pointer_comes_and_goes(removed: bytes, added: bytes):
    """New, gone, in the place of a text or making place for one; checked out with the line ends of Windows, too."""
    assert is_pointer(changed(removed, added))


@pytest.mark.parametrize("length", [3, None])
@pytest.mark.parametrize(("removed", "added"), [
    (OID + SIZE, OID + SIZE), (OID, OID), (OID + SIZE, b"ext-0-foo sha256:" + b"a" * 64 + b"\n" + OID + SIZE),
    ((OID + SIZE).replace(b"\n", b"\r\n"), (OID + SIZE).replace(b"\n", b"\r\n")),
], ids=range(4))
def test_a_pointer_moves(removed: bytes, added: bytes, length: int | None):
    """Its first line stays, and its last one may; how long the file is may be unknown."""
    assert is_pointer(replace(changed(removed, added, at=2), lines_before=length))


@pytest.mark.parametrize(("removed", "added", "at", "length"), [
    (b"", b"", 1, 3), (b"x = 1\n", b"x = 2\n", 1, 3), (OID, OID, 2, 400), (b"", b"see " + VERSION, 1, 3),
    (b"", VERSION + b"and so on\n", 1, 3), (SIZE, SIZE, 3, 3), (b"one\n", OID, 2, 3), (OID, OID, 1, 3),
])
def test_a_text_about_pointers_is_none(removed: bytes, added: bytes, at: int, length: int):
    """Documents quote them, and lock files hold hashes."""
    assert not is_pointer(changed(removed, added, at=at, of=length))


@pytest.mark.parametrize(("removed", "added"), [(b"", WHOLE), (WHOLE, b""), (b"a line\n", WHOLE), (WHOLE, WHOLE)], ids=range(4))
def test_a_text_that_quotes_a_whole_pointer_is_none(removed: bytes, added: bytes):
    """A pointer is all that its file holds: a hundred lines of text with one among them were read."""
    for at in (1, 50):
        assert not is_pointer(changed(removed, added, at=at, of=100))
    assert not is_pointer(replace(changed(removed, added, at=50), lines_before=None))


def test_lines_put_before_a_text_of_unknown_length_are_none():
    """Only an empty file could have become a pointer by that, and a diff without its base does not say that it was."""
    assert not is_pointer(replace(changed(b"", WHOLE), lines_before=None))
    assert is_pointer(replace(changed(b"a text\n", WHOLE), lines_before=None))


def test_what_is_longer_than_a_pointer_can_be_is_not_searched():
    """The specification bounds it below 1024 bytes; a hostile text of megabytes costs nothing."""
    hostile = VERSION + b"ext-0-a sha256:" + b"a" * 64 + b"\n" + (b"ext-0-a sha256:" + b"a" * 64 + b"\n") * 62_500
    long = VERSION + (b"ext-0-" + b"a" * 1000 + b" sha256:" + b"a" * 64 + b"\n") + OID + SIZE
    start = time.perf_counter()
    assert not is_pointer(changed(b"", hostile + OID + SIZE))
    assert time.perf_counter() - start < 0.1
    assert not is_pointer(changed(b"", long))


def test_the_first_is_named_and_the_others_are_counted():
    """Of submodules and of pointers alike; a change that was read in full has no note."""
    pointers = [FileDiff(f"{name}.bin", f"{name}.bin", "A", added=VERSION + OID + SIZE) for name in "ab"]
    moved = FileDiff("libs/x", "libs/x", submodule=True)

    assert notes_on_unread(Change((*pointers, moved))) == (
        "the submodule libs/x moved: what changed inside is unknown, and was not scored",
        "what lies behind the Git LFS pointer a.bin and 1 more was not read: what changed there is unknown, and not scored")
    assert notes_on_unread(Change((changed(b"a\n", b"b\n"),))) == ()
