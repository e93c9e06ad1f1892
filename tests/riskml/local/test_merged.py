"""The changes that a range merged: which there are, and that each is the same as when it is looked at alone."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from riskml.adapters.git import GitRepository
from riskml.errors import NoMergeBase, UsageError
from riskml.features.catalogue import extract
from riskml.features.feature import Evidence
from riskml.local import Workspace
from riskml.local.merged import line, merged
from riskml.mine import state as mined

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def units(repo, base: str, head: str = "HEAD"):
    """Return the units of a range by the subjects of their commits, and how many merges bring nothing."""
    source = GitRepository.open(repo.path)
    found = line(source, source.resolve(base), source.resolve(head))
    return [[c.message.strip() for c in unit] for unit in found.units], found.idle


def test_a_merge_is_one_change_with_the_commits_that_it_brought(repo):
    """Squashed and pushed commits are one each; what came before the base is in none."""
    base = repo.commit("Start", {"a.py": "1\n"})
    repo.git("switch", "-q", "-c", "side")
    repo.commit("One", {"b.py": "1\n"})
    repo.commit("Two", {"b.py": "2\n"})
    repo.git("switch", "-q", "main")
    repo.commit("Squashed (#3)", {"c.py": "1\n"})
    repo.merge("side", message="Merge side")

    assert units(repo, base) == ([["Squashed (#3)"], ["One", "Two", "Merge side"]], 0)


def test_a_branch_that_caught_up_brings_only_its_own(repo):
    """Merging main into a branch does not make main's changes its own."""
    base = repo.commit("Start", {"a.py": "1\n"})
    repo.git("switch", "-q", "-c", "side")
    repo.commit("One", {"b.py": "1\n"})
    repo.git("switch", "-q", "main")
    repo.commit("Pushed", {"c.py": "1\n"})
    repo.git("switch", "-q", "side")
    repo.merge("main", message="Catch up")
    repo.git("switch", "-q", "main")
    repo.merge("side", message="Merge side")

    assert units(repo, base)[0] == [["Pushed"], ["One", "Catch up", "Merge side"]]


def test_a_merge_of_what_is_released_already_brings_nothing(repo):
    """As when a maintenance branch is merged back after its release."""
    repo.commit("Start", {"a.py": "1\n"})
    repo.git("switch", "-q", "-c", "maintenance")
    base = repo.commit("Hotfix", {"a.py": "2\n"})
    repo.git("switch", "-q", "main")
    repo.commit("Next", {"b.py": "1\n"})
    repo.merge("maintenance", message="Merge back")

    assert units(repo, base) == ([["Next"]], 1)


def test_the_first_commit_of_a_history_is_a_change(repo):
    """A line that meets the base nowhere ends at its root."""
    base = repo.commit("Start", {"a.py": "1\n"})
    repo.git("switch", "-q", "--orphan", "other")
    repo.commit("Begin anew", {"b.py": "1\n"})

    assert units(repo, base) == ([["Begin anew"]], 0)


@pytest.mark.parametrize("seed", range(2))
def test_each_change_is_what_it_is_alone(repo, seed):
    """Files, moment, commits and vector are those of ``base^1..base``, read by itself; merges, moves and binaries included."""
    _grow(repo, random.Random(seed))
    source = GitRepository.open(repo.path)
    tip = source.resolve("main")
    root = repo.git("rev-list", "--max-parents=0", "main").splitlines()[-1]
    state = mined.update(source, None, tip)
    along = line(source, root, tip)

    bulk = list(merged(source, along.units, missing=set()))

    assert len(bulk) > 8
    for change in bulk:
        alone = source.change(change.base, change.head)
        assert (change.files, change.at, change.base) == (alone.files, alone.at, alone.base)
        assert {c.sha for c in change.commits} == {c.sha for c in alone.commits}
        view = state.view(change.base)
        assert extract(Evidence(change, view)) == pytest.approx(extract(Evidence(alone, view)), nan_ok=True)


