"""A shallow clone grows to where its change is known for sure, and no further; nothing of it is run on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from riskml.adapters.git import GitRepository
from riskml.adapters.git.deepen import deepen
from riskml.errors import RepositoryError, UnknownRef


def stream() -> bytes:
    """Write 200 commits on ``main`` and a branch of three from the 150th, as ``git fast-import`` reads them."""
    commits = [("main", f"Change {n}", "a.py") for n in range(150)] + [("feature", f"Feature {n}", "b.py") for n in range(3)]
    commits += [("main", f"Move {n}", "c.py") for n in range(50)]
    lines = []
    for at, (branch, message, path) in enumerate(commits):
        lines.append(f"commit refs/heads/{branch}\nmark :{at + 1}\ncommitter A <a@b.c> {1_700_000_000 + at} +0000")
        lines.append(f"data {len(message)}\n{message}")
        lines += ["from :150"] if message == "Feature 0" else []
        lines.append(f"M 644 inline {path}\ndata {len(message)}\n{message}\n")
    return "\n".join(lines).encode()


@pytest.fixture
def origin(repo: Any) -> Any:
    """Give that repository, with its ends as ``base`` and ``tip``."""
    repo.git("fast-import", "--quiet", stdin=stream())
    repo.git("reset", "-q", "--hard", "main")
    repo.base, repo.tip = repo.git("rev-parse", "main", "feature").split()
    return repo


CLONES = {"one branch": ("--depth=1",), "the other branch": ("--depth=1", "--branch=feature"),
          "both": ("--depth=1", "--no-single-branch")}


@pytest.mark.parametrize("options", CLONES.values(), ids=CLONES)
def test_the_change_is_the_one_of_the_full_clone(origin: Any, options: tuple[str, ...]):
    """Whatever was cloned, files and commits of the change equal those of the whole repository, and the rest stays away."""
    clone = origin.clone("shallow", *options)
    found = GitRepository.open(clone.path)
    assert deepen(found, origin.base, origin.tip) == (origin.base, origin.tip)
    assert found.change(origin.base, origin.tip) == GitRepository.open(origin.path).change(origin.base, origin.tip)
    assert found.is_shallow
    assert int(clone.git("rev-list", "--count", origin.base, origin.tip)) < 160


def test_a_branch_that_the_clone_lacks_is_fetched_by_name(origin: Any):
    """A base as CI names it is found at the remote; no local branch appears."""
    clone = origin.clone("shallow", "--depth=1", "--branch=feature")
    assert deepen(GitRepository.open(clone.path), "origin/main", "HEAD") == (origin.base, origin.tip)
    assert clone.git("branch", "--format=%(refname:short)") == "feature"


def test_all_of_the_history_can_be_had(origin: Any):
    """``full`` leaves no cut."""
    found = GitRepository.open(origin.clone("shallow", "--depth=1").path)
    deepen(found, origin.base, origin.tip, depth="full")
    assert not found.is_shallow
    assert len(found.rev_list([origin.base])) == 200


def test_a_merge_base_above_a_cut_is_not_trusted(origin: Any):
    """A branch that merged the base lately has a better merge base than the first one in sight, and fewer commits."""
    origin.git("switch", "-q", "feature")
    tip = origin.merge("main~10")
    origin.git("switch", "-q", "main")
    clone = origin.clone("shallow", "--depth=5", "--no-single-branch")
    found = GitRepository.open(clone.path)
    deepen(found, origin.base, tip)
    assert found.change(origin.base, tip) == GitRepository.open(origin.path).change(origin.base, tip)


def test_a_complete_clone_is_left_alone(origin: Any):
    """Nothing is fetched: the remote may even be gone."""
    clone = origin.clone("full")
    clone.git("remote", "set-url", "origin", "file:///nowhere")
    assert deepen(GitRepository.open(clone.path), origin.base, origin.tip) == (origin.base, origin.tip)


def test_local_commits_that_the_remote_never_saw_do_not_matter(origin: Any):
    """Only cuts are deepened, and those came from the remote."""
    clone = origin.clone("shallow", "--depth=1", "--branch=feature")
    clone.now = origin.now
    mine = clone.commit("Mine", {"d.py": "1\n"})
    found = GitRepository.open(clone.path)
    deepen(found, origin.base, mine)
    assert len(found.change(origin.base, mine).commits) == 4


def test_a_remote_that_is_away_is_told_without_its_secret(origin: Any):
    """The refusal holds git's words, and no password of the address."""
    clone = origin.clone("shallow", "--depth=1")
    clone.git("remote", "set-url", "origin", "http://bot:hunter2@127.0.0.1:9/shop.git")
    with pytest.raises(RepositoryError, match="cannot be fetched") as refused:
        deepen(GitRepository.open(clone.path), origin.base, origin.tip)
    assert "hunter2" not in str(refused.value)


def test_a_protocol_that_runs_a_command_is_refused(origin: Any, tmp_path: Path):
    """``ext::`` in the clone's configuration is not followed."""
    clone = origin.clone("shallow", "--depth=1")
    clone.git("remote", "set-url", "origin", f"ext::touch {tmp_path}/pwned")
    clone.git("config", "protocol.ext.allow", "always")
    with pytest.raises(RepositoryError, match="cannot be fetched"):
        deepen(GitRepository.open(clone.path), origin.base, origin.tip)
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("name", ["--upload-pack=touch pwned", "main:refs/heads/main", "+x", "a..b", "x\ny"])
def test_a_name_is_no_option_and_no_refspec(origin: Any, name: str):
    """What git could read as anything but the name of a branch is refused, or is no branch of the remote."""
    clone = origin.clone("shallow", "--depth=1")
    with pytest.raises((UnknownRef, RepositoryError)):
        deepen(GitRepository.open(clone.path), name, "HEAD")
    assert clone.git("branch", "--format=%(refname:short)") == "main"
