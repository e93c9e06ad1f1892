"""What one commit could know: the past of files, authors and the repository, counted over its ancestors alone."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from itertools import chain, islice

from riskml.history.events import FileEvents, Windows, count
from riskml.history.log import FREE, SMALL, Log
from riskml.history.past import AuthorPast, FilePast, RepositoryPast
from riskml.history.reported import ReportedPast
from riskml.history.visible import Visible

DAY = 86_400
YEAR = 31_557_600
MANY_PATHS = 20
"""A change of more files than this is not asked for what it forgot."""

_NEIGHBOURS = 20
_REACH = 60
_LEAST = 3


class View:
    """The history as the commit behind ``visible`` knew it. ``at`` is the moment of the question, in UNIX seconds.

    A window ends at ``at``, or at the settled time of the commit itself if that is later. ``complete`` is False when part of
    the past is missing (a shallow clone): the counts are then lower bounds, and features must not take them for the truth.
    """

    __slots__ = ("_at", "_bound", "_log", "_near", "_visible", "_windows", "complete")

    def __init__(self, log: Log, visible: Visible) -> None:
        self._log = log
        self._visible = visible
        self._at: int | None = None
        self._windows = Windows(0, 0, 0)
        self._bound: dict[str, FileEvents | None] = {}
        self._near: dict[int, list[Sequence[int]]] = {}
        self.complete = log.complete

    def file(self, path: str, at: int) -> FilePast | None:
        """Tell what happened to the file at a path (as the base names it); ``None`` if there never was one."""
        events = self._events(path)
        if events is None:
            return None
        visible, windows, times = self._visible, self._at_windows(at), self._log.times
        changes, changes_7d, changes_90d, changes_365d, last = count(events.positions, visible, windows)
        fixes, _, fixes_90d, fixes_365d, last_fix = count(events.fixes, visible, windows)
        reverts, _, reverts_90d, reverts_365d, _ = count(events.reverts, visible, windows)
        developers = events.developers(visible, self._log.authors)
        return FilePast(
            changes, changes_7d, changes_90d, changes_365d, developers, times[last],
            fixes, fixes_90d, fixes_365d, times[last_fix] if fixes else None, reverts, reverts_90d, reverts_365d,
        )

    def missing_cochanges(self, paths: Sequence[str], at: int) -> int | None:  # noqa: ARG002 - every question names its moment
        """Count files that usually change together with the given ones and are not among them; ``None`` for over 20 paths.

        Usually: in half, and in at least 3, of the last 20 changes of one of the files (changes of more than 30 files say
        nothing; at most 60 are looked at). Files that were deleted since do not count (Zimmermann et al. 2005).
        """
        if len(paths) > MANY_PATHS:
            return None
        bound = [self._log.bound(path, self._visible) for path in paths]
        here = {b.file for b in bound if b is not None and b.file != FREE}
        missing: set[int] = set()
        for file in here:
            near = self._near.get(file)
            if near is None:  # remembered: what a file's share of the risk is, is asked file by file
                near = self._near[file] = self._neighbours(self._log.files[file])
            least = max(_LEAST, (len(near) + 1) // 2)
            together = sorted([files for files in near if len(files) > 1], key=len)
            # What is in ``least`` of them cannot be in the largest alone: few files are left to be counted.
            others = set().union(*together[:max(0, len(together) - least + 1)]) - here
            if others:
                often = Counter(filter(others.__contains__, chain.from_iterable(together)))
                missing.update([other for other, times in often.items() if times >= least])
        return sum([self._alive(file) for file in missing])

    def reported(self, paths: Sequence[str], at: int) -> ReportedPast | None:
        """Tell of the repairs of reported faults in some files; ``None`` when nobody told which commits those are."""
        if self._log.reported is None or not self.complete:
            return None
        return self._log.reported.past(self._log, self._visible, self._at_windows(at), paths)

    def author(self, email: str, at: int) -> AuthorPast:
        """Tell what an author did before."""
        developer = self._log.developer(email)
        positions = self._log.by_author[developer] if developer is not None else []
        sure, more = self._visible.select(positions)
        if not sure and not more:
            return AuthorPast()
        times = self._log.times
        at = max(at, times[self._visible.limit - 1])
        recent = sum(1 / ((at - times[p]) // YEAR + 1) for p in more)
        end, years = sure, 0
        while end:
            # A change t is n whole years old while at - (n + 1) years < t <= at - n years.
            start = bisect_left(positions, bisect_left(times, at - (years + 1) * YEAR + 1), 0, end)
            recent += (end - start) / (years + 1)
            end, years = start, years + 1
        return AuthorPast(sure + len(more), recent, times[positions[0] if sure else more[0]])

    def changes_by(self, email: str, most: int) -> int:
        """Count what an author changed before, up to ``most``: who only asks for newcomers need not count on."""
        developer = self._log.developer(email)
        if developer is None:
            return 0
        positions = self._log.by_author[developer]
        limit, first, hidden = self._visible
        found = bisect_left(positions, first)
        for position in positions[found:bisect_left(positions, limit, found)]:
            if found >= most:
                break
            found += not hidden >> (position - first) & 1
        return min(found, most)

    def author_subsystem(self, email: str, subsystems: Sequence[str], at: int) -> int:  # noqa: ARG002 - as above
        """Count an author's changes to some top folders (the empty name is the root): SEXP of Mockus & Weiss (2000)."""
        developer = self._log.developer(email)
        if developer is None:
            return 0
        lists = [self._log.experience(developer, subsystem) for subsystem in set(subsystems)]
        sure, more = self._visible.select(lists[0] if len(lists) == 1 else sorted(set().union(*lists)))
        return sure + len(more)

    def author_share(self, email: str, paths: Sequence[str], at: int) -> float | None:  # noqa: ARG002 - as above
        """Share in [0, 1] of the earlier changes of some files that an author made; ``None`` if there were none."""
        developer = self._log.developer(email)
        total = own = 0
        for path in paths:
            events = self._events(path)
            if events is not None:
                sure, more = self._visible.select(events.positions)
                total += sure + len(more)
                if developer is not None:
                    sure, more = self._visible.select(events.by(developer, self._log.authors))
                    own += sure + len(more)
        return own / total if total else None

    def repository(self, at: int) -> RepositoryPast:
        """Tell how busy and faulty the repository was."""
        log, windows, seen = self._log, self._at_windows(at), self._visible
        three, ten = (self._days_ago(days, at) for days in (1095, 3650))
        return RepositoryPast(
            commits_90d=seen.among(log.plain_bits, windows.quarter, seen.limit),
            commits_365d=seen.among(log.plain_bits, windows.year, seen.limit),
            commits_before=seen.among(log.plain_bits, three, windows.year),
            fixes_90d=seen.among(log.fix_bits, windows.quarter, seen.limit),
            fixes_before=seen.among(log.fix_bits, three, windows.year),
            reverts_365d=seen.among(log.revert_bits, windows.year, seen.limit),
            revisited_365d=log.revisits.between(windows.year, seen.limit, seen),
            revisited_before=log.revisits.between(three, windows.year, seen),
            revisited_long_ago=log.revisits.between(ten, three, seen),
        )

    def _events(self, path: str) -> FileEvents | None:
        """Return the events of the file at a path; remembered, because several groups of features ask."""
        if path not in self._bound:
            self._bound[path] = self._log.file_of(path, self._visible)
        return self._bound[path]

    def _at_windows(self, at: int) -> Windows:
        """First positions of the windows that end at a moment; remembered, because all questions of a change share it."""
        if at != self._at:
            self._windows = Windows(*(self._days_ago(days, at) for days in (7, 90, 365)))
            self._at = at
        return self._windows

    def _days_ago(self, days: int, at: int) -> int:
        """First position of the days before a moment, or before the commit itself if that is later."""
        times, limit = self._log.times, self._visible.limit
        end = max(at, times[limit - 1]) if limit else at
        return bisect_left(times, end - days * DAY, 0, limit)

    def _neighbours(self, events: FileEvents) -> list[Sequence[int]]:
        """Files of the last commits that touched a file and few others."""
        sure, more = self._visible.select(events.positions)
        positions = chain(reversed(more), reversed(events.positions[max(0, sure - _REACH):sure]))
        touched = map(self._log.touched.__getitem__, positions)
        return list(islice((files for files in touched if len(files) <= SMALL), _NEIGHBOURS))

    def _alive(self, file: int) -> bool:
        events = self._log.files[file]
        sure, more = self._visible.select(events.positions)
        return not events.ends_at(more[-1] if more else events.positions[sure - 1])
