"""What besides its message makes a commit a fix, and which fixes and suspects say too little."""

from __future__ import annotations

import pytest

from riskml.adapters.git import GitRepository
from riskml.errors import UsageError
from riskml.issues import Issues
from riskml.mine.labels import Label, label


def labelled(repo, **options) -> dict[str, Label]:
    """Return the labels of a repository by commit."""
    return {found.sha: found for found in label(GitRepository.open(repo.path), **options)}


def harmful(repo, **options) -> set[str]:
    """Return the harmful commits."""
    return {sha for sha, found in labelled(repo, **options).items() if found.harm}


def test_commit_that_names_a_reported_fault_is_a_fix(repo):
    """The tracker's word counts beside the message's; an issue that is no fault makes no fix."""
    bad = repo.commit("SHOP-1 Add", {"m.py": "a = 1\n"})
    worse = repo.commit("SHOP-2 Add", {"n.py": "a = 1\n"})
    repo.commit("SHOP-3 Count all pages", {"m.py": "a = 2\n"})
    repo.commit("Fix a wrong value", {"n.py": "a = 2\n"})
    repo.commit("SHOP-4 Ask for more", {"m.py": "a = 3\n", "n.py": "a = 3\n"})

    assert harmful(repo) == harmful(repo, issues=Issues({})) == {worse}
    assert harmful(repo, issues=Issues({"SHOP-3": None})) == {bad, worse}


def test_whoever_came_after_the_report_is_no_suspect(repo):
    """A line that was written after somebody reported the fault did not bring it in; one of the same second may have."""
    bad = repo.commit("Add", {"m.py": "a = 1\nb = 1\n"})
    reported = repo.now
    late = repo.commit("Add", {"m.py": "a = 1\nb = 2\n"})
    repo.commit("SHOP-3 Fix it", {"m.py": "a = 3\nb = 3\n"})

    assert harmful(repo) == harmful(repo, issues=Issues({"SHOP-3": None})) == {bad, late}
    found = labelled(repo, issues=Issues({"SHOP-3": reported}))
    assert {sha for sha, it in found.items() if it.harm} == {bad}
    assert found[bad].confidence == 1.0
    assert harmful(repo, issues=Issues({"SHOP-3": reported - 1})) == set()


@pytest.mark.parametrize("variant", ["l", "r"])
def test_one_suspect_is_chosen_among_those_before_the_report(repo, variant):
    """The largest and the latest are sought after the innocent are gone."""
    bad = repo.commit("Add", {"m.py": "a = 1\nb = 1\n"})
    reported = repo.now
    repo.commit("Add", {"m.py": "a = 1\nb = 2\n", "n.py": "n = 1\n" * 9})
    repo.commit("SHOP-3 Fix it", {"m.py": "a = 3\nb = 3\n"})

    assert harmful(repo, variant=variant, issues=Issues({"SHOP-3": reported})) == {bad}


def test_fix_that_points_at_many_says_nothing(repo):
    """Up to the limit all are suspected, over it none, and how many fixes were left out is told."""
    shas = [repo.commit("Add", {f"{name}.py": "a = 1\n"}) for name in "abc"]
    repo.commit("Fix a wrong value", {f"{name}.py": "a = 2\n" for name in "abc"})
    told: list[str] = []

    assert harmful(repo, most_suspects=3) == set(shas)
    assert harmful(repo, most_suspects=2, notice=told.append) == set()
    assert told == ["left out: 1 fix that points at more than 2 commits"]


def test_commit_that_many_fixes_point_at_has_no_label(repo):
    """Of an outlier nobody knows whether it did harm; who only was suspected along with it keeps the label."""
    bulk = repo.commit("Import", {f"{name}.py": "a = 1\n" for name in "abc"})
    other = repo.commit("Add", {"c.py": "a = 1\nb = 1\n"})
    for name in "abc":
        repo.commit("Fix a wrong value", {f"{name}.py": "a = 2\n"})
    told: list[str] = []

    assert harmful(repo, most_fixes=3) == {bulk, other}
    found = labelled(repo, most_fixes=2, notice=told.append)
    assert bulk not in found
    assert found[other].harm
    assert len(found) == 4
    assert told == ["not labelled by fixes: 1 commit that more than 2 fixes point at"]


def test_outlier_that_a_message_names_keeps_that_label(repo):
    """A revert is no suspicion: it stands whatever fixes say."""
    bulk = repo.commit("Import", {"a.py": "a = 1\n", "b.py": "a = 1\n"})
    for name in "ab":
        repo.commit("Fix a wrong value", {f"{name}.py": "a = 2\n"})
    revert = repo.commit(f"Take it back\n\nThis reverts commit {bulk}.\n", {"a.py": "", "b.py": ""})

    found = labelled(repo, most_fixes=1)

    assert found[bulk] == Label(bulk, True, "revert", revert, repo.now, 1.0)


@pytest.mark.parametrize("limit", ["most_suspects", "most_fixes"])
def test_limit_that_leaves_nothing_is_refused(repo, limit):
    """Below one no fix and no suspect would be left."""
    repo.commit("Add")

    with pytest.raises(UsageError, match=f"at {limit}: got 0"):
        labelled(repo, **{limit: 0})


@pytest.mark.parametrize("seed", range(8))
def test_the_last_commits_alone_have_the_labels_that_the_whole_history_gives_them(repo, grow, seed):
    """Merges, renames and binaries that reach back before them included: who accuses a commit comes after it."""
    grow(repo, seed, commits=60)
    whole = label(GitRepository.open(repo.path))

    for last in (1, 7, 20, 45, 1000):
        found = label(GitRepository.open(repo.path), last=last)

        assert [(f.sha, f.harm, f.source, f.fix_sha, f.known_at) for f in found] == [
            (f.sha, f.harm, f.source, f.fix_sha, f.known_at) for f in whole[-last:]]
