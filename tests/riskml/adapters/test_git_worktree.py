"""The working tree as a change: what is staged, what is not, and what is new."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from riskml.adapters.git import GitRepository
from riskml.errors import RepositoryError

NOW = 1_800_000_000


def changed(repo, base: str | None = None) -> dict[str, tuple[str, bytes, bytes]]:
    """Return status, removed and added lines of each file that the working tree changes."""
    files = GitRepository.open(repo.path).worktree_change(NOW, base).files
    return {f.path: (f.status, f.removed, f.added) for f in files}


def snapshot_of(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return each file under a folder with its content and its time (git renews the time of an object that it meets again)."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(p): (0 if "objects" in p.parts else p.stat().st_mtime_ns, p.read_bytes()) for p in files}


@pytest.fixture
def clean(repo):
    """Return a repository with three files and a clean working tree."""
    repo.commit("One", {"a": "1\n", "b": "1\n", "c": "1\n", ".gitignore": "*.log\n"})
    return repo


def test_clean_tree(clean):
    """A clean tree is not dirty, and its change is empty."""
    assert not GitRepository.open(clean.path).is_dirty()
    assert changed(clean) == {}


def test_all_kinds_of_dirt(clean):
    """Staged, unstaged, deleted and new files are in the change; ignored ones are not."""
    clean.write("a", "staged\n")
    clean.git("add", "a")
    clean.write("a", "staged, then edited\n")
    clean.write("b", "edited\n")
    clean.remove("c")
    clean.write("dir/new", "new\n")
    clean.write("noise.log", "ignored\n")

    assert changed(clean) == {
        "a": ("M", b"1\n", b"staged, then edited\n"),
        "b": ("M", b"1\n", b"edited\n"),
        "c": ("D", b"1\n", b""),
        "dir/new": ("A", b"", b"new\n"),
    }
    assert GitRepository.open(clean.path).is_dirty()


def test_one_new_file_is_dirt(clean):
    """A single file that git does not know makes the tree dirty, unless it is ignored."""
    clean.write("noise.log", "x\n")
    assert not GitRepository.open(clean.path).is_dirty()
    clean.write("new", "x\n")
    assert GitRepository.open(clean.path).is_dirty()


def test_what_the_change_says_of_itself(clean):
    """It is judged now, against HEAD, and has no head of its own."""
    clean.write("a", "2\n")

    change = GitRepository.open(clean.path).worktree_change(NOW)

    assert (change.kind, change.at, change.base, change.head) == ("worktree", NOW, clean.git("rev-parse", "HEAD"), None)
    assert change.commits == ()
    assert change.files[0].lines_before == 1


def test_against_a_base(clean):
    """With a base the change holds the branch's commits and the dirt, from where they left the base."""
    fork = clean.git("rev-parse", "HEAD")
    clean.git("switch", "-q", "-c", "feature")
    clean.commit("Two", {"b": "2\n"})
    clean.write("a", "2\n")

    change = GitRepository.open(clean.path).worktree_change(NOW, "main")

    assert [f.path for f in change.files] == ["a", "b"]
    assert ([c.message for c in change.commits], change.base) == (["Two"], fork)


def test_moved_file_is_a_rename(clean):
    """A file that was moved by hand is recognised, though git has not been told."""
    clean.commit("Two", {"long": "".join(f"{i}\n" for i in range(30))})
    (clean.path / "long").rename(clean.path / "moved")

    assert changed(clean) == {"moved": ("R", b"", b"")}


def test_file_becomes_a_folder(clean):
    """A file may make way for a folder of the same name."""
    clean.remove("a")
    clean.write("a/b", "2\n")

    assert changed(clean) == {"a": ("D", b"1\n", b""), "a/b": ("A", b"", b"2\n")}


def test_same_second_and_size(clean):
    """An edit that keeps a file's size and time within git's clock is seen all the same."""
    for i in range(2, 9):
        clean.write("a", f"{i}\n")
        clean.git("add", "a")
        clean.write("a", f"{i + 1}\n")
        assert changed(clean) == {"a": ("M", b"1\n", b"%d\n" % (i + 1))}


def test_unmerged_files(clean):
    """In the middle of a conflict the change is what the files hold, marks and all."""
    clean.git("switch", "-q", "-c", "other")
    clean.commit("Two", {"a": "theirs\n"})
    clean.git("switch", "-q", "main")
    clean.commit("Three", {"a": "ours\n"})
    with pytest.raises(AssertionError, match="merge"):
        clean.merge("other")

    assert b"<<<<<<<" in changed(clean)["a"][2]


def test_nothing_is_written(clean):
    """Reading a dirty tree leaves every file of the repository as it was, the index with its times included."""
    clean.write("a", "2\n")
    clean.write("new", "x\n")
    os.utime(clean.path / "b", (1, 1))  # so that git would want to refresh its index
    before = snapshot_of(clean.path)

    changed(clean)
    GitRepository.open(clean.path).is_dirty()

    assert snapshot_of(clean.path) == before


