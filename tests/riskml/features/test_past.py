"""What happened before to the touched files, the repository and, on request, by the author."""

from __future__ import annotations

from math import isnan

import pytest

from riskml.change import Change, Commit, FileDiff, Hunk, Person
from riskml.features.catalogue import extract
from riskml.features.feature import Evidence
from riskml.history import History

DAY = 86_400
NOW = 1_700_000_000
ANN, BOB = Person("Ann", "ann@example.org"), Person("Bob", "bob@example.org")
EVENTS = (  # days ago, author, message, paths
    (400, ANN, "Add", ("lib/a.py", "lib/b.py")),
    (200, BOB, "Fix crash", ("lib/a.py",)),
    (50, ANN, "Fix it again", ("lib/a.py", "lib/b.py")),
    (3, ANN, 'Revert "Fix it again"', ("lib/a.py",)),
)


def history(*, complete: bool = True) -> History:
    """Fold the events above."""
    found = History(complete=complete)
    for index, (days, author, message, paths) in enumerate(EVENTS):
        files = tuple(FileDiff(path, path, "M" if index else "A", (Hunk(1, 0, 1, 1),), b"x\n") for path in paths)
        moment = NOW - days * DAY
        commit = Commit(str(index), message, moment, moment, 0, author, (str(index - 1),) if index else ())
        found.append(Change(files, (commit,), moment))
    return found


def vector(*paths: str, author: Person = BOB, complete: bool = True) -> dict[str, float]:
    """Extract the features of a change of the paths, now, on top of the events."""
    files = tuple(FileDiff(path, path, hunks=(Hunk(1, 0, 1, 1),), added=b"x\n") for path in paths)
    change = Change(files, (Commit("new", "Change", NOW, NOW, 60, author),), NOW)
    return extract(Evidence(change, history(complete=complete).view("3")), "people")


def test_changes_are_summed_over_the_files() -> None:
    """One file had four changes, the other two; the windows end at the change."""
    found = vector("lib/a.py", "lib/b.py")

    assert (found["nuc"], found["nuc_max"], found["changes_90d"], found["changes_90d_max"], found["changes_7d"]) == (6, 4,
    3, 2, 1)
    assert found["ndev"] == 2


def test_ages_are_in_days() -> None:
    """The mean and the least time since the last change, and the time since the last fix."""
    found = vector("lib/a.py", "lib/b.py")

    assert (found["age"], found["age_min"], found["days_since_fix"]) == ((3 + 50) / 2, 3, 50)


def test_fixes_and_reverts_are_counted_by_window() -> None:
    """Two fixes of one file and one of the other; the quoted fix of the revert is none."""
    found = vector("lib/a.py", "lib/b.py")

    assert (found["prior_fixes"], found["prior_fixes_365d"], found["prior_fixes_90d"], found["prior_fixes_365d_max"]) == (3,
    3, 2, 2)
    assert (found["prior_reverts"], found["prior_reverts_365d"], found["prior_reverts_90d"], found["fix_share"]) == (1, 1,
    1, 0.5)


def test_a_new_file_has_no_past_but_is_not_unknown() -> None:
    """Nothing happened to it: counts are 0, while ages do not exist."""
    found = vector("lib/new.py")

    assert (found["nuc"], found["prior_fixes"], found["ndev"], found["unseen_files_share"]) == (0, 0, 0, 1)
    assert all(isnan(found[name]) for name in ("age", "age_min", "days_since_fix", "fix_share"))


def test_an_incomplete_history_is_unknown() -> None:
    """A shallow clone would give counts that are too low, so it gives none."""
    found = vector("lib/a.py", complete=False)

    assert all(isnan(found[name]) for name in ("nuc", "age", "prior_fixes", "unseen_files_share", "repo_changes_90d", "exp",
    "changes_7d"))


def test_the_repository_is_told_by_rates() -> None:
    """Two commits in 90 days of which one fixed; one revert among three commits of a year."""
    found = vector("lib/a.py")

    assert (found["repo_changes_90d"], found["repo_fix_share_90d"], found["repo_revert_share_365d"]) == (2, 0.5,
    pytest.approx(1 / 3))


def test_the_author_is_told_on_request() -> None:
    """One change before, one of the four changes of the file, and the hour and day of the author's own clock."""
    found = vector("lib/a.py")

    assert (found["exp"], found["sexp"], found["author_share"], found["first_change"]) == (1, 1, 0.25, 0)
    assert (found["hour"], found["weekday"]) == (23, 1)  # Tuesday, 14 November 2023, 22:13 UTC


def test_a_newcomer_has_made_no_change() -> None:
    """An address that the history does not know is a first change."""
    found = vector("lib/a.py", author=Person("Eve", "eve@example.org"))

    assert (found["exp"], found["rexp"], found["first_change"]) == (0, 0, 1)
