"""Changes read from real repositories: every shape of history, and what cannot be read."""

from __future__ import annotations

import pytest

from riskml.adapters.git import GitRepository
from riskml.change import Change, FileDiff
from riskml.errors import NoMergeBase, ObjectMissing, UnknownRef

TEXT = "".join(f"line {i}\n" for i in range(1, 41))


def opened(repo) -> GitRepository:
    """Open the tiny repository."""
    return GitRepository.open(repo.path)


def last(repo) -> FileDiff:
    """Return the one file of the last commit."""
    (file,) = opened(repo).commit_change("HEAD").files
    return file


def test_range_is_one_diff_from_the_merge_base(repo):
    """A branch is compared with where it left the base, so that what the base did since is not blamed on it."""
    fork = repo.commit("One", {"a": TEXT, "b": "1\n"})
    repo.git("switch", "-q", "-c", "feature")
    first = repo.commit("Add", {"c": "x\n"})
    second = repo.commit("And edit", {"c": "y\n"})
    repo.git("switch", "-q", "main")
    repo.commit("Meanwhile", {"b": "2\n"})

    change = opened(repo).change("main", "feature")

    assert [(f.path, f.status, f.added) for f in change.files] == [("c", "A", b"y\n")]
    assert [c.sha for c in change.commits] == [first, second]
    assert (change.base, change.head, change.kind, change.at) == (fork, second, "range", change.commits[-1].committed_at)
    assert change.message == "Add\n\nAnd edit"


def test_base_that_moves_changes_nothing(repo):
    """The change is the same, however far the base has moved on."""
    repo.commit("One", {"a": TEXT})
    repo.git("switch", "-q", "-c", "feature")
    repo.commit("Edit", {"a": TEXT + "more\n"})
    before = opened(repo).change("main", "feature")
    repo.git("switch", "-q", "main")
    for i in range(5):
        repo.commit(f"Meanwhile {i}", {"a": TEXT.replace("line 1\n", f"{i}\n")})

    assert opened(repo).change("main", "feature") == before


def test_base_merged_into_the_branch(repo):
    """A branch that took the base in is compared with what it took, and lists the merge among its commits."""
    repo.commit("One", {"a": TEXT})
    repo.git("switch", "-q", "-c", "feature")
    repo.commit("Edit", {"a": TEXT + "more\n"})
    repo.git("switch", "-q", "main")
    taken = repo.commit("Meanwhile", {"b": "1\n"})
    repo.git("switch", "-q", "feature")
    repo.merge("main")

    change = opened(repo).change("main", "feature")

    assert change.base == taken
    assert [f.path for f in change.files] == ["a"]
    assert [(c.message.strip(), len(c.parents)) for c in change.commits] == [("Edit", 1), ("Merge", 2)]


def test_equal_commits_are_an_empty_change(repo):
    """A commit compared with itself, or with what already holds it, is an empty change at its own time."""
    sha = repo.commit("One", {"a": "1\n"})
    at = repo.now
    repo.commit("Two", {"a": "2\n"})

    empty = Change((), (), at=at, base=sha, head=sha)
    assert opened(repo).change(sha, sha) == empty
    assert opened(repo).change("main", sha) == empty


def test_merge_without_a_base_is_what_it_merged(repo):
    """The merge commit that CI tests is compared with its first parent, and its commits are those that it brings."""
    repo.commit("One", {"a": TEXT})
    repo.git("switch", "-q", "-c", "feature")
    repo.commit("Edit", {"a": TEXT + "more\n"})
    repo.git("switch", "-q", "main")
    base = repo.commit("Meanwhile", {"b": "1\n"})
    merge = repo.merge("feature")

    change = opened(repo).change(None, "HEAD")

    assert (change.base, change.head) == (base, merge)
    assert [f.path for f in change.files] == ["a"]
    assert [c.message.strip() for c in change.commits] == ["Edit", "Merge"]
    assert opened(repo).commit_change(merge).files == change.files


def test_octopus_merge(repo):
    """A merge of three is compared with its first parent, too."""
    repo.commit("One", {"a": TEXT})
    for name in ("x", "y"):
        repo.git("switch", "-q", "-c", name, "main")
        repo.commit(name, {name: "1\n"})
    repo.git("switch", "-q", "main")
    repo.merge("x", "y")

    assert [f.path for f in opened(repo).change(None).files] == ["x", "y"]


