"""Where to look first: the largest places of the riskiest files, as notes at their lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from riskml.change import FileDiff, Hunk
from riskml.ports import Note
from riskml.render.escape import printable

FILES = 5
"""Files that notes are made for, the riskiest first."""

PLACES = 2
"""Notes a file, at the places with the most new lines."""

LEAST_SHARE = 0.05
"""A file that carries less of the risk gets no note."""


def notes_of(decision: Mapping[str, Any], files: Sequence[FileDiff]) -> list[Note]:
    """Return the notes for a decision, the object that ``POST /predict`` answers; none for what is low, or nothing special.

    A file that is deleted, binary or a link to elsewhere has no line to show.
    """
    if decision["band"] == "low" and not decision.get("hold"):
        return []
    by_path = {file.path: file for file in files if _has_lines(file)}
    worst = [share for share in decision.get("files") or () if share["path"] in by_path and share["share"] >= LEAST_SHARE]
    return [note for share in worst[:FILES] for note in _of_file(decision, by_path[share["path"]], float(share["share"]))]


def _of_file(decision: Mapping[str, Any], file: FileDiff, share: float) -> Iterator[Note]:
    raising = [r for r in decision.get("reasons") or () if r["contribution"] > 0 and file.path in (r.get("files") or ())]
    said = "; ".join(printable(reason["text"]) for reason in raising) or "the most of the risk that files carry lies here"
    warns = bool(decision.get("hold")) or decision["band"] == "high"
    for hunk in sorted(file.hunks, key=_size)[:PLACES]:
        first = max(1, hunk.new_start)
        title = f"{share:.0%} of this change's risk is in this file"
        yield Note(file.path, first, first + max(0, hunk.new_lines - 1), title, said, warns)


def _has_lines(file: FileDiff) -> bool:
    return file.status != "D" and not file.binary and not file.submodule and bool(file.hunks) and file.path.isprintable()


def _size(hunk: Hunk) -> tuple[int, int, int]:
    return -hunk.new_lines, -hunk.old_lines, hunk.new_start
