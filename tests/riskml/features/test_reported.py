"""The past as the issue tracker knows it."""

from __future__ import annotations

from math import isnan

import pytest

from riskml.adapters.git import GitRepository
from riskml.features.catalogue import NAMES
from riskml.issues import Issues
from riskml.mine.rows import mine
from riskml.mine.state import update

DAY = 86_400
ISSUES = Issues({"APP-1": None, "APP-3": None, "APP-4": None})


def _columns(row) -> dict[str, float]:
    return {n: v for n, v in zip(NAMES, row.vector, strict=True) if "reported" in n}


def _rows(repo, issues=ISSUES) -> list[dict[str, float]]:
    return [_columns(row) for row in mine(GitRepository.open(repo.path), issues=issues)]


def test_repairs_of_reported_faults_are_counted_per_file_folder_and_repository(repo):
    """Only what an issue of type fault names counts, whatever the message says, and only before the change."""
    repo.commit("APP-1 Start", {"a/x.py": "1\n", "a/y.py": "1\n"})
    repo.commit("APP-2 Fix a bug", {"a/x.py": "2\n"})
    repo.commit("APP-3 Count right", {"a/y.py": "2\n", "b/z.py": "1\n"})
    repo.commit("APP-9 More (see APP-4)", {"a/x.py": "3\n"})
    repo.commit("APP-4 Whatever", {"a/x.py": "4\n", "a/y.py": "3\n"})

    first, _, _, fourth, last = _rows(repo)

    assert (first["reported_fixes"], first["repo_reported_share_365d"]) == (0, pytest.approx(float("nan"), nan_ok=True))
    assert (fourth["reported_fixes"], fourth["folder_reported_fixes_365d"]) == (1, 2)
    assert fourth["repo_reported_share_365d"] == pytest.approx(2 / 3)
    assert (last["reported_fixes"], last["reported_fixes_365d_max"]) == (3, 2)  # x: APP-1; y: APP-1 and APP-3
    assert last["reported_fix_share"] == pytest.approx(3 / 5)
    assert last["reported_fix_share_latest"] == pytest.approx(3 / 5)
    assert last["folder_reported_share_365d"] == pytest.approx(2 / 4)
    assert last["days_since_reported_fix"] < 30


def test_without_the_trackers_word_all_of_it_is_unknown(repo):
    """Unknown is not 0."""
    repo.commit("APP-1 Start", {"x.py": "1\n"})

    assert all(isnan(value) for row in _rows(repo, issues=None) for value in row.values())


def test_a_branch_knows_no_repair_of_another_one(repo):
    """A repair counts from where it was merged on."""
    repo.commit("Start", {"x.py": "1\n", "y.py": "1\n"})
    repo.git("checkout", "-q", "-b", "side")
    repo.commit("APP-1 Repair", {"x.py": "2\n"})
    repo.git("checkout", "-q", "main")
    repo.commit("Go on", {"x.py": "1\n", "y.py": "2\n"})
    tip = repo.git("rev-parse", "HEAD").strip()
    state = update(GitRepository.open(repo.path), None, tip, issues=ISSUES)
    side = repo.git("rev-parse", "side").strip()

    both = update(GitRepository.open(repo.path), None, side, issues=ISSUES)

    assert state.view(tip).reported(["x.py"], 2_000_000_000).repairs == (0,)
    assert both.view(side).reported(["x.py"], 2_000_000_000).repairs == (1,)


def test_a_renamed_file_keeps_its_repairs_and_a_folder_those_of_what_lay_in_it(repo):
    """The past follows a file; a folder remembers what it once held."""
    repo.commit("Start", {"a/x.py": "1\n2\n3\n4\n", "a/y.py": "1\n"})
    repo.commit("APP-1 Repair", {"a/x.py": "1\n2\n3\n5\n"})
    repo.git("mv", "a/x.py", "b.py")
    repo.commit("Move", {})
    repo.commit("Next", {"b.py": "1\n", "a/y.py": "2\n"})

    *_, last = _rows(repo)

    assert (last["reported_fixes"], last["folder_reported_fixes_365d"]) == (1, 1)
