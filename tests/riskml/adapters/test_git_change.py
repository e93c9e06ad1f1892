"""Changes read from real repositories: every kind of file."""

from __future__ import annotations

import pytest

from riskml.adapters.git import GitRepository
from riskml.change import Commit, FileDiff, Hunk, Person
from riskml.parse import log

TEXT = "".join(f"line {i}\n" for i in range(1, 41))


def opened(repo) -> GitRepository:
    """Open the tiny repository."""
    return GitRepository.open(repo.path)


def last(repo) -> FileDiff:
    """Return the one file of the last commit."""
    (file,) = opened(repo).commit_change("HEAD").files
    return file


def test_commits_come_with_all_that_git_knows_of_them(repo):
    """A commit carries its message, its author, both times and the author's zone in minutes."""
    first = repo.commit("One", {"a": "1\n"})
    repo.git("commit", "-q", "--allow-empty", "-m", "Two\n\nBody", env={"GIT_AUTHOR_DATE": "1700000000 -0330"})

    change = opened(repo).commit_change("HEAD")

    assert change.commits == (Commit(
        sha=repo.git("rev-parse", "HEAD"), message="Two\n\nBody\n", parents=(first,),
        authored_at=1_700_000_000, committed_at=repo.now, utc_offset=-210, author=Person("Ada", "ada@example.org"),
    ),)  # fmt: skip
    assert (change.files, change.at, change.base, change.kind) == ((), repo.now, first, "commit")


def test_first_commit(repo):
    """The first commit of a history changed nothing into something."""
    sha = repo.commit("One", {"a": "1\n2\n"})

    change = opened(repo).commit_change("HEAD")

    assert (change.base, change.head) == (None, sha)
    assert [(f.path, f.status, f.added, f.lines_before) for f in change.files] == [("a", "A", b"1\n2\n", 0)]
    assert opened(repo).change(None, "HEAD").files == change.files


def test_modified_file(repo):
    """An edit comes with its hunks, its lines, both blobs, and the length of the file before."""
    repo.commit("One", {"a": TEXT})
    repo.commit("Two", {"a": TEXT.replace("line 7\n", "seven\nseven and a half\n")})

    file = last(repo)

    assert (file.status, file.hunks, file.lines_before) == ("M", (Hunk(7, 1, 7, 2),), 40)
    assert (file.removed, file.added) == (b"line 7\n", b"seven\nseven and a half\n")
    assert (file.old_blob, file.new_blob) == (repo.git("rev-parse", "HEAD~:a"), repo.git("rev-parse", "HEAD:a"))


def test_rename(repo):
    """A file that only moved keeps its blob and its length, and has no lines that changed."""
    repo.commit("One", {"old name": TEXT})
    repo.git("mv", "old name", "new")
    repo.commit("Two")

    file = last(repo)

    assert (file.status, file.old_path, file.path, file.hunks) == ("R", "old name", "new", ())
    assert (file.old_blob, file.lines_before) == (file.new_blob, 40)


def test_rename_with_edit(repo):
    """A file that moved and changed is one file with both names."""
    repo.commit("One", {"old": TEXT})
    repo.git("mv", "old", "dir-new")
    repo.commit("Two", {"dir-new": TEXT + "more\n"})

    file = last(repo)

    assert (file.status, file.old_path, file.path, file.hunks) == ("R", "old", "dir-new", (Hunk(40, 0, 41, 1),))


def test_copy_is_a_new_file(repo):
    """Copies are not looked for, as that costs a search of the whole tree: a copy is a new file."""
    repo.commit("One", {"a": TEXT})
    repo.commit("Two", {"b": TEXT})

    assert (last(repo).status, last(repo).path, last(repo).lines_before) == ("A", "b", 0)


def test_deletion(repo):
    """A deleted file shows all its lines."""
    repo.commit("One", {"a": "1\n2\n", "b": "\n"})
    repo.remove("a")
    repo.commit("Two")

    assert (last(repo).status, last(repo).removed, last(repo).lines_before) == ("D", b"1\n2\n", 2)


def test_binary_file(repo):
    """A file with a NUL is binary: no lines, and no known length."""
    repo.commit("One", {"a.png": b"\x89PNG\0\1"})
    repo.commit("Two", {"a.png": b"\x89PNG\0\2"})

    assert (last(repo).binary, last(repo).hunks, last(repo).lines_before) == (True, (), None)


def test_attributes_do_not_hide_text(repo):
    """A .gitattributes that calls source text binary, or names a driver, does not take it out of the change."""
    repo.commit("One", {"a.py": "1\n", ".gitattributes": "*.py binary\n"})
    repo.write(".git/info/attributes", "*.py -diff\n")
    repo.commit("Two", {"a.py": "2\n"})

    assert (last(repo).binary, last(repo).added) == (False, b"2\n")


def test_mode(repo):
    """A change of mode alone is a change without lines."""
    repo.commit("One", {"run": TEXT})
    repo.git("update-index", "--chmod=+x", "run")
    (repo.path / "run").chmod(0o755)
    repo.commit("Two")

    file = last(repo)
    assert (file.status, file.old_mode, file.new_mode, file.hunks, file.lines_before) == ("M", 0o100644, 0o100755, (), 40)


