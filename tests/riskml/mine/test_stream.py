"""Reading ahead from git: order, ends, errors, and nothing left running."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

import pytest

from riskml.adapters.git import GitRepository
from riskml.errors import MalformedDiff, ObjectMissing
from riskml.mine.prefetch import Prefetch
from riskml.mine.stream import measured, stream
from riskml.mine.walk import walk


class Canned:
    """A repository that writes what it was given, in pieces, and may fail at the end."""

    def __init__(self, data: bytes, error: Exception | None = None) -> None:
        self.data = data
        self.error = error
        self.left = False

    @contextmanager
    def stream(self, args: Sequence[str], stdin: bytes | None = None) -> Iterator[BinaryIO]:
        """Give the bytes."""
        del args, stdin
        try:
            yield io.BytesIO(self.data)
        finally:
            self.left = True
        if self.error is not None:
            raise self.error


def test_bytes_come_as_they_were_written():
    """Whatever sizes are asked for, reading ahead changes no byte."""
    data = os.urandom(3_000_000)
    ahead = Prefetch(Canned(data), (), b"")
    sizes = iter([1, 1000, 2_000_000, *[5000] * 10_000])

    assert b"".join(iter(lambda: ahead.read(next(sizes)), b"")) == data


def test_error_comes_after_the_last_good_byte():
    """What git wrote before it failed can be read; then the failure is raised."""
    ahead = Prefetch(Canned(b"good", ObjectMissing("gone")), (), b"")

    assert ahead.read(100) == b"good"
    with pytest.raises(ObjectMissing):
        ahead.read(100)


def test_closing_early_leaves_nothing_running():
    """Whoever stops in the middle of a long log leaves no thread, and git's context is left."""
    source = Canned(b"x" * 100_000_000)
    ahead = Prefetch(source, (), b"")
    ahead.read(10)

    ahead.close()

    assert source.left


def test_stopping_in_the_middle_of_a_history_stops_git(repo):
    """A reader that takes one commit and goes away leaves no thread behind."""
    shas = [repo.commit(f"Edit {n}", {"a": f"{n}\n"}) for n in range(5)]
    before = threading.active_count()
    changes = stream(GitRepository.open(repo.path), shas, lines_of=lambda _blob: None, missing=set())

    assert next(changes).head == shas[0]
    changes.close()

    assert threading.active_count() == before


def test_changes_come_in_the_order_that_was_asked_for(repo):
    """Any order of ids is kept, not only that of history."""
    shas = [repo.commit(f"Edit {n}", {"a": f"{n}\n"}) for n in range(5)]
    order = [shas[3], shas[0], shas[4], shas[1]]

    changes = stream(GitRepository.open(repo.path), order, lines_of=lambda _blob: None, missing=set())

    assert [change.head for change in changes] == order


def test_log_that_is_not_what_was_asked_for_is_refused(repo):
    """If git gave another commit than the one whose turn it is, nothing is guessed."""
    sha = repo.commit("Start", {"a": "1\n"})
    with pytest.raises(MalformedDiff, match="order"):
        list(stream(GitRepository.open(repo.path), [sha, sha], lines_of=lambda _blob: None, missing=set()))


def test_missing_tree_is_no_missing_blob(repo):
    """A hole that nothing can stand in for is an error that names it."""
    sha = repo.commit("Start", {"dir/a": "1\n"})
    tree = repo.git("rev-parse", "HEAD:dir")
    os.unlink(repo.path / ".git" / "objects" / tree[:2] / tree[2:])

    with pytest.raises(ObjectMissing, match=tree):
        list(stream(GitRepository.open(repo.path), [sha], lines_of=lambda _blob: None, missing=set()))


def test_lengths_are_learnt_on_the_way(repo):
    """The length of an old file is what the diffs before made it."""
    shas = [repo.commit(f"Edit {n}", {"a": "x\n" * n}) for n in (3, 5, 2)]

    changes = list(measured(GitRepository.open(repo.path), shas, missing=set()))

    assert [change.files[0].lines_before for change in changes] == [0, 3, 5]


def test_walk_passes_over_what_is_gone(repo):
    """Ids that the repository lost are no reason to fail; what others exclude stays excluded."""
    first = repo.commit("One", {"a": "1\n"})
    second = repo.commit("Two", {"a": "2\n"})

    found = walk(GitRepository.open(repo.path), second, without=["f" * 40, first])

    assert [(h.sha, h.parents, h.committed_at) for h in found] == [(second, (first,), repo.now)]
