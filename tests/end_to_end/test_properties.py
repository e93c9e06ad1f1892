"""What must hold for every change of every repository, shown on one with merges, renames, removals and odd names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import isnan, nan
from typing import Any

import pyarrow.parquet as pq
import pytest

from riskml.features.catalogue import CATALOGUE, NAMES

PERSONAL = {f.name for f in CATALOGUE if f.person}


@pytest.fixture
def grown(repo: Any) -> Any:
    """Give a repository of a few dozen commits by several people, with merges of branches, renames and removals."""
    return grow(repo, ("Ada", "Grace", "Barbara"))


def grow(repo: Any, people: tuple[str, ...]) -> Any:
    """Build the same history, whoever wrote it."""
    parts = {f"src/part{n}.py": "".join(f"x{n} = {line}\n" for line in range(30)) for n in range(5)}
    repo.commit("Start", parts, author=people[0])
    for n in range(12):
        author = people[n % len(people)]
        repo.git("switch", "-q", "-c", f"branch{n}")
        lines = "".join(f"x{n} = {line * (n + 1) if line % (n + 2) == 0 else line}\n" for line in range(30 + n))
        repo.commit(f"{'Fix' if n % 3 == 0 else 'Improve'} part {n}", {f"src/part{n % 5}.py": lines}, author=author)
        if n == 4:
            repo.git("mv", "src/part2.py", "lib.py")
            repo.commit("Move", author=author)
        if n == 6:
            repo.remove("src/part3.py")
            repo.commit("Remove", {"docs/a b.md": "Text\n", "tests/test_ü.py": "def test():\n    assert x\n"}, author=author)
        repo.git("switch", "-q", "main")
        if n % 2:
            repo.commit(f"Meanwhile {n}", {"README.md": f"{n}\n"}, author=people[(n + 1) % len(people)])
        repo.merge(f"branch{n}")
    return repo


@pytest.fixture
def features(riskml: Any) -> Callable[..., dict[str, float]]:
    """Give the function that asks the command for a vector; unknown is NaN."""
    def vector(repo: Any, base: str, head: str, *options: str) -> dict[str, float]:
        ran = riskml("features", repo.path, "--base", base, "--head", head, *options)
        assert (ran.code, ran.err) == (0, "")
        return {name: nan if value is None else value for name, value in ran.json["features"].items()}
    return vector


def differing(one: dict[str, float], other: dict[str, float]) -> dict[str, tuple[float, float]]:
    """Return the features in which two vectors differ."""
    return {name: (one[name], other[name]) for name in NAMES
            if one[name] != other[name] and not (isnan(one[name]) and isnan(other[name]))}


def commits(repo: Any) -> Iterator[str]:
    """Yield the commits that have one parent."""
    yield from repo.git("rev-list", "--no-merges", "--min-parents=1", "--reverse", "HEAD").splitlines()


def test_a_mined_row_is_what_the_change_alone_gives(riskml, features, grown, tmp_path):
    """Bulk and single agree in every feature of every commit: what was trained on is what is served."""
    assert riskml("mine", grown.path, "--output", tmp_path / "t.parquet").code == 0
    rows = {row["sha"]: row for row in pq.read_table(tmp_path / "t.parquet").to_pylist()}

    checked = 0
    for commit in commits(grown):
        single = features(grown, f"{commit}^", commit)
        bulk = {name: nan if rows[commit][name] is None else rows[commit][name] for name in NAMES}
        assert differing(bulk, single) == {}, commit
        checked += 1
    assert checked > 15


def test_contributions_add_up_to_the_margin(judged, grown):
    """For every commit that changes something, within 1e-6."""
    checked = 0
    for commit in [*commits(grown)][::4]:
        found = judged("explain", grown.path, "--head", commit, "--base", f"{commit}^", "--format", "json", "--all").json
        if found["probability"] is None:
            assert (found["margin"], found["contributions"]) == (None, [])
            continue
        total = found["bias"] + sum(row["contribution"] for row in found["contributions"])
        assert total == pytest.approx(found["margin"], abs=1e-6)
        checked += 1
    assert checked > 3


def test_who_wrote_it_changes_no_score(judged, features, grown, make_repo):
    """The same history by other people gives the same scores, and the same features but for those about people."""
    other = grow(make_repo("others"), ("Ken", "Dennis", "Rob"))
    one = grow(make_repo("alone"), ("Ken",))
    pairs = [*zip(commits(grown), commits(other), commits(one), strict=True)]
    for mine, theirs, alone in pairs[::3]:
        vector = features(grown, f"{mine}^", mine)
        assert differing(vector, features(other, f"{theirs}^", theirs)) == {}
        assert set(differing(vector, features(one, f"{alone}^", alone))) <= {"ndev"}  # how many people, not which
    mine, theirs, _ = pairs[-1]
    here = judged("predict", grown.path, "--base", f"{mine}^", "--head", mine, "--format", "json").json
    there = judged("predict", other.path, "--base", f"{theirs}^", "--head", theirs, "--format", "json").json
    assert (here["probability"], here["score"], here["band"]) == (there["probability"], there["score"], there["band"])


def test_what_comes_later_changes_nothing(features, grown):
    """Commits after a change, on its files too, leave its features as they were: no future leaks into the past."""
    sample = [*commits(grown)][::4]
    before = {commit: features(grown, f"{commit}^", commit) for commit in sample}
    for n in range(5):
        grown.commit("Fix: revert it all", {f"src/part{n}.py": "gone\n", "lib.py": f"{n}\n"})

    for commit in sample:
        assert differing(before[commit], features(grown, f"{commit}^", commit)) == {}
        assert differing(before[commit], features(grown, f"{commit}^", commit, "--no-state")) == {}


def test_a_base_that_moves_on_changes_nothing(features, judged, grown):
    """Fifty commits on the base, on the very files: the change is still what its branch did."""
    grown.git("switch", "-q", "-c", "change")
    grown.commit("Change", {"lib.py": "x = 1\ny = 2\n"})
    before = features(grown, "main", "change")
    decision = judged("predict", grown.path, "--base", "main", "--head", "change", "--format", "json").json
    grown.git("switch", "-q", "main")
    for n in range(50):
        grown.commit(f"Fix {n}", {"lib.py": f"x = {n}\n", "src/part1.py": f"{n}\n"})
    after = judged("predict", grown.path, "--base", "main", "--head", "change", "--format", "json").json

    assert differing(before, features(grown, "main", "change")) == {}
    for key in ("base", "head", "score", "probability", "percentile", "band", "reasons", "files"):
        assert after[key] == decision[key], key


def test_what_was_not_merged_is_not_known(features, grown):
    """A branch beside the base says nothing of the past, whether it was mined or not."""
    commit = [*commits(grown)][-1]
    before = features(grown, f"{commit}^", commit)
    grown.git("switch", "-q", "-c", "beside", f"{commit}^")
    for n in range(5):
        grown.commit(f"Fix {n}", {"lib.py": f"{n}\n", "src/part1.py": f"{n}\n"})
    features(grown, "beside~1", "beside")

    assert differing(before, features(grown, f"{commit}^", commit)) == {}


def test_a_move_alone_is_not_a_new_file(features, grown):
    """What happened to a file before it was moved counts after it."""
    grown.git("switch", "-q", "-c", "moved")
    before = features(grown, "main", "main~0")
    grown.git("mv", "src/part1.py", "src/renamed.py")
    grown.commit("Move")
    moved = features(grown, "main", "moved")

    assert (moved["la"], moved["ld"]) == (0.0, 0.0)
    assert moved["nuc"] > 1
    assert PERSONAL.isdisjoint(differing(before, moved))


def test_a_posted_diff_has_the_features_of_its_range(riskml, features, grown, tmp_path):
    """All that does not rest on commits and their times is the same, with any number of lines of context."""
    grown.git("switch", "-q", "-c", "change")
    grown.commit("Change", {"lib.py": "x = 1\ny = 2\n", "docs/new.md": "a\nb\n"})
    ranged = features(grown, "main", "change")
    for options in (("-U0",), ("-U3",), ("-U20", "--full-index"), ("--no-renames",)):
        file = tmp_path / "change.patch"
        file.write_text(grown.git("diff", *options, "main", "change") + "\n")
        ran = riskml("features", grown.path, "--base", "main", "--diff", file)
        posted = {name: nan if value is None else value for name, value in ran.json["features"].items()}
        assert {"la", "ld", "nf", "nuc", "ndev", "lt"}.isdisjoint(differing(ranged, posted)), options
