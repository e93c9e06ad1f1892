"""Opening repositories: where they are, what they are called, and what is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from riskml.adapters.git import GitRepository
from riskml.adapters.git.origin import key_of
from riskml.errors import NotARepository, ObjectMissing, RepositoryError


def test_from_the_root_from_inside_and_from_its_git_folder(repo):
    """A repository is found from its root, from a folder or a file inside it, and from its .git."""
    repo.commit("One", {"dir/deep/a": "1\n"})

    for place in (".", "dir/deep", "dir/deep/a", ".git"):
        assert GitRepository.open(repo.path / place).path == repo.path


def test_parents_are_not_searched_on_request(repo):
    """Without a search the path itself must be the repository."""
    repo.commit("One", {"dir/a": "1\n"})

    with pytest.raises(NotARepository, match=r"no git repository here: got '.*dir'; expected a folder"):
        GitRepository.open(repo.path / "dir", search_parent=False)


def test_what_is_no_repository(tmp_path: Path):
    """A folder without a repository, and no folder, are told apart."""
    with pytest.raises(NotARepository, match="no git repository here"):
        GitRepository.open(tmp_path)
    with pytest.raises(NotARepository, match="no such folder"):
        GitRepository.open(tmp_path / "none")


def test_variables_in_a_path_are_letters(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A path is taken as it is; $HOME in it is a name."""
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(NotARepository, match="no such folder"):
        GitRepository.open("$HOME")


@pytest.mark.parametrize(("config", "words"), [
    (b"[core\n", "a repository that cannot be read"),
    (b"\xff\xfe\x00", "a repository that cannot be read"),
    (b"url = x\n", "a repository that cannot be read"),
    (b"[core]\n\trepositoryFormatVersion = 99\n", "git failed at .*: got 'fatal: Expected git repo version <= 1, found 99'"),
])  # fmt: skip
def test_broken_configuration_is_no_crash(repo, config: bytes, words: str):
    """A configuration that makes no sense, or is of a later git, is refused in our own words."""
    repo.commit("One", {"a": "1\n"})
    repo.write(".git/config", config)

    with pytest.raises(RepositoryError, match=words):
        GitRepository.open(repo.path).head()


def test_missing_gitdir_of_a_worktree(tmp_path: Path):
    """A .git file that leads nowhere is no repository."""
    (tmp_path / "lost").mkdir()
    (tmp_path / "lost" / ".git").write_text("gitdir: /nowhere/.git/worktrees/lost\n")

    with pytest.raises(NotARepository):
        GitRepository.open(tmp_path / "lost")


def test_submodule_is_a_repository_of_its_own(repo, make_repo):
    """A submodule's folder opens the submodule."""
    library = make_repo("library")
    sha = library.commit("One", {"a": "1\n"})
    repo.git("submodule", "--quiet", "add", library.path.as_uri(), "lib")
    repo.commit("Add")

    submodule = GitRepository.open(repo.path / "lib")
    assert (submodule.path, submodule.head(), submodule.is_bare) == (repo.path / "lib", sha, False)


@pytest.mark.parametrize(("url", "key"), [
    ("https://github.com/acme/shop.git", "acme/shop"),
    ("https://bot:secret@git.example.org:8443/acme/shop/", "acme/shop"),
    ("git@gitlab.example.org:group/sub/shop.git", "group/sub/shop"),
    ("ssh://git@example.org:22/acme/shop", "acme/shop"),
    ("https://token@dev.azure.com/org/project/_git/shop", "org/project/_git/shop"),
    ("ssh://example.org/~ada/shop.git", "~ada/shop"),
    ("https://example.org/acme/shop.git?token=secret#x", "acme/shop"),
    ("/srv/mirrors/shop.git", None),
    ("file:///srv/mirrors/shop.git", None),
    ("../shop.git", None),
    ("C:/work/shop", None),
    ("https://example.org", None),
    ("", None),
])  # fmt: skip
def test_key_of(url: str, key: str | None):
    """The key is owner and name: no host, no credentials, no query, and no path of a machine."""
    assert key_of(url) == key


def test_key(repo):
    """The origin names a repository; without one, its folder does."""
    repo.commit("One")
    assert GitRepository.open(repo.path).key == "repo"
    bare = repo.clone("shop.git", "--bare")
    assert GitRepository.open(bare.path).key == "shop"
    repo.git("remote", "add", "origin", "https://bot:secret@example.org/acme/shop.git")
    assert GitRepository.open(repo.path).key == "acme/shop"


def test_full_clone_is_neither_shallow_nor_partial(repo):
    """An ordinary repository has all of its history."""
    repo.commit("One")

    assert not GitRepository.open(repo.path).is_shallow
    assert not GitRepository.open(repo.path).is_partial


def test_stream_gives_what_git_writes(repo):
    """The bytes come as git writes them, with what was given to read."""
    sha = repo.commit("One", {"a": "1\n"})
    repository = GitRepository.open(repo.path)

    with repository.stream(["cat-file", "--batch-check"], stdin=f"{sha}\n".encode()) as output:
        assert output.read().split()[:2] == [sha.encode(), b"commit"]
    assert repository.rev_list([sha]) == [sha]


