"""Rows of whole numbers kept flat, as a kept history needs them: read when asked for, and grown at the end."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence

INT = "i"  # 4 bytes wherever CPython runs today; the header of a state file says so, and is checked


class Ragged:
    """Row i is ``values[starts[i]:starts[i + 1]]``; rows after those are in a list.

    >>> rows = Ragged(memoryview(array("i", [0, 2, 3])), memoryview(array("i", [7, 8, 9])))
    >>> rows.append([1]); del rows[2:]; rows.append([4, 5])
    >>> [rows[i] for i in range(len(rows))]
    [[7, 8], [9], [4, 5]]
    """

    __slots__ = ("_kept", "_rows", "_starts", "_values")

    def __init__(self, starts: Sequence[int] = (0,), values: Sequence[int] = ()) -> None:
        self._starts = starts
        self._values = values
        self._kept = len(starts) - 1
        self._rows: list[Sequence[int]] = []

    def __len__(self) -> int:
        return self._kept + len(self._rows)

    def __getitem__(self, index: int) -> Sequence[int]:
        if index >= self._kept:
            return self._rows[index - self._kept]
        if index < 0:
            raise IndexError(index)
        return list(self._values[self._starts[index]:self._starts[index + 1]])

    def __delitem__(self, tail: slice) -> None:
        start = tail.start or 0
        del self._rows[max(0, start - self._kept):]
        self._kept = min(self._kept, start)

    def append(self, row: Sequence[int]) -> None:
        """Add a row."""
        self._rows.append(row)


def flatten(rows: Iterable[Sequence[int]]) -> tuple[array[int], array[int]]:
    """Return starts and values of rows.

    >>> flatten([[7, 8], [9]])
    (array('i', [0, 2, 3]), array('i', [7, 8, 9]))
    """
    starts, values = array(INT, (0,)), array(INT)
    for row in rows:
        values.extend(row)
        starts.append(len(values))
    return starts, values
