"""Suspects and labels on small histories whose truth is known."""

from __future__ import annotations

import pytest

from riskml.adapters.git import GitRepository
from riskml.errors import RepositoryError, UsageError
from riskml.mine.labels import Label, label
from riskml.mine.szz import VARIANTS, szz

FIRST = "# adds\ndef add(a, b):\n    return a - b\n\n\ndef sub(a, b):\n    return a - b\n"
SECOND = FIRST + "\n\ndef mul(a, b):\n    return a + b\n"
FIXED = (
    "# adds two\ndef add(a, b):\n    return a + b\n\ndef sub(a,b):\n    return a - b\n\n\n"
    "def mul(a, b):\n    return a * b\n"
)


@pytest.fixture
def faulty(repo):
    """Return a repository with two faulty commits and a fix of both that touches a comment and blanks, and their ids."""
    first = repo.commit("Add functions", {"m.py": FIRST, "README.md": "x\n"})
    second = repo.commit("Add another", {"m.py": SECOND, "n.py": "n = 1\n" * 30})
    fix = repo.commit("Fix wrong results", {"m.py": FIXED, "README.md": "y\n"})
    return repo, first, second, fix


def found(repo, variant: str) -> set[tuple[str, int]]:
    """Return the suspects and their lines."""
    return {(link.sha, link.lines) for link in szz(GitRepository.open(repo.path), variant=variant)}


def test_basic_suspects_whoever_wrote_a_removed_line(faulty):
    """Comments, blank lines and layout count, documents do not."""
    repo, first, second, _ = faulty

    assert found(repo, "b") == {(first, 4), (second, 1)}


def test_annotation_graph_looks_at_code_only(faulty):
    """Comments, blank lines and lines that were only laid out anew suspect nobody."""
    repo, first, second, _ = faulty

    assert found(repo, "ag") == found(repo, "ma") == {(first, 1), (second, 1)}


def test_one_suspect_per_fix(faulty):
    """The largest and the latest keep one of the suspects each."""
    repo, _, second, _ = faulty

    assert found(repo, "l") == found(repo, "r") == {(second, 1)}


def test_links_carry_both_times(faulty):
    """A link tells when the fault came in and when its fix did."""
    repo, first, _, fix = faulty
    link = next(szz(GitRepository.open(repo.path)))

    assert (link.sha, link.fix_sha) == (first, fix)
    assert link.fixed_at - link.committed_at == 2 * 3600


def test_merges_suspect_nobody_where_meta_changes_are_known(repo):
    """A line that a merge wrote itself suspects the merge, except where merges are looked through."""
    repo.commit("Start", {"m.py": "a = 1\n"})
    repo.git("checkout", "-q", "-b", "side")
    repo.commit("Side", {"m.py": "a = 2\n"})
    repo.git("checkout", "-q", "main")
    repo.commit("Main", {"m.py": "a = 3\n"})
    with pytest.raises(AssertionError):
        repo.git("merge", "-q", "side")
    repo.write("m.py", "a = 5\n")
    repo.git("commit", "-q", "-a", "-m", "Merge")
    merge = repo.git("rev-parse", "HEAD")
    repo.commit("Fix a wrong value", {"m.py": "a = 6\n"})

    assert found(repo, "ag") == {(merge, 1)}
    assert found(repo, "ma") == set()


def test_caller_says_what_a_fix_is(faulty):
    """Given a rule of its own, the caller decides which changes are fixes."""
    repo, first, second, _ = faulty
    links = list(szz(GitRepository.open(repo.path), is_fix=lambda change: change.head == second))

    assert links == []
    assert first


def test_unknown_variant_names_the_known(repo):
    """A wrong name is refused with the right ones."""
    with pytest.raises(UsageError, match="b, ag, ma, l, r"):
        list(szz(GitRepository.open(repo.path), variant="x"))


def test_shallow_clone_is_refused(faulty):
    """Where the history is cut off, its first commit would be suspected of everything; the way out is told."""
    repo, *_ = faulty
    clone = repo.clone("shallow", "--depth=2")

    for reading in (szz, label):
        with pytest.raises(RepositoryError, match="unshallow"):
            list(reading(GitRepository.open(clone.path)))


def test_variants_name_their_papers():
    """Each algorithm says where it comes from."""
    assert all(variant.reference and name == variant.name for name, variant in VARIANTS.items())


def test_labels_tell_harm_its_fix_and_since_when(faulty):
    """A suspect is harmful since the fix; what nothing is known against has no date."""
    repo, first, second, fix = faulty
    labels = label(GitRepository.open(repo.path))

    assert labels == [
        Label(first, True, "szz", fix, repo.now, 0.5), Label(second, True, "szz", fix, repo.now, 0.5), Label(fix, harm=False),
    ]


def test_reverted_commit_is_harmful_for_sure(repo):
    """A revert that names its commit, abbreviated or not, is the surest claim; the date is that of the first one."""
    repo.commit("Start", {"m.py": "a = 1\n"})
    bad = repo.commit("Bad", {"m.py": "a = 2\n"})
    revert = repo.commit(f'Revert "Bad"\n\nThis reverts commit {bad[:12]}.\n', {"m.py": "a = 1\n"})
    at = repo.now
    repo.commit(f"Fix it again\n\nFixes: {bad[:10]} (\"Bad\")\n", {"n.py": "a = 1\n"})

    labels = {x.sha: x for x in label(GitRepository.open(repo.path))}

    assert labels[bad] == Label(bad, True, "revert", revert, at, 1.0)
    assert sum(x.harm for x in labels.values()) == 1
