"""One change of a release: what it is called, what it touched, and which other change it cancels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from riskml.assess.unit import Unit, cancelled, unit_of
from riskml.assess.yardstick import Yardstick
from riskml.assessment import ModelRef, Scored
from riskml.change import Change, Commit, FileDiff, Hunk
from riskml.context import ServiceContext
from riskml.features.feature import Evidence
from riskml.policy.policy import default_policy


class HalfScorer:
    """A model that knows no better than even."""

    ref = ModelRef("half", "1", 1, "0" * 64)
    base_rate = 0.5
    feature_names = ("la",)

    def score(self, _vector: Any) -> Scored:
        """Score one vector."""
        return Scored(0.5, 0.0, 0.0, {"la": 1.0}, 0.4, 0.6)

    def probabilities(self, vectors: Any) -> list[float]:
        """Score many."""
        return [0.5 for _ in vectors]

    def training_percentile(self, _feature: str, _value: float) -> float | None:
        """Know nothing."""
        return None


def unit(sha: str, message: str, *files: FileDiff, parents: tuple[str, ...] = ("p",)) -> Unit:
    """Return a change of one commit."""
    change = Change(files, (Commit(sha * 40, message, parents=parents),), base="p", head=sha * 40, kind="commit")
    return unit_of(Evidence(change), Yardstick(HalfScorer(), default_policy(), ServiceContext()))


def edit(path: str, added: bytes, removed: bytes, **more: Any) -> FileDiff:
    """Return a file in which some lines take the place of others."""
    return FileDiff(path, path, hunks=(Hunk(1, removed.count(b"\n"), 1, added.count(b"\n")),), added=added, removed=removed,
                    lines_before=20, **more)


CACHE = edit("a.py", b"cache()\n", b"")
BACK = edit("a.py", b"", b"cache()\n")


def test_a_revert_cancels_what_it_takes_back() -> None:
    """Its diff is the exact opposite; whatever came between in other lines does not matter."""
    units = [unit("a", "Add a cache", CACHE), unit("b", "Add more", edit("a.py", b"more()\n", b"")),
             unit("c", 'Revert "Add a cache"\n\nThis reverts commit aaaaaaa.', BACK)]

    assert cancelled(units) == [(0, 2)]


def test_taking_the_revert_back_brings_the_change_to_life() -> None:
    """Then the later two cancel, and a third revert cancels the first change again."""
    again = 'Reapply "Add a cache"\n\nThis reverts commit bbbbbbb.'
    units = [unit("a", "Add a cache", CACHE), unit("b", 'Revert "Add a cache"', BACK), unit("c", again, CACHE)]

    assert cancelled(units) == [(1, 2)]
    assert cancelled([*units, unit("d", 'Revert "Add a cache"', BACK)]) in ([(0, 3), (1, 2)], [(0, 1), (2, 3)])


def test_only_what_says_so_and_is_the_opposite_cancels() -> None:
    """A change that merely removes the same lines may do so elsewhere; a revert of a part takes not all of it back."""
    both = (CACHE, edit("b.py", b"use()\n", b""))

    assert cancelled([unit("a", "Add a cache", CACHE), unit("b", "Move the cache", BACK)]) == []
    assert cancelled([unit("a", "Add a cache", *both), unit("b", 'Revert "Add a cache"', BACK)]) == []
    assert cancelled([unit("b", 'Revert "Add a cache"', BACK), unit("a", "Add a cache", CACHE)]) == []


def test_new_files_binaries_and_moves_are_taken_back_too() -> None:
    """The opposite of a new file is a deleted one, of a new content the old one, of a move the move back."""
    new = FileDiff("n.py", "n.py", "A", (Hunk(0, 0, 1, 1),), b"x\n", old_mode=0, new_blob="1" * 40)
    gone = FileDiff("n.py", "n.py", "D", (Hunk(1, 1, 0, 0),), b"", b"x\n", new_mode=0, old_blob="1" * 40)
    image = FileDiff("i.png", "i.png", binary=True, old_blob="2" * 40, new_blob="3" * 40)
    old_image = replace(image, old_blob="3" * 40, new_blob="2" * 40)
    moved = FileDiff("new.py", "old.py", "R", old_blob="4" * 40, new_blob="4" * 40)
    moved_back = FileDiff("old.py", "new.py", "R", old_blob="4" * 40, new_blob="4" * 40)

    assert cancelled([unit("a", "Add", new, image, moved), unit("b", "Revert it all", moved_back, old_image, gone)]) == [(0, 1)]
    assert cancelled([unit("a", "Add", image), unit("b", "Revert", replace(old_image, new_blob="5" * 40))]) == []


def test_empty_changes_cancel_nothing() -> None:
    """They are all each other's opposite."""
    assert cancelled([unit("a", "Nothing"), unit("b", "Revert nothing")]) == []


@pytest.mark.parametrize(("message", "title"), [
    ("Merge pull request #7 from ada/patch-1\n\nAdd retries\n", "Add retries (#7)"),
    ("Merge pull request #7 from ada/patch-1", "Merge pull request #7"),
    ("Merge branch 'fix' into 'main'\n\nFix rounding\n\nSee merge request shop/billing!12", "Fix rounding (!12)"),
    ("Merge branch '3.0.x'", "Merge branch '3.0.x'"),
    ("Merge branch 'main' of https://git.example/ada/shop", "Merge branch 'main'"),
    ("Release the train", "Release the train"),
    ("Merge branch 'ab/retry'\n\n* ab/retry:\n  Add retries\n  Count them\n", "Add retries"),
    ("Merge branch 'ab/retry'\n\nRetries are added to all of the calls that go over\nthe network.  Some wait.\n\n* ab/retry:",
     "Retries are added to all of the calls that go over the network."),
    ("Merge pull request #7 from a/b\n\nAdd retries to all of the calls that go over the network\nApproved-by: Ada\n",
     "Add retries to all of the calls that go over the network (#7)"),
    ("Merge pull request #7 from a/b\n\nAdd retries\nand more\n", "Add retries (#7)"),
])
def test_a_merge_is_called_by_its_title(message: str, title: str) -> None:
    """The name of a branch often holds that of a person, so none is told."""
    assert unit("a", message, CACHE, parents=("p", "q")).subject == title


def test_paths_are_those_that_a_later_change_could_build_on() -> None:
    """Old and new names count, prose does not."""
    moved = FileDiff("new.py", "old.py", "R")

    assert unit("a", "Move", moved, edit("CHANGES.rst", b"x\n", b"")).paths == {"new.py", "old.py"}


def test_a_unit_tells_of_lost_data() -> None:
    """Yes, no, or unknown where a migration cannot be read."""
    path = "db/migrations/7.sql"

    assert unit("a", "Drop", edit(path, b"DROP TABLE a;\n", b"")).lossy is True
    assert unit("a", "Add", edit(path, b"CREATE TABLE a (b int);\n", b"")).lossy is False
    assert unit("a", "Blob", FileDiff(path, path, binary=True)).lossy is None