def test_stream_knows_no_names(repo):
    """Refs are not in reach of a stream: options that mean them are refused, and names are unknown, never silently nothing."""
    repo.commit("One")
    repository = GitRepository.open(repo.path)

    for option in ("--all", "--branches", "--glob=refs/*"):
        with pytest.raises(ValueError, match="give ids"):
            repository.rev_list([option])
    for name in ("HEAD", "main"):
        with pytest.raises(RepositoryError, match=f"fatal: bad revision '{name}'"):
            repository.rev_list([name, "--"])


def test_stream_may_be_left_early(repo):
    """A reader may stop whenever it likes: git is stopped, and that is no error."""
    for i in range(3):
        repo.commit(f"{i}", {"a": f"{i}\n" * 200_000})
    repository = GitRepository.open(repo.path)

    with repository.stream(["log", "-p", repository.head()]) as output:
        assert output.read(10) == b"commit " + repository.head().encode()[:3]


def test_errors_of_git_are_raised_at_the_end(repo):
    """A git that fails is an error of the repository, with its own last words."""
    sha = repo.commit("One")
    repository = GitRepository.open(repo.path)

    words = "git failed at git log: got 'fatal: unrecognized argument: --no-such-option'"
    with pytest.raises(RepositoryError, match=words), repository.stream(["log", "--no-such-option", sha]) as output:
        output.read()


def test_git_is_blamed_before_its_reader(repo):
    """A reader that fails because git stopped too soon is told why git did."""
    repo.commit("One", {"a": "1\n"})
    sha = repo.commit("Two", {"a": "2\n"})
    blob = repo.git("rev-parse", "HEAD:a")
    (repo.path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()

    def read() -> None:
        with GitRepository.open(repo.path).stream(["log", "-p", sha]) as output:
            output.read()
            raise ValueError("too short")

    with pytest.raises(ObjectMissing, match=blob) as caught:
        read()
    assert isinstance(caught.value.__cause__, ValueError)


def test_errors_of_the_reader_are_its_own(repo):
    """While git does well, an error of its reader passes unchanged."""
    sha = repo.commit("One")

    with pytest.raises(ValueError, match="mine"), GitRepository.open(repo.path).stream(["log", "-p", sha]):
        raise ValueError("mine")


def test_chatty_git_does_not_block(repo):
    """However much git remarks, its output comes."""
    sha = repo.commit("One")
    wrong = "".join(f"refs/heads/none-{i}\n" for i in range(20_000)).encode()

    with GitRepository.open(repo.path).stream(["cat-file", "--batch-check"], stdin=wrong + sha.encode()) as output:
        assert output.read().splitlines()[-1].startswith(sha.encode())


def test_count_lines(repo):
    """Texts have lines, the last one with or without its newline; binary and missing blobs have no known number."""
    files = {"empty": b"", "one": b"1", "two": b"1\n2\n", "crlf": b"1\r\n2\r\n3", "binary": b"a\0b\n"}
    files["large"] = b"x\n" * 2_000_000
    repo.commit("One", files)
    ids = {name: repo.git("rev-parse", f"HEAD:{name}") for name in files}

    lines = GitRepository.open(repo.path).count_lines([*ids.values(), ids["two"], "f" * 40])

    assert {name: lines.get(blob) for name, blob in ids.items()} == {
        "empty": 0, "one": 1, "two": 2, "crlf": 3, "binary": None, "large": 2_000_000,
    }  # fmt: skip
    assert len(lines) == 5


def test_read_blob(repo):
    """A blob is read by its id, as it is; what is no id is refused."""
    repo.commit("One", {"a": b"\0\xff\r\n"})
    repository = GitRepository.open(repo.path)

    assert repository.read_blob(repo.git("rev-parse", "HEAD:a")) == b"\0\xff\r\n"
    with pytest.raises(ObjectMissing, match=r"f{40}"):
        repository.read_blob("f" * 40)
    with pytest.raises(RepositoryError, match="option"):
        repository.read_blob("--textconv")


def test_own_directory_comes_back(repo):
    """A service may outlive the temporary folder that a cleaner takes away: it is made again."""
    repo.commit("One", {"a": "1\n"})
    repository = GitRepository.open(repo.path)
    before = repository.change(None)
    with repository.stream(["rev-parse", "--git-dir"]) as output:
        folder = Path(output.read().decode().strip())
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()

    assert repository.change(None) == before


def test_nothing_is_left_behind(repo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """The temporary folders are gone when the repository is."""
    repo.commit("One", {"a": "1\n"})
    repo.write("a", "2\n")
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))  # the standard library's own switch
    repository = GitRepository.open(repo.path)
    repository.worktree_change(1_800_000_000)
    assert list(temporary.iterdir())

    del repository

    assert list(temporary.iterdir()) == []
