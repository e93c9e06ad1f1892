"""Reading on where a clone lacks blobs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from riskml.adapters.git import GitRepository
from riskml.errors import ObjectMissing


def lose(repo, name: str) -> str:
    """Delete the blob that a name means, and return its id."""
    blob = repo.git("rev-parse", name)
    os.unlink(repo.path / ".git" / "objects" / blob[:2] / blob[2:])
    return blob


def objects(path: Path) -> set[str]:
    """Return the names of all files in the folder of objects."""
    return {str(file.relative_to(path)) for file in (path / ".git" / "objects").rglob("*") if file.is_file()}


@pytest.mark.parametrize("ids", ["sha1", "sha256"])
def test_missing_blob_reads_as_binary(make_repo, ids):
    """With a stand-in, the change of a lost file is known to have happened, and what it did is not; the others are whole."""
    repo = make_repo(object_format=ids)
    repo.commit("Start", {"a": "1\n", "b": "1\n"})
    repo.commit("Edit", {"a": "2\n", "b": "3\n"})
    blob = lose(repo, "HEAD:a")
    source = GitRepository.open(repo.path)
    with pytest.raises(ObjectMissing, match=blob):
        source.commit_change("HEAD")

    source.stand_in_for([blob])

    lost, whole = source.commit_change("HEAD").files
    assert (lost.path, lost.binary, lost.hunks) == ("a", True, ())
    assert (whole.path, whole.added, whole.lines_before) == ("b", b"3\n", 1)


def test_stand_ins_resemble_nothing(repo):
    """A lost file that was deleted and a lost file that was added are not taken for one that was renamed."""
    repo.commit("Start", {"a": "1\n" * 20})
    gone = lose(repo, "HEAD:a")
    repo.remove("a")
    repo.commit("Replace", {"b": "2\n" * 20})
    new = lose(repo, "HEAD:b")
    source = GitRepository.open(repo.path)

    source.stand_in_for([gone, new])

    assert [(f.status, f.path) for f in source.commit_change("HEAD").files] == [("D", "a"), ("A", "b")]


def test_repository_itself_is_left_as_it_is(repo):
    """Stand-ins are nobody else's: no file of the repository changes, and whoever opens it anew sees the hole."""
    repo.commit("Start", {"a": "1\n"})
    blob = lose(repo, "HEAD:a")
    before = objects(repo.path)
    source = GitRepository.open(repo.path)

    source.stand_in_for([blob])
    source.commit_change("HEAD")

    assert objects(repo.path) == before
    with pytest.raises(ObjectMissing):
        GitRepository.open(repo.path).commit_change("HEAD")
