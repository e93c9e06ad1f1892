"""Changes read from real repositories: every kind of file, every shape of history."""

from __future__ import annotations

import pytest

from riskml.adapters.git import GitRepository
from riskml.change import Change, Commit, FileDiff, Hunk, Person
from riskml.errors import NoMergeBase, ObjectMissing, UnknownRef
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
