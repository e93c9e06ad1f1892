"""Names of commits: what they mean, which are refused, and which branch is the base when nobody says."""

from __future__ import annotations

import pytest

from riskml.adapters.git import GitRepository
from riskml.errors import UnknownRef


@pytest.fixture
def history(repo):
    """Return a repository with two commits, a branch, a tag and an annotated tag."""
    repo.commit("One", {"a": "1\n"})
    repo.git("branch", "release/1.x")
    repo.commit("Two", {"a": "2\n"})
    repo.git("tag", "v1.0", "HEAD~")
    repo.git("tag", "-a", "-m", "Second", "v2.0")
    return repo


@pytest.mark.parametrize(("name", "same_as"), [
    ("HEAD", "HEAD"), ("@", "HEAD"), ("main", "HEAD"), ("refs/heads/main", "HEAD"), ("v2.0", "HEAD"), ("HEAD~1", "HEAD~"),
    ("main^", "HEAD~"), ("v1.0", "HEAD~"), ("release/1.x", "HEAD~"), ("HEAD@{0}", "HEAD"),
])  # fmt: skip
def test_names_git_knows(history, name: str, same_as: str):
    """Branches, tags of both kinds, ancestors and reflog entries mean the commit that git says."""
    assert GitRepository.open(history.path).resolve(name) == history.git("rev-parse", f"{same_as}^{{commit}}")


def test_abbreviated_id(history):
    """An id may be shortened as far as it stays clear."""
    sha = history.git("rev-parse", "HEAD")

    assert GitRepository.open(history.path).resolve(sha[:8]) == sha


@pytest.mark.parametrize(("name", "words"), [
    ("--output=stolen", "read as an option"),
    ("-h", "read as an option"),
    ("", "an empty name"),
    ("main..HEAD", "a range"),
    ("main...HEAD", "a range"),
    ("^main", "a range"),
    ("main^@", "a range"),
    ("main^!", "a range"),
    ("main^-1", "a range"),
    ("HEAD:a", "a name of a file or a search"),
    (":/One", "a name of a file or a search"),
    ("main\nHEAD", "control characters"),
    ("main\0", "control characters"),
    ("x" * 2000, "far too long"),
])  # fmt: skip
def test_what_is_no_name_of_one_commit(history, name: str, words: str):
    """Options, ranges, files and control characters are refused before git sees them."""
    with pytest.raises(UnknownRef, match=words):
        GitRepository.open(history.path).resolve(name)
    assert not list(history.path.glob("stolen*"))


@pytest.mark.parametrize(("name", "close"), [("mian", "main"), ("1.x", "release/1.x"), ("v1", "v1.0")])
def test_unknown_names_come_with_close_ones(history, name: str, close: str):
    """A name that is almost one is answered with that one."""
    with pytest.raises(UnknownRef, match=f"no commit has this name: got '{name}'.*close to it: {close}"):
        GitRepository.open(history.path).resolve(name)


def test_names_of_other_things(history):
    """A tree or a blob is no commit."""
    for kind in ("HEAD^{tree}", history.git("rev-parse", "HEAD:a"), "f" * 40):
        with pytest.raises(UnknownRef):
            GitRepository.open(history.path).resolve(kind)


def test_unknown_name_in_a_shallow_clone(history):
    """In a shallow clone an unknown name may be one that was left out, and that is said."""
    shallow = history.clone("shallow", "--depth=1")

    with pytest.raises(UnknownRef, match="this clone is shallow"):
        GitRepository.open(shallow.path).resolve(history.git("rev-parse", "HEAD~"))


def test_default_base_is_where_origin_points(history):
    """A clone's default is the branch that its origin calls so, whatever its name."""
    history.git("switch", "-q", "-c", "production")
    clone = history.clone("clone")
    clone.git("switch", "-q", "-c", "feature")
    clone.commit("Three", {"a": "3\n"})

    assert GitRepository.open(clone.path).default_base("HEAD") == "origin/production"


def test_default_base_without_origin(history):
    """Without an origin the usual names are tried in their order."""
    history.git("branch", "develop")
    history.git("switch", "-q", "-c", "feature")
    history.commit("Three", {"a": "3\n"})

    assert GitRepository.open(history.path).default_base("feature") == "main"
    history.git("update-ref", "refs/remotes/origin/master", "main")
    assert GitRepository.open(history.path).default_base("feature") == "origin/master"


def test_default_base_of_work_on_the_default_branch(history):
    """What is on main and not yet pushed is compared with what was."""
    clone = history.clone("clone")
    clone.commit("Three", {"a": "3\n"})
    clone.commit("Four", {"a": "4\n"})

    repository = GitRepository.open(clone.path)
    assert repository.default_base("HEAD") == "origin/main"
    assert len(repository.change(None).commits) == 2


def test_default_base_of_what_is_history(history):
    """A commit that the default branch holds already is compared with its parent: the change is the last commit."""
    repository = GitRepository.open(history.path)

    assert repository.default_base("HEAD") == history.git("rev-parse", "HEAD~")
    assert [c.message for c in repository.change(None).commits] == ["Two"]


def test_no_default_base(history):
    """Without any of the usual branches the answer is to say which."""
    history.git("switch", "-q", "-c", "topic")
    history.git("branch", "-D", "main")

    words = "no branch to compare with: got 'HEAD'; expected --base REF, or one of: origin/HEAD, origin/main"
    with pytest.raises(UnknownRef, match=words):
        GitRepository.open(history.path).default_base("HEAD")


def test_ancestry(history):
    """A commit is an ancestor of itself and of what came after it, not of what came before."""
    repository = GitRepository.open(history.path)

    assert repository.is_ancestor("HEAD", "HEAD")
    assert repository.is_ancestor("HEAD~", "HEAD")
    assert not repository.is_ancestor("HEAD", "HEAD~")
