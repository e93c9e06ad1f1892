"""The log stream, cut at any byte, on everything that git prints in it."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskml.adapters.git import GitRepository
from riskml.change import Change, Hunk
from riskml.errors import MalformedDiff
from riskml.parse import log


def logged(repo, *args: str) -> bytes:
    """Return the log of the tiny repository, oldest commit first."""
    head = repo.git("rev-parse", "HEAD")
    with GitRepository.open(repo.path).stream(["log", "--reverse", "--topo-order", *log.ARGUMENTS, *args, head]) as out:
        return out.read()


def read(data: bytes) -> list[Change]:
    """Read a whole log."""
    return list(log.commits(io.BytesIO(data).read))


def header(sha: str = "a" * 40, message: str = "Change\n") -> bytes:
    """Build the header of one commit."""
    return f"\0\0{sha}\0\0001\0002\0+0000\0Ada\0a@example.org\0{message}\0\n".encode()


def test_log_says_what_reading_commit_by_commit_says(repo):
    """For each commit the stream gives the very record that reading it alone gives."""
    repo.commit("Start", {"a": "1\n2\n3\n", "keep": "x\n", "bin": b"\0\1", "sp ace": "s\n", "caf\u00e9": "c\n", "q\"\t": "q\n"})
    repo.commit("Edit, delete, add", {"a": "1\ntwo\n3", "new": "n"})
    repo.git("mv", "keep", "kept")
    repo.commit("Rename \n\0"[:-1], {"bin": b"\0\2"})
    repo.git("update-index", "--chmod=+x", "a")
    repo.git("commit", "-q", "-m", "Mode")
    repo.remove("new")
    (repo.path / "new").symlink_to("a")
    repo.commit("Type", {"q\"\t": "+q\n-q\n\\ q\n"})
    repo.git("commit", "-q", "--allow-empty", "-m", "Empty")
    opened = GitRepository.open(repo.path)

    changes = read(logged(repo))

    assert len(changes) == 6
    for change in changes:
        alone = opened.commit_change(change.head)
        assert change.commits == alone.commits
        assert (change.at, change.base, change.kind) == (alone.at, alone.base, alone.kind)
        for got, wanted in zip(change.files, alone.files, strict=True):
            assert replace(got, lines_before=None) == replace(wanted, lines_before=None), change.commits[0].message


def test_bodies_that_look_like_heads_are_bodies(repo):
    """Lines of a file that look like the heads of files, hunks and commits stay lines of that file."""
    nasty = b"diff --git a/x b/x\n@@ -1 +1 @@\n\0\0sha\0\0\n+++ b/x\n--- a/x\n\\ No newline at end of file\n:100644\n"
    repo.commit("Start", {"a": b"head\n" * 2000})
    repo.commit("\n@@ -1 +1 @@\ndiff --git a/x b/x\n", {"a": b"head\n" * 2000 + nasty})

    [_, change] = read(logged(repo))

    assert change.files[0].added == nasty
    assert change.files[0].hunks == (Hunk(2000, 0, 2001, 7),)
    assert change.commits[0].message == "\n@@ -1 +1 @@\ndiff --git a/x b/x\n"


def test_missing_newlines_add_no_lines(repo):
    """A file without a newline at its end loses and gains whole lines."""
    repo.commit("Start", {"a": "1\n2"})
    repo.commit("Edit", {"a": "1\n3"})

    [_, change] = read(logged(repo))

    assert (change.files[0].removed, change.files[0].added) == (b"2\n", b"3\n")


def test_merges_come_without_files(repo):
    """A merge has a header with both parents, and no files of its own."""
    base = repo.commit("Start", {"a": "1\n"})
    repo.git("checkout", "-q", "-b", "side")
    repo.commit("Side", {"b": "1\n"})
    repo.git("checkout", "-q", "main")
    repo.commit("Main", {"c": "1\n"})
    repo.merge("side")

    merge = read(logged(repo))[-1]

    assert len(merge.commits[0].parents) == 2
    assert merge.files == ()
    assert base not in merge.commits[0].parents


def test_submodules_have_no_lines(repo, make_repo):
    """A submodule is told from a file, and its id is no text."""
    inner = make_repo("inner")
    inner.commit("Inner", {"x": "1\n"})
    repo.git("submodule", "add", "-q", inner.path.as_uri(), "sub")
    repo.commit("Add the submodule")

    files = {d.path: d for d in read(logged(repo))[0].files}

    assert files["sub"].submodule
    assert (files["sub"].added, files["sub"].hunks, files["sub"].lines_before) == (b"", (), 0)


def test_old_lines_are_asked_for_where_there_is_an_old_text(repo):
    """``lines_of`` is asked about old texts alone; new files had none, binary ones have no lines."""
    repo.commit("Start", {"a": "1\n", "bin": b"\0"})
    repo.commit("Edit", {"a": "2\n", "bin": b"\0\0"})
    asked = []

    changes = list(log.commits(io.BytesIO(logged(repo)).read, lines_of=lambda blob: asked.append(blob) or 7))

    assert [d.lines_before for c in changes for d in c.files] == [0, 0, 7, None]
    assert len(asked) == 1


@settings(max_examples=60, deadline=None)
@given(sizes=st.lists(st.integers(1, 90), min_size=1, max_size=5))
def test_cuts_of_the_stream_do_not_matter(sizes):
    """However the bytes arrive, the commits are the same."""
    raw = b"\n:000000 100644 " + b"0" * 40 + b" " + b"1" * 40 + b" A\tx\n"
    patch = raw + b"\ndiff --git a/x b/x\n--- /dev/null\n+++ b/x\n@@ -0,0 +1 @@\n+y\n"
    data = header("a" * 40) + patch + header("b" * 40, "\n\n") + header("c" * 40) + patch
    source, turn = io.BytesIO(data), iter(sizes * 1000)

    assert list(log.commits(lambda _size: source.read(next(turn)))) == read(data)
    assert len(read(data)) == 3


def test_names_alone_can_be_read(repo):
    """Without patches files have names and blobs, and no hunks."""
    repo.commit("Start", {"a": "1\n"})
    head = repo.git("rev-parse", "HEAD")
    with GitRepository.open(repo.path).stream(["log", *log.TREES, head]) as out:
        [change] = log.commits(out.read, patches=False)

    assert (change.files[0].path, change.files[0].hunks, change.files[0].lines_before) == ("a", (), 0)


def test_nothing_is_no_commit():
    """An empty log has no commits."""
    assert read(b"") == []


@pytest.mark.parametrize(("data", "words"), [
    (b"commit abc\n", "does not start with a commit"),
    (b"\0\0abc\0", "ends inside its header"),
    (header() + b"\n:100644 100644 1 2 M\tx\n", "no patch"),
    (header() + b"\n:100644 100644 1 2 M\tx\n\ndiff --git a/x b/x\n@@ -1 +1 @@\n-a\n", "announces"),
    (header() + b"\n:100644 100644 1 2 M\tx\n\ndiff --git a/x b/x\n@@ -1,2 +1 @@\n-a\n+b\n", "announces"),
    (header() + b"\n:100644 100644 1 2 M\tx\n\ndiff --git a/x b/x\n@@ -1 +0,0 @@\n+a\n", "announces"),
    (header() + b"\n:100644 100644 1 2 M\tx\n\ndiff --git a/x b/x\n@@ -1 +1 @@\n-a\n-b\n", "announces"),
    (header() + b"\n:100644 100644 1 2 M\tx\n\ndiff --git a/x b/x\n@@ -1,2 +0,0 @@\n-a\n\\ no newline\n", "announces"),
    (header() + b"\n:100644 100644 1 2 M\tx\n\ndiff --git a/x b/x\n@@ -1,2 +0,0 @@\n-a\n+b\n", "announces"),
    (header() + b"\n:100644 100644 1 2 M\tx\n\ndiff --git a/x b/x\n@@ -nonsense\n", "unreadable head"),
    (header() + b"\n:100644 100644 1 2 M\tx\n\ndiff --git a/x b/x\ndiff --git a/y b/y\n", "belongs to no file"),
    (header() + b"\n:100644 oops 1 2 M\tx\n\ndiff --git a/x b/x\n", "git does not write"),
    (header() + b"\n:100644 100644 1 2 Z\tx\n\ndiff --git a/x b/x\n", "git does not write"),
])  # fmt: skip
def test_what_git_does_not_write_is_refused(data, words):
    """A log that is cut short or tampered with is an error that says what was expected, never a silent loss of lines."""
    with pytest.raises(MalformedDiff, match=words):
        read(data)
