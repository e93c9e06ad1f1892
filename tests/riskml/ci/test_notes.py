"""Notes at lines: the largest places of the riskiest files, and none where nobody needs to look."""

from __future__ import annotations

from typing import Any

import pytest

from riskml.change import FileDiff, Hunk
from riskml.ci.notes import FILES, PLACES, notes_of

HUNKS = (Hunk(3, 0, 4, 2), Hunk(9, 1, 12, 30), Hunk(40, 5, 80, 0), Hunk(60, 0, 95, 7))


def decision(*shares: tuple[str, float], **more: Any) -> dict[str, Any]:
    """Make a decision of high risk that lies in files."""
    reasons = [{"feature": "nuc", "text": "changed 40 times", "contribution": 0.8, "files": [path]} for path, _ in shares[:1]]
    return {"band": "high", "files": [{"path": path, "share": share} for path, share in shares], "reasons": reasons} | more


def test_the_largest_places_of_a_file_are_shown_with_its_reasons():
    """By new lines; the title has the share, the text the reasons that name the file."""
    found = notes_of(decision(("a.py", 0.62)), [FileDiff("a.py", "a.py", hunks=HUNKS)])
    assert [(note.path, note.first, note.last) for note in found] == [("a.py", 12, 41), ("a.py", 95, 101)]
    assert {(note.title, note.text, note.warns) for note in found} == {
        ("62% of this change's risk is in this file", "changed 40 times", True)}


def test_a_deletion_is_shown_where_it_was():
    """The line after which lines are gone; one at the very top is line 1."""
    found = notes_of(decision(("a.py", 0.9)), [FileDiff("a.py", "a.py", hunks=(Hunk(1, 5, 0, 0),))])
    assert [(note.first, note.last) for note in found] == [(1, 1)]


def test_the_riskiest_files_first_and_only_those():
    """At most so many files and places, none for a file that carries little."""
    shares = [(f"f{n}.py", 0.1) for n in range(9)] + [("small.py", 0.01)]
    found = notes_of(decision(*shares), [FileDiff(path, path, hunks=HUNKS) for path, _ in shares])
    assert len(found) == FILES * PLACES
    assert [note.path for note in found[::PLACES]] == [f"f{n}.py" for n in range(FILES)]


@pytest.mark.parametrize("file", [
    FileDiff("a.py", "a.py", status="D", hunks=HUNKS), FileDiff("a.py", "a.py", binary=True), FileDiff("a.py", "a.py"),
    FileDiff("a.py", "a.py", submodule=True, hunks=HUNKS), FileDiff("b.py", "b.py", hunks=HUNKS),
])
def test_a_file_without_lines_to_show_has_no_note(file: FileDiff):
    """Deleted, binary, only renamed, a submodule, or not in the change."""
    assert notes_of(decision(("a.py", 0.9)), [file]) == []


def test_low_risk_has_no_notes_unless_it_is_held():
    """Silence where there is nothing to look at."""
    files = [FileDiff("a.py", "a.py", hunks=HUNKS)]
    assert notes_of(decision(("a.py", 0.9), band="low"), files) == []
    assert notes_of(decision(("a.py", 0.9), band="low", hold=True), files) != []
    assert not notes_of(decision(("a.py", 0.9), band="medium"), files)[0].warns
