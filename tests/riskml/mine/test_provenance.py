"""Lines and their writers, against ``git blame``."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskml.adapters.git import GitRepository
from riskml.mine.layers import Layer
from riskml.mine.provenance import Provenance
from riskml.mine.traced import Traced


def followed(repo, tip: str) -> tuple[Provenance, list]:
    """Follow the lines of a history to a tip."""
    traced = Traced(GitRepository.open(repo.path), tip)
    told = list(traced)
    return traced.provenance, told


def blamed(repo, tip: str, path: str) -> list[str]:
    """Return what git says of who wrote each line."""
    lines = repo.git("blame", "--porcelain", "-s", tip, "--", path).split("\n")
    fields = [line.split(" ") for line in lines if not line.startswith("\t")]
    return [f[0] for f in fields if len(f) in (3, 4) and len(f[0]) == 40 and all(x.isdigit() for x in f[1:])]


def tree(repo, tip: str) -> dict[str, str]:
    """Return the files of a commit with their blobs."""
    entries = (line.split("\t") for line in repo.git("ls-tree", "-r", tip).split("\n") if line)
    return {path: meta.split(" ")[2] for meta, path in entries}


@pytest.mark.parametrize("seed", range(6))
def test_every_line_has_the_writer_that_git_blame_names(repo, grow, seed):
    """Through branches, renames and merges that write files of their own, each line is whose blame says it is."""
    grow(repo, seed, 45)
    tip = repo.git("rev-parse", "main")

    provenance, _ = followed(repo, tip)

    assert provenance.paths(tip) == tree(repo, tip)
    for path in provenance.paths(tip):
        origins = provenance.origins(tip, path)
        if origins is not None and None not in origins:
            assert origins == blamed(repo, tip, path), path


def test_removed_lines_come_with_their_writers(repo):
    """Each removed line, in the order of the diff, names the commit that wrote it."""
    first = repo.commit("One", {"a": "1\n2\n3\n4\n"})
    second = repo.commit("Two", {"a": "1\ntwo\n3\n4\n"})
    repo.commit("Three", {"a": "1\n4\n"})

    provenance, told = followed(repo, repo.git("rev-parse", "HEAD"))
    [removal] = told[-1][1]

    assert removal.diff.removed == b"two\n3\n"
    assert [provenance.shas[n] for n in removal.origins] == [second, first]


def test_lines_of_what_was_binary_are_nobodys(repo):
    """Nobody is named for lines that were no text before; they are counted as unresolved."""
    repo.commit("Binary", {"a": b"\0"})
    repo.commit("Text", {"a": "1\n2\n"})
    repo.commit("Edit", {"a": "1\n"})

    provenance, told = followed(repo, repo.git("rev-parse", "HEAD"))

    assert provenance.unresolved == 1
    assert list(told[-1][1][0].origins) == [-1]


def test_missing_blobs_of_merges_are_survived(repo):
    """A merge that wrote a file whose blob is gone does not stop the rest."""
    repo.commit("Start", {"a": "1\n2\n3\n", "b": "1\n"})
    repo.git("checkout", "-q", "-b", "side")
    repo.commit("Side", {"a": "1\n2\nside\n"})
    repo.git("checkout", "-q", "main")
    repo.commit("Main", {"a": "main\n2\n3\n"})
    repo.merge("side")
    tip = repo.commit("After", {"b": "2\n"})
    blob = repo.git("rev-parse", "HEAD:a")
    os.unlink(repo.path / ".git" / "objects" / blob[:2] / blob[2:])

    provenance, _ = followed(repo, tip)

    assert provenance.origins(tip, "a") is None
    assert provenance.origins(tip, "b") == [tip]


STEPS = st.sampled_from(["fork", "put", "drop", "release", "settle"])


@given(st.lists(st.tuples(STEPS, st.integers(0, 9), st.sampled_from("abc"))))
def test_layers_are_maps_of_their_own(steps):
    """Whatever is forked, written, dropped and joined, each map holds what a copy would hold."""
    maps: list[tuple[Layer[int], dict[str, int], bool]] = [(Layer(), {}, True)]
    for number, (step, which, path) in enumerate(steps):
        writable = [m for m in maps if m[2] and not m[0].shared]
        if not writable:
            break
        layer, copy, _ = writable[which % len(writable)]
        if step == "fork":
            maps.append((layer.fork(), dict(copy), True))
        elif step == "put":
            layer.put(path, number)
            copy[path] = number
        elif step == "drop":
            layer.drop(path)
            copy.pop(path, None)
        elif step == "settle":
            layer.settle()
        elif len(writable) > 1:
            layer.release()
            maps = [m for m in maps if m[0] is not layer]
        for held, wanted, _ in maps:
            assert dict(held.items()) == wanted
            assert [held.get(p) for p in "abc"] == [wanted.get(p) for p in "abc"]