def test_symbolic_link(repo):
    """A link is a file that holds its target; a file that becomes one is a change of type."""
    repo.commit("One", {"a": "1\n2\n"})
    repo.remove("a")
    (repo.path / "a").symlink_to("target")
    repo.commit("Two")

    file = last(repo)
    assert (file.status, file.old_mode, file.new_mode) == ("T", 0o100644, 0o120000)
    assert (file.removed, file.added, file.lines_before) == (b"1\n2\n", b"target\n", 2)


def test_submodule(repo, make_repo):
    """A submodule that is added or moved on is known as one, and counts no lines."""
    library = make_repo("library")
    library.commit("One", {"a": "1\n"})
    repo.git("submodule", "--quiet", "add", library.path.as_uri(), "lib")
    repo.commit("Add")
    added = {f.path: f for f in opened(repo).commit_change("HEAD").files}
    library.commit("Two", {"a": "2\n"})
    repo.git("-C", "lib", "pull", "-q")
    repo.commit("Move on")

    assert (added["lib"].status, added["lib"].submodule, added["lib"].added) == ("A", True, b"")
    assert (last(repo).submodule, last(repo).hunks, last(repo).lines_before) == (True, (), None)


def test_line_ends(repo):
    """CRLF stays CRLF, and a missing last newline is no difference of its own."""
    repo.commit("One", {"a": b"1\r\n2"})
    repo.commit("Two", {"a": b"1\r\n2\r\n3"})

    assert (last(repo).removed, last(repo).added, last(repo).lines_before) == (b"2\n", b"2\r\n3\n", 2)


STRANGE = ("tab\there", 'quo"te', "back\\slash", "line\nbreak", "café", "two  words ", "-rf", ":(top)x", "*")


@pytest.mark.parametrize("name", STRANGE)
def test_strange_paths(repo, name: str):
    """Whatever a path holds, it comes back as it is."""
    repo.commit("One", {name: "1\n"})
    repo.commit("Two", {name: "2\n"})

    assert (last(repo).path, last(repo).added) == (name, b"2\n")
    assert opened(repo).read_file("HEAD", name) == b"2\n"


def test_paths_and_messages_that_are_not_utf8(repo):
    """A path keeps its bytes as surrogates; a message in another encoding is read in it, or as far as it can be."""
    repo.commit("One", {"latin\udce9": "1\n"})
    repo.git("config", "i18n.commitEncoding", "ISO-8859-1")
    repo.commit(b"Caf\xe9", {"latin\udce9": "2\n"})
    declared = opened(repo).commit_change("HEAD").message
    raw = repo.git("cat-file", "commit", "HEAD").encode("utf-8", "surrogateescape").replace(b"encoding ISO-8859-1\n", b"")
    undeclared = repo.git("hash-object", "-t", "commit", "-w", "--stdin", stdin=raw)

    assert last(repo).path == "latin\udce9"
    assert declared == "Café"
    assert opened(repo).commit_change(undeclared).message == "Caf\N{REPLACEMENT CHARACTER}"


def test_empty_message(repo):
    """A commit without a message has an empty one."""
    repo.commit("")

    assert opened(repo).commit_change("HEAD").message == ""


def test_bulk_and_single_reading_agree(repo, make_repo):
    """Each commit of a history gives the same records, whether it is read alone or with all others in one stream."""
    library = make_repo("library")
    library.commit("One", {"a": "1\n"})
    repo.commit("One", {"a": TEXT, "b": b"1\r\n2", "c": b"\0\1", "run": TEXT, "gone": "1\n2\n", "empty": "", "link": "1\n"})
    repo.commit("Two", {"a": TEXT.replace("line 3\n", ""), "b": b"2\r\n", "c": b"\0\2", "new": "no newline", "tab\t": "1\n"})
    repo.git("mv", "a", "moved")
    repo.git("mv", "c", "moved-binary")
    repo.git("update-index", "--chmod=+x", "run")
    (repo.path / "run").chmod(0o755)
    repo.commit("Three", {"moved": TEXT + "more\n", "new": "no newline\n"})
    repo.git("submodule", "--quiet", "add", library.path.as_uri(), "lib")
    for name in ("gone", "empty", "link", "moved-binary"):
        repo.remove(name)
    (repo.path / "link").symlink_to("target")
    repo.commit("Four")
    repo.git("rm", "-q", "lib")
    repo.commit("Five", {"lib": "a file now\n", "new": b"binary\0now\n"})
    repo.commit("Six", {"new": "text again\n"})
    repository = opened(repo)

    with repository.stream(["log", *log.ARGUMENTS, repository.head()]) as output:
        bulk = list(log.commits(output.read, lines_of=lambda blob: repository.count_lines([blob]).get(blob)))

    assert len(bulk) == 6
    assert bulk == [repository.commit_change(change.head) for change in bulk]
    assert {f.status for change in bulk for f in change.files} == set("AMDRT")