def test_shallow_clone_without_merge_base(repo):
    """A clone that was cut before the fork says that it was, and how to get the rest."""
    repo.commit("One", {"a": TEXT})
    repo.git("switch", "-q", "-c", "feature")
    repo.commit("Edit", {"a": TEXT + "more\n"})
    repo.git("switch", "-q", "main")
    repo.commit("Meanwhile", {"b": "1\n"})
    shallow = repo.clone("shallow", "--depth=1", "--no-single-branch")

    assert opened(shallow).is_shallow
    words = r"shallow clone does not reach.*got 'main and origin/feature'.*--deepen=200.*fetch-depth: 0"
    with pytest.raises(NoMergeBase, match=words):
        opened(shallow).change("main", "origin/feature")


def test_shallow_clone_does_not_take_its_end_for_a_beginning(repo):
    """The oldest commit of a shallow clone has parents that are not there, so it is no first commit that adds everything."""
    repo.commit("One", {"a": TEXT})
    repo.commit("Two", {"b": "1\n"})
    shallow = repo.clone("shallow", "--depth=1")

    for read in (opened(shallow).commit_change, lambda ref: opened(shallow).change(None, ref)):
        with pytest.raises(NoMergeBase, match="shallow clone ends here"):
            read("HEAD")


def test_unrelated_histories(repo):
    """Two histories that never met have no merge base, and depth is not to blame."""
    repo.commit("One", {"a": "1\n"})
    repo.git("switch", "-q", "--orphan", "other")
    repo.commit("Other", {"a": "1\n"})

    with pytest.raises(NoMergeBase, match="no common ancestor: got 'main and other'; expected a base that shares history"):
        opened(repo).merge_base("main", "other")


@pytest.mark.parametrize("damage", ["missing", "corrupt", "empty"])
def test_unreadable_object_is_named(repo, damage: str):
    """An object that is missing or broken is named, and nothing is guessed in its place."""
    repo.commit("One", {"a": TEXT})
    repo.commit("Two", {"a": TEXT + "more\n"})
    blob = repo.git("rev-parse", "HEAD:a")
    file = repo.path / ".git" / "objects" / blob[:2] / blob[2:]
    file.chmod(0o644)
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes(b"" if damage == "empty" else b"no zlib stream")

    with pytest.raises(ObjectMissing, match=f"git cannot read an object at git diff-tree: got '{blob}'"):
        opened(repo).change("HEAD~", "HEAD")


def test_partial_clone_never_fetches(repo):
    """What a partial clone left out stays out: the object is named, and nothing asks the network for it."""
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.commit("One", {"a": TEXT})
    repo.commit("Two", {"a": TEXT + "more\n"})
    partial = repo.clone("partial", "--filter=blob:none", "--no-checkout")

    assert opened(partial).is_partial
    with pytest.raises(ObjectMissing, match=r"got '[0-9a-f]{40}'"):
        opened(partial).commit_change("HEAD")
    assert "promisor" in "".join(p.name for p in (partial.path / ".git/objects/pack").iterdir())
    assert "?" in partial.git("rev-list", "--objects", "--missing=print", "HEAD")


def test_sha256(make_repo):
    """A repository whose ids are SHA-256 is read like any other."""
    repo = make_repo("modern", object_format="sha256")
    repo.commit("One", {"a": "1\n"})
    repo.commit("Two", {"a": "2\n"})

    assert len(opened(repo).head()) == 64
    assert (last(repo).added, len(last(repo).old_blob), last(repo).lines_before) == (b"2\n", 64, 1)
    assert opened(repo).commit_change("HEAD~").files[0].status == "A"


def test_detached_head(repo):
    """A commit that is checked out without a branch is the head all the same."""
    first = repo.commit("One", {"a": "1\n"})
    repo.commit("Two", {"a": "2\n"})
    repo.git("checkout", "-q", first)

    assert opened(repo).head() == first


def test_no_commit_yet(repo):
    """A repository without commits says that it has none."""
    for read in (GitRepository.head, GitRepository.is_dirty, lambda r: r.change(None), lambda r: r.commit_change("HEAD")):
        with pytest.raises(UnknownRef, match="the repository has no commit yet"):
            read(opened(repo))
