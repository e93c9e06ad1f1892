"""Mining in bulk, in steps and one change at a time: the same numbers, whatever the history looks like."""

from __future__ import annotations

import math
import os
import random
from dataclasses import replace

import pytest

from riskml.adapters.git import GitRepository
from riskml.change import Person
from riskml.features.catalogue import NAMES
from riskml.mine.rows import Row, mine, row
from riskml.mine.state import update


def opened(repo) -> GitRepository:
    """Open the tiny repository."""
    return GitRepository.open(repo.path)


def differences(got: Row, wanted: Row) -> list[tuple[str, float, float]]:
    """Name the features that differ; unknown equals unknown."""
    pairs = zip(NAMES, got.vector, wanted.vector, strict=True)
    return [(name, a, b) for name, a, b in pairs if a != b and not (math.isnan(a) and math.isnan(b))]


@pytest.mark.parametrize(("seed", "ids"), [(0, "sha1"), (1, "sha1"), (2, "sha256"), (3, "sha1")])
def test_bulk_steps_and_single_changes_give_the_same_vectors(make_repo, grow, tmp_path, seed, ids):
    """One pass, a state grown in random steps, and a change read alone agree on every feature of every commit."""
    repo = make_repo(object_format=ids)
    grow(repo, seed)
    source = opened(repo)
    rows = {r.sha: r for r in mine(source, profile="people")}
    chance = random.Random(seed)
    stops = chance.sample(list(rows), 4)
    for stop in [*stops, repo.git("rev-parse", "main")]:
        state = update(source, tmp_path / "state", stop)

    assert len(rows) == int(repo.git("rev-list", "--count", "main"))
    for sha, wanted in rows.items():
        if not wanted.merge:
            change = source.commit_change(sha)
            alone = row(change, state.view(change.base), "people")
            assert differences(alone, wanted) == []
            assert alone.newcomer is wanted.newcomer


def test_later_commits_change_nothing(repo, grow):
    """The row of a commit is the same before and after more history was written on top of it."""
    grow(repo, 7, 25)
    before = list(mine(opened(repo)))
    grow(repo, 8, 15)
    after = {r.sha: r for r in mine(opened(repo))}

    assert all(differences(after[r.sha], r) == [] for r in before)


def test_base_that_moved_changes_nothing(repo, grow, tmp_path):
    """A change has the same past whether or not its target branch went on by 50 commits since."""
    grow(repo, 3, 15)
    repo.git("checkout", "-q", "-b", "topic")
    base = repo.git("rev-parse", "HEAD")
    head = repo.commit("Topic", {"app/a.py": "new\n"})
    source = opened(repo)
    change = source.change("main", head)
    early = row(change, update(source, tmp_path / "state", base).view(base))
    repo.git("checkout", "-q", "main")
    for n in range(50):
        repo.commit("Fix main", {"app/a.py": f"{n}\n"})
    late_state = update(source, tmp_path / "state", repo.git("rev-parse", "main"))

    assert differences(row(source.change("main", head), late_state.view(base)), early) == []


def test_merge_says_only_that_it_is_one(repo):
    """A merge has no diff of its own; everything else about it is unknown, not zero."""
    repo.commit("Start", {"a": "1\n"})
    repo.git("checkout", "-q", "-b", "side")
    repo.commit("Side", {"b": "1\n"})
    repo.git("checkout", "-q", "main")
    repo.commit("Main", {"c": "1\n"})
    sha = repo.merge("side")

    [merge] = [r for r in mine(opened(repo)) if r.sha == sha]

    known = {name: value for name, value in zip(NAMES, merge.vector, strict=True) if not math.isnan(value)}
    assert known == {"merge": 1.0}


def test_newcomer_has_made_fewer_than_five_changes_before(repo):
    """What counts are the author's changes that the base knows, whoever else wrote in between; of a merge, nothing is said."""
    mine_of = [repo.commit(f"Ada {n}", {"a": f"{n}\n"}) for n in range(6)]
    other = repo.commit("Bob", {"b": "1\n"}, author="Bob")
    repo.git("checkout", "-q", "-b", "side", mine_of[2])
    side = repo.commit("Ada elsewhere", {"c": "1\n"}, author="ADA")
    repo.git("checkout", "-q", "main")
    merge = repo.merge("side")
    after = repo.commit("Ada again", {"a": "x\n"})

    found = {r.sha: r.newcomer for r in mine(opened(repo))}

    assert [found[sha] for sha in mine_of] == [True] * 5 + [False]
    assert (found[other], found[side], found[merge], found[after]) == (True, True, None, False)


