"""What happened to one thing (a file, an author, the whole repository), as sorted positions in the log."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple

from riskml.history.visible import Visible


class Flags(NamedTuple):
    """What the message of a commit says of it."""

    fix: bool = False
    revert: bool = False


NEITHER = Flags()
FIX = Flags(fix=True)
REVERT = Flags(revert=True)
BOTH = Flags(fix=True, revert=True)


def flags_of(*, fix: bool, revert: bool) -> Flags:
    """Return the one object that stands for these flags."""
    return (BOTH if revert else FIX) if fix else REVERT if revert else NEITHER


class Windows(NamedTuple):
    """First positions of the last 7, 90 and 365 days before a moment."""

    week: int
    quarter: int
    year: int


class Counts(NamedTuple):
    """How many events are visible: ever, and in each window. ``last`` is the position of the newest, -1 if there is none."""

    total: int
    week: int
    quarter: int
    year: int
    last: int


_counts = partial(tuple.__new__, Counts)  # a named tuple's own constructor takes twice as long
NONE = Counts(0, 0, 0, 0, -1)


def count(positions: Sequence[int], visible: Visible, windows: Windows) -> Counts:
    """Count the visible ones of sorted positions.

    >>> count([0, 3, 4, 9], Visible(9, 4, 0b1), Windows(8, 4, 3))
    Counts(total=2, week=0, quarter=0, year=1, last=3)
    """
    if not positions:
        return NONE
    # Most histories are linear most of the time: nothing is hidden then.
    sure, more = visible.select(positions) if visible.hidden else (bisect_left(positions, visible.limit), ())
    week, quarter, year = windows
    if not more:
        if not sure:
            return NONE
        before_year = bisect_left(positions, year, 0, sure)
        before_quarter = bisect_left(positions, quarter, before_year, sure)
        before_week = bisect_left(positions, week, before_quarter, sure)
        return _counts((sure, sure - before_week, sure - before_quarter, sure - before_year, positions[sure - 1]))
    total = sure + len(more)
    in_week, in_quarter, in_year = (
        total - bisect_left(positions, start, 0, sure) - bisect_left(more, start) for start in windows)
    return _counts((total, in_week, in_quarter, in_year, more[-1]))


class Index:
    """Positions by some key, caught up with a growing list only when somebody asks: few do.

    >>> index = Index()
    >>> index.caught_up([3, 5, 8], lambda position: (position % 2,))
    >>> index.of(1), index.of(7)
    ([3, 5], ())
    """

    __slots__ = ("_done", "_lists")

    def __init__(self) -> None:
        self._lists: dict[object, list[int]] = {}
        self._done = 0

    def of(self, key: object) -> Sequence[int]:
        """Return the sorted positions under a key."""
        return self._lists.get(key, ())

    def caught_up(self, positions: Sequence[int], keys: Callable[[int], Iterable[object]]) -> None:
        """Take in what was added to sorted positions since the last time."""
        for position in positions[self._done:]:
            for key in keys(position):
                self._lists.setdefault(key, []).append(position)
        self._done = len(positions)


class Events:
    """The positions of some commits, and which of them were fixes and reverts."""

    __slots__ = ("fixes", "positions", "reverts")

    def __init__(self, positions: list[int] | None = None, flags: Sequence[Flags | None] = ()) -> None:
        self.positions = positions or []
        self.fixes: list[int] = []
        self.reverts: list[int] = []
        for position in self.positions:
            flag = flags[position]
            if flag is not None and flag is not NEITHER:
                self._note(position, flag)

    def append(self, position: int, flags: Flags) -> None:
        """Add a later commit."""
        self.positions.append(position)
        if flags is not NEITHER:
            self._note(position, flags)

    def rewind(self, position: int) -> None:
        """Take back all events from a position on."""
        for sorted_ in (self.positions, self.fixes, self.reverts):
            del sorted_[bisect_left(sorted_, position):]

    def _note(self, position: int, flags: Flags) -> None:
        if flags.fix:
            self.fixes.append(position)
        if flags.revert:
            self.reverts.append(position)


class FileEvents(Events):
    """The events of one file. ``newcomers`` are those of authors who had not changed it before; ``deletions`` ended it."""

    __slots__ = ("_by_author", "deletions", "newcomers", "since")

    def __init__(self, positions: list[int] | None = None, flags: Sequence[Flags | None] = (), authors: Sequence[int] = (),
                 deletions: list[int] | None = None) -> None:
        super().__init__(positions, flags)
        self.deletions = deletions or []
        self.newcomers: list[int] = []
        self.since: dict[int, int] = {}
        self._by_author = Index()
        for position in self.positions:
            self._meet(position, authors[position])

    def add(self, position: int, flags: Flags, author: int, *, deletes: bool) -> None:
        """Add a later change of the file."""
        self.append(position, flags)
        if deletes:
            self.deletions.append(position)
        self._meet(position, author)

    def rewind(self, position: int) -> None:
        """Take back all events from a position on."""
        super().rewind(position)
        del self.deletions[bisect_left(self.deletions, position):]
        del self.newcomers[bisect_left(self.newcomers, position):]
        self.since = {author: first for author, first in self.since.items() if first < position}
        self._by_author = Index()

    def ends_at(self, position: int) -> bool:
        """Whether the event at a position was the deletion of the file."""
        at = bisect_left(self.deletions, position)
        return at < len(self.deletions) and self.deletions[at] == position

    def developers(self, visible: Visible, authors: Sequence[int]) -> int:
        """Count distinct authors of the visible events; ``authors`` tells the author of each position."""
        if not visible.hidden:
            return bisect_left(self.newcomers, visible.limit)
        sure, more = visible.select(self.positions)
        known = bisect_left(self.newcomers, visible.first)
        if not more:
            return known
        start = self.positions[sure - 1] + 1 if sure else 0
        return known + len({a for a in map(authors.__getitem__, more) if self.since[a] >= start})

    def by(self, author: int, authors: Sequence[int]) -> Sequence[int]:
        """Return the positions of one author's changes."""
        self._by_author.caught_up(self.positions, lambda position: (authors[position],))
        return self._by_author.of(author)

    def _meet(self, position: int, author: int) -> None:
        if author not in self.since:
            self.since[author] = position
            self.newcomers.append(position)
