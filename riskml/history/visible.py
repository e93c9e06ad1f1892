"""Which positions of the log a commit sees: its ancestors and itself, as a prefix and a few exceptions after it."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from typing import NamedTuple


class Visible(NamedTuple):
    """Positions below ``limit`` are visible unless hidden. Bit i of ``hidden`` hides ``first + i``; all below ``first`` show.

    In a linear history nothing is hidden. Elsewhere the exceptions reach back to the oldest branch that was still open, so
    every question is a binary search in the prefix and a look at the few positions after it.

    >>> trunk = NOTHING.with_next()
    >>> left, right = trunk.grown(1).with_next(), trunk.grown(2).with_next()
    >>> merge = left.grown(3).both(right.grown(3)).with_next()
    >>> [p for p in range(4) if p in right], [p for p in range(4) if p in merge]
    ([0, 2], [0, 1, 2, 3])
    """

    limit: int
    first: int
    hidden: int

    def __contains__(self, position: object) -> bool:
        if not isinstance(position, int) or position >= self.limit:
            return False
        return position < self.first or not self.hidden >> (position - self.first) & 1

    def select(self, positions: Sequence[int]) -> tuple[int, Sequence[int]]:
        """Split the visible ones of sorted positions: how many from the start on, and which ones after that."""
        end = bisect_left(positions, self.limit)
        if not self.hidden:
            return end, ()
        sure = bisect_left(positions, self.first, 0, end)
        first, hidden = self.first, self.hidden
        return sure, [p for p in positions[sure:end] if not hidden >> (p - first) & 1]

    def latest(self, positions: Sequence[int]) -> int:
        """Return the last visible one of sorted positions; -1 if there is none."""
        _, first, hidden = self
        for at in range(bisect_left(positions, self.limit) - 1, -1, -1):
            position = positions[at]
            if position < first or not hidden >> (position - first) & 1:
                return position
        return -1

    def among(self, bits: int, start: int, end: int) -> int:
        """Count the visible positions in [start, end) whose bit is set; ``end`` is at most the limit.

        >>> Visible(4, 1, 0b10).among(0b1111, 0, 4)
        3
        """
        chosen = bits >> start & (1 << max(0, end - start)) - 1
        if self.hidden and end > self.first:
            ahead = self.first - start
            chosen &= ~(self.hidden << ahead if ahead >= 0 else self.hidden >> -ahead)
        return chosen.bit_count()

    def grown(self, limit: int) -> Visible:
        """Reach up to a higher limit, with everything from here to there hidden."""
        gap = limit - self.limit
        if gap == 0:
            return self
        if not self.hidden:
            return Visible(limit, self.limit, (1 << gap) - 1)
        return Visible(limit, self.first, self.hidden | ((1 << gap) - 1) << (self.limit - self.first))

    def both(self, other: Visible) -> Visible:
        """See what either of two with the same limit sees."""
        first = max(self.first, other.first)
        hidden = (self.hidden >> (first - self.first)) & (other.hidden >> (first - other.first))
        if not hidden:
            return Visible(self.limit, self.limit, 0)
        skip = (hidden & -hidden).bit_length() - 1
        return Visible(self.limit, first + skip, hidden >> skip)

    def with_next(self) -> Visible:
        """See the position at the limit, too."""
        return Visible(self.limit + 1, self.first if self.hidden else self.limit + 1, self.hidden)


NOTHING = Visible(0, 0, 0)
"""What is visible before the first commit."""
