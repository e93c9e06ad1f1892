"""What is said of the miner's exactness is found by commands that see a difference when there is one."""

from __future__ import annotations

import pytest

from benchmarks import blame_exactness, same_vectors, szz_reference

FIRST = "def add(a, b):\n    return a - b\n\n\ndef sub(a, b):\n    return a - b\n"


@pytest.fixture
def faulty(repo):
    """Return a repository, the commit that brought a fault in, and its fix, which touches a test, too."""
    bug = repo.commit("Add functions", {"m.py": FIRST, "tests/test_m.py": "assert add(1, 1) == 0\n"})
    other = repo.commit("Lay it out", {"m.py": FIRST.replace("sub(a, b)", "sub(a,b)")})
    fixed = FIRST.replace("a - b", "a + b", 1).replace("def sub(a, b)", "def sub(b, a)")
    fix = repo.commit("Fix wrong results", {"m.py": fixed, "tests/test_m.py": "assert add(1, 1) == 2\n"})
    return repo, bug, other, fix


def test_lines_are_held_against_blame(faulty, capsys):
    """Each drawn line is blamed; here all are whose riskml says they are."""
    repo, *_ = faulty

    blame_exactness.compare(str(repo.path), 10, 1)

    assert "3 files, 100.00% identical" in capsys.readouterr().out


def test_every_pair_that_is_not_found_has_a_reason(faulty, capsys):
    """Whom riskml suspects is found, also for a line laid out anew; an id that the clone lacks is told as that."""
    repo, bug, other, fix = faulty

    szz_reference.compare(str(repo.path), "SHOP", {fix: {bug, other, "f" * 40}, other: {bug}, "e" * 40: {bug}})

    told = capsys.readouterr().out
    assert "5 pairs, both commits here of 3: 100.0% found" in told
    assert "commit not here          2" in told


def test_a_suspect_that_nobody_else_names_is_not_explained_away(faulty, capsys):
    """A pair that neither riskml nor blame confirms is counted as such."""
    repo, bug, other, fix = faulty

    szz_reference.compare(str(repo.path), "SHOP", {bug: {fix}, other: {fix}})

    assert "not by blame             2" in capsys.readouterr().out


def test_pairs_are_read_by_project(tmp_path):
    """A table of pairs gives the suspects of each fix of each project."""
    file = tmp_path / "links.csv"
    file.write_text("fix_hash,bug_hash,project\nf1,b1,A\nf1,b2,A\nf2,b3,B\n")

    assert szz_reference.reference(file) == {"A": {"f1": {"b1", "b2"}}, "B": {"f2": {"b3"}}}


def test_three_ways_to_a_vector_are_compared(repo, capsys):
    """A tiny history gives the same vectors in bulk, in steps and one by one."""
    for n in range(24):
        repo.commit(f"Edit {n}", {f"lib/{n % 4}.py": f"x = {n}\n" * (n % 5 + 1)})

    assert same_vectors.compare(str(repo.path), 2) == 0
    assert "23 of 23 the same" in capsys.readouterr().out


def test_vectors_that_differ_are_told(capsys):
    """One number that differs is counted, and its feature named; unknown equals unknown."""
    names = same_vectors.NAMES
    left = {"a": [float("nan")] * len(names), "b": [0.0] * len(names)}
    right = {"a": [float("nan")] * len(names), "b": [1.0, *[0.0] * (len(names) - 1)]}

    assert same_vectors.differences("x and y", left, right) == 1
    assert f"1 of 2 the same, {names[0]} 1" in capsys.readouterr().out
