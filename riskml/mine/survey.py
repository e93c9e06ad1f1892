"""A whole history in one reading: what each commit looked like, and where the lines that it removed came from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from riskml.change import Change
from riskml.features.catalogue import Profile
from riskml.history import History
from riskml.mine.provenance import Removal
from riskml.mine.replay import Replay
from riskml.mine.rows import Row, row
from riskml.mine.traced import Traced


class Surveyed(NamedTuple):
    """One commit: its diff, its row of features as its first parent knew the past, and its removed lines with their writers."""

    change: Change
    row: Row
    removals: list[Removal]


def survey(traced: Traced, profile: Profile = "default") -> Iterator[Surveyed]:
    """Yield the commits of a history, parents before children, each with its row and its removals.

    The rows are those of ``mine`` and the removals those of ``traced``, but the diffs, whose computation by git costs more than
    everything else, are read once for both. ``traced`` must be fresh; it is gone through here.
    """
    replay = Replay(traced.source, History(), merges_are_measured=True)
    replay.missing = traced.missing
    traced.provenance.lines = replay.lines
    for change, view in replay.run(traced.headers):
        if view is not None:  # never None: only who asks for the last commits alone gets the others without a view
            yield Surveyed(change, row(change, view, profile), traced.enter(change))
