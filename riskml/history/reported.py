"""The repairs of reported faults in a history, per file, folder and repository.

Which commits those are is known to the tracker and to nothing in the repository, so it is not kept with the history but told to
it: :class:`Repairs` holds the ids and catches up with the log when it is asked.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from riskml.history.events import FileEvents, Windows
from riskml.history.visible import Visible

if TYPE_CHECKING:
    from riskml.history.log import Log

_LATEST = 10
"""How many of the last changes of a file say how it is doing."""


class ReportedPast(NamedTuple):
    """Repairs of reported faults before a change. Lists have one entry for each file that has a past; times are UNIX seconds.

    ``latest`` counts the repairs among the last ten changes of each file, ``looked_at`` those changes. ``folder`` counts the
    changes of the last year to any file of the touched folders and the repairs among them, ``repository`` those of all.
    """

    repairs: tuple[int, ...]
    repairs_90d: tuple[int, ...]
    repairs_365d: tuple[int, ...]
    changes: int
    last_at: int | None
    latest: int
    looked_at: int
    folder_changes_365d: int
    folder_repairs_365d: int
    repository_changes_90d: int
    repository_repairs_90d: int
    repository_changes_365d: int
    repository_repairs_365d: int


class Repairs:
    """The commits that repaired a reported fault, by id."""

    def __init__(self, shas: Collection[str]) -> None:
        self._shas = frozenset(shas)
        self._marks = bytearray()
        self._positions: list[int] = []
        self._folders: dict[str, dict[str, None]] = {}
        self._listed = 0

    def rewind(self, position: int) -> None:
        """Forget what was read off the log from a position on."""
        del self._marks[position:]
        del self._positions[bisect_left(self._positions, position):]
        self._listed = min(self._listed, position)

    def past(self, log: Log, visible: Visible, windows: Windows, paths: Sequence[str]) -> ReportedPast:
        """Sum up what is visible about some files, as the base names them."""
        self._catch_up(log)
        marks, times = self._marks, log.times
        repairs, quarter, year = [], [], []
        changes = latest = looked_at = 0
        last = -1
        for events in _files(log, visible, paths):
            seen = _shown(events.positions, visible, 0)
            marked = [p for p in seen if marks[p]]
            changes += len(seen)
            repairs.append(len(marked))
            quarter.append(len(marked) - bisect_left(marked, windows.quarter))
            year.append(len(marked) - bisect_left(marked, windows.year))
            last = max(last, marked[-1] if marked else -1)
            latest += sum(marks[p] for p in seen[-_LATEST:])
            looked_at += min(len(seen), _LATEST)
        near = self._near(log, visible, windows, paths)
        everything = log.everything.positions
        whole_year = _shown(everything, visible, windows.year)
        whole_quarter = whole_year[bisect_left(whole_year, windows.quarter):]
        return ReportedPast(
            tuple(repairs), tuple(quarter), tuple(year), changes, times[last] if last >= 0 else None, latest, looked_at,
            len(near), sum(marks[p] for p in near),
            len(whole_quarter), self._count(visible, windows.quarter), len(whole_year), self._count(visible, windows.year))

    def _count(self, visible: Visible, start: int) -> int:
        return len(_shown(self._positions, visible, start))

    def _near(self, log: Log, visible: Visible, windows: Windows, paths: Sequence[str]) -> set[int]:
        """Find the changes of the last year to any file that ever lay in the folders of the paths."""
        found: set[int] = set()
        for folder in {path.rpartition("/")[0] for path in paths}:
            for events in _files(log, visible, self._folders.get(folder, ())):
                found.update(_shown(events.positions, visible, windows.year))
        return found

    def _catch_up(self, log: Log) -> None:
        shas = self._shas
        for position in range(len(self._marks), len(log)):
            marked = log.shas[position] in shas and log.flags[position] is not None
            self._marks.append(marked)
            if marked:
                self._positions.append(position)
        for position in range(self._listed, len(log)):
            for path in log.bound_paths[position]:
                self._folders.setdefault(path.rpartition("/")[0], {})[path] = None
        self._listed = len(log)


def _files(log: Log, visible: Visible, paths: Iterable[str]) -> Iterable[FileEvents]:
    return (events for path in paths if (events := log.file_of(path, visible)) is not None)


def _shown(positions: Sequence[int], visible: Visible, start: int) -> Sequence[int]:
    """Return the visible ones of sorted positions from ``start`` on."""
    sure, more = visible.select(positions)
    return [*positions[bisect_left(positions, start, 0, sure):sure], *more[bisect_left(more, start):]]
