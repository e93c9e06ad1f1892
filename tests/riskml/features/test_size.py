"""How large a change is."""

from __future__ import annotations

from math import isnan

from riskml.change import Change, FileDiff, Hunk
from riskml.features.catalogue import extract
from riskml.features.feature import Evidence


def vector(*files: FileDiff) -> dict[str, float]:
    """Extract the features of a change of these files."""
    return extract(Evidence(Change(files)))


OLD = FileDiff("a.py", "a.py", "M", (Hunk(1, 2, 1, 3), Hunk(9, 1, 10, 0)), b"1\n2\n3\n", b"1\n2\n3\n", lines_before=97)
NEW = FileDiff("b.py", "b.py", "A", (Hunk(0, 0, 1, 1),), b"1\n", lines_before=0)


def test_lines_and_places_are_counted_from_the_hunks() -> None:
    """Added, deleted, files, hunks and the split of the added lines between old and new files."""
    found = vector(OLD, NEW)

    assert (found["la"], found["ld"], found["nf"], found["hunks"], found["hunks_per_file"]) == (4, 3, 2, 3, 1.5)
    assert (found["existing_lines_share"], found["files_added"], found["deleted_share"]) == (0.75, 1, 3 / 7)


def test_largest_file_and_churn_are_shares() -> None:
    """The most changed file holds six of seven changed lines; seven of 101 lines that were or come are changed."""
    found = vector(OLD, NEW)

    assert found["largest_file_share"] == 6 / 7
    assert found["relative_churn"] == 7 / 101
    assert (found["lt"], found["lt_mean"]) == (97, 48.5)


def test_an_unknown_length_makes_lengths_unknown_and_nothing_else() -> None:
    """One file of unknown length is enough: a part of a sum would be taken for the sum."""
    found = vector(OLD, FileDiff("c.py", "c.py", "M", (Hunk(1, 1, 1, 1),), b"x\n", b"y\n"))

    assert isnan(found["lt"])
    assert isnan(found["lt_mean"])
    assert isnan(found["relative_churn"])
    assert found["la"] == 4


def test_binary_files_and_submodules_have_no_lines() -> None:
    """They are counted, and do not make the length of the text files unknown."""
    found = vector(OLD, FileDiff("a.png", "a.png", binary=True), FileDiff("sub", "sub", submodule=True))

    assert (found["binary_files"], found["submodules"], found["lt"]) == (1, 1, 97)


def test_kinds_of_change_to_files_are_counted() -> None:
    """Deleting, moving and adding are told apart; copies and type changes are none of them."""
    found = vector(FileDiff("a", "a", "D", lines_before=1), FileDiff("b", "c", "R", lines_before=1), FileDiff("d", "e", "C",
    lines_before=1),
                   FileDiff("f", "f", "A"), FileDiff("g", "g", "T", lines_before=1))

    assert (found["files_deleted"], found["files_renamed"], found["files_added"]) == (1, 1, 1)
