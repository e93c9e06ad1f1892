"""A repository on this machine: which files its tests are about, which policy judges it, where its history is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from riskml.adapters.git import GitRepository
from riskml.change import FileDiff, Hunk, Status
from riskml.errors import PolicyError
from riskml.local import POLICY_PATH, Workspace
from riskml.suite import FileCoverage, SuiteRun

ONE = FileCoverage(covered=frozenset({1}), missed=frozenset())


def workspace(repo) -> Workspace:
    """Open a repository that keeps nothing."""
    return Workspace(GitRepository.open(repo.path))


def test_paths_are_all_files_of_a_commit(repo):
    """Folders are walked, names may be anything, and the working tree does not count."""
    repo.commit("Start", {"a.py": "1", "b c/ü.py": "1", "b c/deep/x\ny": "1"})
    repo.write("later.py", "1")

    assert sorted(GitRepository.open(repo.path).paths("HEAD")) == ["a.py", "b c/deep/x\ny", "b c/ü.py"]


def covered(repo, change, *spelled: str) -> set[str]:
    """Return which files of the repository some covered paths stand for."""
    found = workspace(repo).matched(SuiteRun(coverage=dict.fromkeys(spelled, ONE)), change)
    assert found is not None
    return set(found.coverage or ())


def test_coverage_means_the_file_of_the_whole_tree_that_fits_best(repo):
    """An unchanged file takes what is its own; without it, the changed namesake at the root would."""
    repo.commit("Start", {"tools/setup.py": "1\n", "setup.py": "1\n"})
    repo.commit("Change", {"setup.py": "2\n"})
    change = GitRepository.open(repo.path).change("HEAD~1")

    assert covered(repo, change, "/ci/tools/setup.py") == {"tools/setup.py"}
    assert covered(repo, change, "/ci/other/setup.py") == {"setup.py"}


def test_coverage_of_a_working_tree_knows_new_files_and_forgets_removed_ones(repo):
    """Files that are not committed yet count, and files that are gone do not."""
    repo.commit("Start", {"old.py": "1\n", "kept.py": "1\n"})
    repo.write("new.py", "1\n")
    repo.remove("old.py")
    change = GitRepository.open(repo.path).worktree_change(0)

    assert covered(repo, change, "new.py", "old.py", "kept.py") == {"new.py", "kept.py"}


def test_reports_without_coverage_are_left_as_they_are(repo):
    """Nothing is looked up for them."""
    repo.commit("Start", {"a.py": "1\n"})
    suite = SuiteRun(cases=())

    assert workspace(repo).matched(suite, GitRepository.open(repo.path).change(None)) is suite
    assert workspace(repo).matched(None, GitRepository.open(repo.path).change(None)) is None


def test_a_policy_that_does_not_read_is_refused_with_its_commit(repo):
    """Whoever gets the message must know which version of the file is meant."""
    base = repo.commit("Policy", {POLICY_PATH: "version: 1\nrules: []\n"})

    with pytest.raises(PolicyError, match=rf"\.riskml/policy\.yaml at {base[:12]}"):
        workspace(repo).policy(base)


def test_a_link_is_no_policy(repo):
    """A link could point anywhere; it is not followed."""
    (repo.path / ".riskml").mkdir()
    (repo.path / POLICY_PATH).symlink_to("/etc/passwd")
    base = repo.commit("Link")

    assert workspace(repo).policy(base) is None


def test_all_working_trees_share_one_state_file(repo, tmp_path):
    """The state belongs to the repository, not to where it is checked out; two repositories of one name have two."""
    repo.commit("Start", {"a.py": "1\n"})
    repo.git("worktree", "add", "-q", "--detach", str(tmp_path / "second"))
    other = repo.clone("elsewhere")

    def place(path: Path) -> Path | None:
        return Workspace(GitRepository.open(path), tmp_path / "state").state_file

    assert place(repo.path) == place(tmp_path / "second") != place(other.path)


def test_a_posted_diff_is_as_long_as_the_base_says(repo):
    """From the blob that the diff names if it is here, else from the path; unknown if neither is."""
    base = repo.commit("Start", {"a.py": "1\n2\n3\n", "b.py": "1\n2"})
    blob = repo.git("rev-parse", "HEAD:a.py")

    def length(old_path: str, old_blob: str = "", status: Status = "M") -> int | None:
        file = FileDiff("a.py", old_path, status=status, old_blob=old_blob, hunks=(Hunk(1, 1, 1, 1),))
        found = workspace(repo).posted([file], now=7)
        assert (found.base, found.at, found.head, found.kind) == (base, 7, None, "diff")
        return found.files[0].lines_before

    assert length("a.py") == 3
    assert length("b.py") == 2
    assert length("b.py", blob) == 3
    assert length("none.py") is None
    assert length("a.py", "1" * 40) is None
    assert length("a.py", status="A") is None
