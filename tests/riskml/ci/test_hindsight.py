"""What became of past changes, told from git alone, and set beside what would have been flagged."""

from __future__ import annotations

from math import isnan
from typing import Any

import pytest

from riskml.adapters.git import GitRepository
from riskml.ci.hindsight import DAY_S, LEAST, Told, answer, fixed, read, reverted

A, B, C, D = (letter * 40 for letter in "abcd")


def told(*commits: tuple[str, int, str, tuple[str, ...]]) -> list[Told]:
    """Make commits, given their day."""
    return [Told(sha, day * DAY_S, message, paths) for sha, day, message, paths in commits]


def test_a_revert_names_what_it_takes_back():
    """By id or by the quoted subject; the revert itself did no harm."""
    history = told((A, 0, "Add x", ("x.py",)), (B, 1, "Add y", ("y.py",)),
                   (C, 2, f'Revert "whatever"\n\nThis reverts commit {A}.', ("x.py",)), (D, 3, 'Revert "Add y"', ("y.py",)))
    assert reverted(history) == {A: 2 * DAY_S, B: 3 * DAY_S}


def test_a_fix_blames_the_last_change_of_its_files():
    """The last one only, and only within 30 days."""
    history = told((A, 0, "Add x", ("x.py",)), (B, 1, "More x", ("x.py",)), (C, 20, "Fix crash", ("x.py",)),
                   (D, 60, "Fix another crash", ("x.py",)))
    assert fixed(history) == {B: 20 * DAY_S}


@pytest.mark.parametrize("paths", [("README.md",), ("tests/test_x.py",), tuple(f"src/{n}.py" for n in range(21))])
def test_a_fix_of_texts_tests_or_everything_blames_nobody(paths: tuple[str, ...]):
    """Such a fix repairs no behaviour, or says nothing of where the fault was."""
    assert fixed(told((A, 0, "Add", paths), (B, 1, "Fix crash", paths))) == {}


def test_a_trailer_is_believed_over_files():
    """``Fixes:`` names the culprit."""
    history = told((A, 0, "Add x", ("x.py",)), (B, 1, "Add y", ("y.py",)), (C, 2, f"Fix crash\n\nFixes: {A}", ("y.py",)))
    assert fixed(history) == {A: 2 * DAY_S}


def numbered(count: int) -> list[Told]:
    """Make commits, one a day."""
    return told(*((f"{n:040d}", n, f"Change {n}", ("x.py",)) for n in range(count)))


def test_the_riskiest_tenth_is_compared_with_most_lines_added():
    """A model that knows catches all; the lines added, which say nothing here, catch a tenth."""
    history = numbered(200)
    harmful = {c.sha: 0 for c in history[:20]}
    vectors = {c.sha: {"la": 5.0} for c in history}
    found = answer("fixed", history, harmful, vectors, {c.sha: 0.9 if c.sha in harmful else 0.1 for c in history})
    assert (found.changes, found.harmful, found.unknown) == (200, 20, 30)
    assert found.caught == pytest.approx(17 / 20)
    assert found.lines_added == pytest.approx(0.1)


def test_too_few_harmful_changes_say_nothing():
    """Below the least number the parts are unknown, not zero."""
    history = numbered(50)
    harmful = {c.sha: 0 for c in history[: LEAST - 1]}
    found = answer("fixed", history, harmful, {c.sha: {"la": 1.0} for c in history}, {c.sha: 0.5 for c in history})
    assert isnan(found.caught)
    assert isnan(found.lines_added)


def test_history_is_read_oldest_first_without_merges(repo: Any):
    """Messages and paths arrive whole, whatever is in them."""
    repo.commit("First\n\nbody", {"a b\n.py": "1"})
    repo.git("switch", "-q", "-c", "side")
    repo.commit("Second", {"é.py": "2"})
    repo.git("switch", "-q", "main")
    repo.commit("Empty")
    tip = repo.merge("side")
    found = list(read(GitRepository.open(repo.path), tip))
    assert [c.message.partition("\n")[0] for c in found if c.message.startswith(("F", "E", "S"))] in (
        ["First", "Second", "Empty"], ["First", "Empty", "Second"])
    assert {c.paths for c in found} == {("a b\n.py",), ("é.py",), ()}