def test_missing_contents_are_binary_and_told(repo):
    """Of a change and of a merge; what is there is read as ever."""
    base = repo.commit("Start", {"a.py": "1\n", "b.py": "1\n"})
    repo.git("switch", "-q", "-c", "side")
    repo.commit("Side", {"b.py": "2\n2\n"})
    repo.git("switch", "-q", "main")
    repo.commit("Pushed", {"a.py": "3\n3\n"})
    repo.merge("side", message="Merge side")
    for path in ("a.py", "b.py"):
        blob = repo.git("rev-parse", f"HEAD:{path}")
        (repo.path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    source, missing = GitRepository.open(repo.path), set()

    found = list(merged(source, line(source, base, source.resolve("main")).units, missing=missing))

    assert [[(f.path, f.binary) for f in c.files] for c in found] == [[("a.py", True)], [("b.py", True)]]
    assert len(missing) == 2


def test_a_shallow_clone_that_ends_in_the_release_says_how_to_get_more(repo):
    """A change whose parent was cut off has no diff."""
    base = repo.commit("Start", {"a.py": "1\n"})
    for n in range(4):
        repo.commit(f"Change {n}", {"a.py": f"{n}\n"})
    clone = repo.clone("shallow", "--depth=2")
    clone.git("fetch", "-q", "--depth=1", "origin", base)

    with pytest.raises(NoMergeBase, match="shallow clone"):
        Workspace(GitRepository.open(clone.path)).release(base, "main", id="1", now=NOW)


def test_a_shallow_clone_that_holds_the_release_says_what_it_lacks(repo):
    """The changes are all there, what happened before is unknown, and so no band is called low."""
    for n in range(5):
        repo.commit(f"Change {n}", {"a.py": f"{n}\n"})
    clone = repo.clone("shallow", "--depth=4")

    found = Workspace(GitRepository.open(clone.path)).release("HEAD~2", id="1", now=NOW)

    assert len(found.release.ranked) == 2
    assert found.decision.assessment.band in ("unknown", "medium", "high")
    assert "nuc" in found.decision.assessment.unknown
    assert any("the history is incomplete" in note for note in found.decision.assessment.notes)


def test_there_must_be_something_to_release(repo):
    """Two names of one commit are nothing to release; the two ends the wrong way round are refused with what was asked."""
    base = repo.commit("Start", {"a.py": "1\n"})
    head = repo.commit("Change", {"a.py": "2\n"})
    workspace = Workspace(GitRepository.open(repo.path))

    assert workspace.release("HEAD", "main", id="1", now=NOW).decision.assessment.empty
    with pytest.raises(UsageError, match=f"the base is later than the head at --base, --head: got '{head}..{base}'; expected"):
        workspace.release(head, base, id="1", now=NOW)


def test_histories_that_do_not_meet_are_no_release(repo):
    """There is no common ancestor."""
    base = repo.commit("Start", {"a.py": "1\n"})
    repo.git("switch", "-q", "--orphan", "other")
    repo.commit("Begin anew", {"b.py": "1\n"})

    with pytest.raises(NoMergeBase, match="no common ancestor"):
        Workspace(GitRepository.open(repo.path)).release(base, "other", id="1", now=NOW)


def _grow(repo, chance: random.Random) -> None:
    """Build a line with branches, merges, moves, binaries, deletions and files without a last newline."""
    repo.commit("Start", {"app/a.py": "x = 1\n" * 30, "app/b.py": "y = 1\n" * 30})
    for number in range(11):
        branch = chance.random() < 0.5
        if branch:
            repo.git("switch", "-q", "-c", f"side-{number}")
        for part in range(chance.randrange(1, 3)):
            path = chance.choice(["app/a.py", "app/b.py", f"lib/{number}-{part}.py", "data.bin"])
            content = b"\0" * number if path.endswith("bin") else b"z = 2\n" * chance.randrange(30) + b"end"
            if part and chance.random() < 0.4:
                (repo.path / "moved").mkdir(exist_ok=True)
                repo.git("mv", chance.choice(repo.git("ls-files").splitlines()), f"moved/{number}.py")
            repo.commit(chance.choice(["Add a thing", "Fix a crash"]), {path: content}, author=chance.choice(["Ada", "Bob"]))
        if branch:
            repo.git("switch", "-q", "main")
            repo.merge(f"side-{number}", message=f"Merge pull request #{number} from ada/side\n\nAdd thing {number}")