def test_newcomer_is_unknown_where_nobody_can_know(repo):
    """A change without an author's address, and one whose history is cut off, say neither yes nor no."""
    for n in range(4):
        repo.commit(f"Edit {n}", {"a": f"{n}\n"})
    source = opened(repo)
    change = source.commit_change(repo.git("rev-parse", "HEAD"))
    view = update(source, None, change.base).view(change.base)
    assert row(change, view).newcomer is True

    nameless = [replace(change, commits=(replace(change.commits[0], author=who),)) for who in (None, Person("Ada", " "))]
    assert [row(other, view).newcomer for other in nameless] == [None, None]
    assert {r.newcomer for r in mine(opened(repo.clone("shallow", "--depth=2")))} == {None}


def test_newcomer_is_no_feature(repo):
    """Whoever wrote a change, its vector in the default profile is the same; only the flag beside it tells them apart."""
    for n in range(6):
        repo.commit(f"Edit {n}", {"a": f"{n}\n"})
    source = opened(repo)
    change = source.commit_change(repo.git("rev-parse", "HEAD"))
    view = update(source, None, change.base).view(change.base)
    stranger = replace(change, commits=(replace(change.commits[0], author=Person("Eve", "eve@example.org")),))

    assert (row(change, view).newcomer, row(stranger, view).newcomer) == (False, True)
    assert differences(row(stranger, view), row(change, view)) == []
    assert "newcomer" not in NAMES


def test_since_leaves_out_rows_and_keeps_their_influence(repo, grow):
    """Rows before a day are left out; the others are what they would have been."""
    grow(repo, 5, 20)
    rows = list(mine(opened(repo)))
    since = rows[10].committed_at

    late = list(mine(opened(repo), since=since))

    assert {r.sha for r in late} == {r.sha for r in rows if r.committed_at >= since}
    everything = {r.sha: r for r in rows}
    assert all(differences(r, everything[r.sha]) == [] for r in late)


def test_missing_blobs_are_survived_counted_and_named(repo, tmp_path):
    """Where the clone lacks a blob, its file counts as binary; all other commits come out as before."""
    repo.commit("Start", {"a": "1\n", "b": "1\n" * 9})
    touched = [repo.commit(f"Edit {n}", {"a": f"{n}\n", "b": "1\n" * n}) for n in range(2, 6)]
    repo.commit("After", {"c": "1\n"})
    whole = {r.sha: r for r in mine(opened(repo))}
    blob = repo.git("rev-parse", f"{touched[1]}:b")
    os.unlink(repo.path / ".git" / "objects" / blob[:2] / blob[2:])
    notices: list[str] = []

    rows = {r.sha: r for r in mine(opened(repo), notice=notices.append)}

    assert list(rows) == list(whole)
    changed = [sha for sha in rows if differences(rows[sha], whole[sha])]
    assert changed == touched[1:3]
    assert dict(zip(NAMES, rows[touched[1]].vector, strict=True))["binary_files"] == 1.0
    assert len(notices) == 1
    assert notices[0].startswith("1 blob is missing; such files count as binary in 2 commits")
    assert blob in notices[0]
    state = update(opened(repo), tmp_path / "state", repo.git("rev-parse", "HEAD"))
    assert len(state.history) == 6


def test_shallow_clone_has_rows_without_a_past(repo):
    """Of a shallow clone the diffs are known and the past is not; its first commit says nothing at all."""
    for n in range(6):
        repo.commit(f"Edit {n}", {"a": f"{n}\n"})
    clone = repo.clone("shallow", "--depth=3")

    first, *rest = mine(opened(clone))

    assert all(math.isnan(v) for v in first.vector)
    assert [dict(zip(NAMES, r.vector, strict=True))["la"] for r in rest] == [1.0, 1.0]
    assert all(math.isnan(dict(zip(NAMES, r.vector, strict=True))["nuc"]) for r in rest)


def test_shallow_clone_keeps_no_state(repo, tmp_path):
    """Nothing is mined from a shallow clone for later: its views say that the past is not complete."""
    for n in range(4):
        repo.commit(f"Edit {n}", {"a": f"{n}\n"})
    clone = repo.clone("shallow", "--depth=2")
    tip = clone.git("rev-parse", "HEAD")

    state = update(opened(clone), tmp_path / "state", tip)

    assert not state.view(tip).complete
    assert state.recent(tip) == []
    assert not (tmp_path / "state").exists()


def test_progress_ends_at_the_total(repo, grow):
    """Progress tells commits done of all commits, and ends with all."""
    grow(repo, 1, 12)
    told: list[tuple[int, int]] = []

    rows = list(mine(opened(repo), progress=lambda done, total: told.append((done, total))))

    assert told[-1] == (len(rows), len(rows))


def test_no_person_is_described_by_default(repo, grow):
    """The default profile leaves what describes an author unknown; no name or address is in a row."""
    grow(repo, 2, 10)
    for r in mine(opened(repo)):
        values = dict(zip(NAMES, r.vector, strict=True))
        assert math.isnan(values["exp"])
        assert "ada" not in repr(r).lower()