def test_line_ends_of_the_checkout(clean):
    """With core.autocrlf a file that was checked out with CRLF is not a change."""
    clean.git("config", "core.autocrlf", "true")
    clean.write("b", b"1\r\n")
    clean.write("c", b"1\r\n2\r\n")

    assert changed(clean) == {"c": ("M", b"", b"2\n")}


def test_modes_where_the_disk_has_none(clean):
    """With core.fileMode off, the mode on disk says nothing."""
    (clean.path / "a").chmod(0o755)
    assert changed(clean) == {"a": ("M", b"", b"")}

    clean.git("config", "core.fileMode", "false")
    assert changed(clean) == {}


def test_excludes_of_the_user_and_of_the_clone(clean, monkeypatch: pytest.MonkeyPatch):
    """What the user ignores everywhere, and what is ignored in this clone only, is no part of the change."""
    config = clean.home / "config"
    clean.home.joinpath("everywhere").write_text("*.swp\n")
    config.write_text(f"[core]\n\texcludesFile = {clean.home}/everywhere\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    clean.write(".git/info/exclude", "*.mine\n")
    for name in ("x.swp", "x.mine", "x"):
        clean.write(name, "1\n")

    assert set(changed(clean)) == {"x"}


def test_repositories_inside(clean, make_repo):
    """A submodule that moved on is in the change; what lies in its own files, or in a stray clone, is not."""
    library = make_repo("library")
    library.commit("One", {"a": "1\n"})
    clean.git("submodule", "--quiet", "add", library.path.as_uri(), "lib")
    clean.commit("Add")
    clean.git("clone", "-q", library.path.as_uri(), "stray")
    clean.write("lib/a", "dirty\n")
    assert changed(clean) == {}
    assert not GitRepository.open(clean.path).is_dirty()

    library.commit("Two", {"a": "2\n"})
    clean.git("-C", "lib", "checkout", "-q", "a")
    clean.git("-C", "lib", "pull", "-q")
    assert changed(clean) == {"lib": ("M", b"", b"")}


def test_from_a_folder_inside(clean):
    """Opened from inside, the change is still that of the whole tree."""
    clean.write("a", "2\n")
    inside = clean.path / "dir" / "deep"
    inside.mkdir(parents=True)

    assert [f.path for f in GitRepository.open(inside).worktree_change(NOW).files] == ["a"]


@pytest.mark.parametrize("name", ["with space", "café", "latin\udce9", "-dash", 'quo"te', "#hash", "a:b"])
def test_strange_folders(make_repo, name: str):
    """A repository may live in a folder of any name."""
    repo = make_repo(name)
    repo.commit("One", {"a": "1\n"})
    repo.write("a", "2\n")

    assert changed(repo) == {"a": ("M", b"1\n", b"2\n")}
    assert GitRepository.open(repo.path).commit_change("HEAD").files[0].added == b"1\n"


def test_linked_worktree(clean):
    """A linked working tree is read by itself, with the objects of its repository."""
    clean.git("worktree", "add", "-q", "-b", "side", "../side")
    side = clean.path.parent / "side"
    (side / "a").write_text("side\n")
    clean.write("b", "main\n")

    files = GitRepository.open(side).worktree_change(NOW).files

    assert [(f.path, f.added) for f in files] == [("a", b"side\n")]
    assert GitRepository.open(side).path == side
    assert GitRepository.open(side).key == "repo"
    assert GitRepository.open(side).common_dir == GitRepository.open(clean.path).common_dir


def test_split_index(clean):
    """An index that git split in two is one index."""
    clean.git("update-index", "--split-index")
    clean.write("a", "2\n")

    assert set(changed(clean)) == {"a"}


@pytest.mark.parametrize("options", [(), ("--sparse-index",)])
def test_sparse_checkout(clean, options: tuple[str, ...]):
    """What a sparse checkout leaves out is not deleted."""
    clean.commit("Two", {"in/a": "1\n", "out/a": "1\n", "out/deep/b": "1\n"})
    clean.git("sparse-checkout", "set", "--cone", *options, "in")
    assert not (clean.path / "out").exists()
    clean.write("in/a", "2\n")

    assert changed(clean) == {"in/a": ("M", b"1\n", b"2\n")}


def test_bare_repository(clean):
    """A bare repository has no working tree: never dirty, and no change of one."""
    bare = clean.clone("bare.git", "--bare")
    repository = GitRepository.open(bare.path)

    assert (repository.is_bare, repository.is_dirty()) == (True, False)
    with pytest.raises(RepositoryError, match="a bare repository has no working tree"):
        repository.worktree_change(NOW)
