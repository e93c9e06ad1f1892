"""Reading on where blobs are missing: in commits, in merges, and where two readers meet the same hole."""

from __future__ import annotations

import os
import random

import pytest

from riskml.adapters.git import GitRepository
from riskml.errors import ObjectMissing
from riskml.mine.holes import fill, missing_blobs, missing_in_merges
from riskml.mine.labels import label
from riskml.mine.rows import mine


def lose(repo, name: str) -> str:
    """Delete the blob that a name means, and return its id."""
    blob = repo.git("rev-parse", name)
    os.unlink(repo.path / ".git" / "objects" / blob[:2] / blob[2:])
    return blob


def merged(repo) -> None:
    """Write a history that ends with a merge which wrote ``both`` and, of each side alone, renamed a file."""
    text = "".join(f"line {n}\n" for n in range(30))
    repo.commit("Start", {"both": text, "left": text + "left\n", "right": text + "right\n"})
    repo.git("checkout", "-q", "-b", "side")
    repo.remove("right")
    repo.commit("Move right", {"both": "side\n" + text, "moved/right": text + "right, moved\n"})
    repo.git("checkout", "-q", "main")
    repo.remove("left")
    repo.commit("Fix left", {"both": "main\n" + text, "moved/left": text + "left, moved\n"})
    repo.now += 3600
    with pytest.raises(AssertionError):
        repo.git("merge", "-q", "--no-ff", "-m", "Merge", "side")
    repo.write("new", text + "new\n")
    repo.commit("Merge branch 'side'", {"both": "side and main\n" + text})
    repo.commit("Fix the words of the merge", {"both": "none of them\n" + text})


@pytest.mark.parametrize("holes", [
    pytest.param(["HEAD~2:both"], id="a commit"),
    pytest.param(["HEAD~1:both"], id="a merge"),
    pytest.param(["HEAD~1:new"], id="a file that only the merge has"),
    pytest.param(["HEAD~2:moved/left"], id="a file that one side of the merge added"),
    pytest.param(["HEAD~3:left", "HEAD~1^2:moved/right"], id="what a rename on either side is looked for in"),
    pytest.param(["HEAD~1:both", "HEAD~2:both", "HEAD~3:both", "HEAD~1^2:both", "HEAD:both"], id="every version"),
])
def test_missing_blobs_stop_neither_labels_nor_rows(repo, holes):
    """Whatever is missing, every commit is read, and the notice counts and names what was not there."""
    merged(repo)
    assert len(repo.git("log", "-1", "--format=%P", "HEAD~1").split()) == 2
    total = int(repo.git("rev-list", "--count", "--no-merges", "HEAD"))
    blobs = sorted({lose(repo, name) for name in holes})

    for read in (label, lambda source, notice: [row for row in mine(source, notice=notice) if not row.merge]):
        notices: list[str] = []
        assert len(read(GitRepository.open(repo.path), notice=notices.append)) == total
        if notices or read is label:
            assert len(notices) == 1
            assert notices[0].startswith(f"{len(blobs)} {'blob is' if len(blobs) == 1 else 'blobs are'} missing")
            assert ", ".join(blobs[:3]) in notices[0]


@pytest.mark.parametrize("seed", range(6))
def test_any_blob_of_a_random_history_may_be_missing(repo, grow, seed):
    """Commits, merges, renames, deletions: no hole in any of them ends the labelling, nor hides a commit."""
    grow(repo, seed)
    whole = label(GitRepository.open(repo.path))
    loose = [line.split() for line in repo.git("cat-file", "--batch-all-objects", "--batch-check").splitlines()]
    blobs = sorted(name for name, kind, _ in loose if kind == "blob")
    for blob in random.Random(seed).sample(blobs, len(blobs) // 4):
        os.unlink(repo.path / ".git" / "objects" / blob[:2] / blob[2:])

    found = label(GitRepository.open(repo.path))

    assert [x.sha for x in found] == [x.sha for x in whole]


def test_a_hole_that_another_reader_filled_is_reason_to_start_again(repo):
    """A git that started before something stood in is started again; one that started after it fails for good."""
    merged(repo)
    sha = repo.git("rev-parse", "HEAD~1")
    blob = lose(repo, "HEAD~1:both")
    source, missing = GitRepository.open(repo.path), set()

    assert fill(source, [sha], missing, 0, missing_in_merges)
    assert missing == {blob}
    assert fill(source, [sha], missing, 0, missing_blobs)
    assert not fill(source, [sha], missing, 1, missing_blobs)


def test_merge_names_the_blob_that_it_lacks(repo):
    """In git's words for merges what is missing "is not a blob"; to the reader it is missing."""
    merged(repo)
    blob = lose(repo, "HEAD~1:both")
    source = GitRepository.open(repo.path)
    merge = repo.git("rev-parse", "HEAD~1")

    with pytest.raises(ObjectMissing, match=blob), source.stream(["log", "-1", "-c", "--patch", merge]) as out:
        out.read()
