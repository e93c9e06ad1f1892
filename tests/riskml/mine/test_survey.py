"""One reading of a history gives what two readings gave."""

from __future__ import annotations

import struct

from riskml.adapters.git import GitRepository
from riskml.mine.labels import Hearing, label
from riskml.mine.rows import Row, mine
from riskml.mine.survey import survey
from riskml.mine.traced import Traced


def bits(row: Row) -> tuple[str, bytes]:
    """Return a row in a form in which unknown equals unknown."""
    return row.sha, struct.pack(f"{len(row.vector)}d", *row.vector)


def test_rows_removals_and_labels_are_those_of_separate_readings(repo, grow):
    """Measured and traced at once, each commit has the same row, the same removed lines and the same label."""
    grow(repo, 3, 60)
    source = GitRepository.open(repo.path)

    traced = Traced(source, "main")
    hearing = Hearing(header.sha for header in traced.headers)
    found = list(survey(traced))
    for change, _, removals in found:
        hearing.hear(change, removals)

    assert [bits(row) for _, row, _ in found] == [bits(row) for row in mine(source, "main")]
    assert [(change.head, removals) for change, _, removals in found] == \
        [(change.head, removals) for change, removals in Traced(source, "main")]
    assert hearing.labels() == label(source, "main")
    assert any(removals for _, _, removals in found)
    assert any(known.harm for known in hearing.labels())
