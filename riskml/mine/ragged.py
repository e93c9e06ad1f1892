"""Rows of whole numbers kept flat, as a kept history needs them: read when asked for, changed and grown row by row."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

INT = "i"  # 4 bytes wherever CPython runs today; the header of a state file says so, and is checked


class Ragged:
    """Row i is ``values[starts[i]:starts[i + 1]]``; rows after those are in a list.

    >>> rows = Ragged(memoryview(array("i", [0, 2, 3])), memoryview(array("i", [7, 8, 9])))
    >>> rows.append([1]); del rows[2:]; rows.append([4, 5])
    >>> [rows[i] for i in range(len(rows))]
    [[7, 8], [9], [4, 5]]
    """

    __slots__ = ("_kept", "_rows", "_starts", "_values")

    def __init__(self, starts: memoryview | None = None, values: memoryview | None = None) -> None:
        self._starts = memoryview(array(INT, (0,))) if starts is None else starts
        self._values = memoryview(array(INT)) if values is None else values
        self._kept = len(self._starts) - 1
        self._rows: list[Sequence[int]] = []

    def __len__(self) -> int:
        return self._kept + len(self._rows)

    def __getitem__(self, index: int) -> Sequence[int]:
        if index >= self._kept:
            return self._rows[index - self._kept]
        if index < 0:
            raise IndexError(index)
        return self._values[self._starts[index]:self._starts[index + 1]].tolist()

    def __delitem__(self, tail: slice) -> None:
        start = tail.start or 0
        del self._rows[max(0, start - self._kept):]
        self._kept = min(self._kept, start)

    def append(self, row: Sequence[int]) -> None:
        """Add a row."""
        self._rows.append(row)

    def flat(self, changed: Mapping[int, Sequence[int]] | None = None) -> tuple[memoryview, memoryview]:
        """Return starts and values of all rows, with some of the kept ones replaced.

        >>> rows = Ragged(memoryview(array("i", [0, 2, 3])), memoryview(array("i", [7, 8, 9])))
        >>> rows.append([4])
        >>> [part.tolist() for part in rows.flat({0: [5]})]
        [[0, 1, 2, 3], [5, 9, 4]]
        """
        import numpy as np  # slow to load, and only needed to write

        starts = np.frombuffer(self._starts, np.intc)[:self._kept + 1]
        values = np.frombuffer(self._values, np.intc) if len(self._values) else np.empty(0, np.intc)
        lengths = np.concatenate([np.diff(starts), np.fromiter(map(len, self._rows), np.intc, len(self._rows))])
        parts = []
        done = 0
        for index in sorted(changed or ()):
            row = (changed or {})[index]
            parts += [values[done:starts[index]], np.array(row, np.intc)]
            done = starts[index + 1]
            lengths[index] = len(row)
        parts += [values[done:starts[-1]], np.fromiter(chain.from_iterable(self._rows), np.intc)]
        ends = np.zeros(len(lengths) + 1, np.intc)
        np.cumsum(lengths, out=ends[1:])
        return ends.data, np.concatenate(parts).data


def ragged(rows: Iterable[Sequence[int]]) -> Ragged:
    """Return rows that are in a list as such."""
    found = Ragged()
    for row in rows:
        found.append(row)
    return found
