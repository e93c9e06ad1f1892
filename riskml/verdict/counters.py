"""From readings of counters to counts in windows, by plain differences: nothing is extrapolated.

A counter starts at 0 with its process and only grows, so a reading below the one before means a restart, after which all of it
is new. What a process counted between its last reading and its end is lost; nothing is made up for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import isnan

Readings = Mapping[int, float]
"""One series: its value at each window's edge, by the edge's number. An edge at which the series was not there is left out."""


def increase(readings: Readings, first: int, last: int) -> list[float]:
    """Return by how much a counter grew in each window between the edges ``first`` and ``last``.

    A series that appears after ``first`` began there, at 0. One that is away for a while is compared with its last reading:
    edges before ``first`` are read for that only.

    >>> increase({0: 10, 1: 15, 2: 4}, 0, 2), increase({1: 3, 2: 3}, 0, 2), increase({-2: 7, 1: 9}, 0, 1)
    ([5, 4], [3, 0], [2])
    """
    known = {edge: value for edge, value in readings.items() if not isnan(value)}
    before = max((edge for edge in known if edge <= first), default=None)
    value = None if before is None else known[before]
    grown: list[float] = []
    for edge in range(first + 1, last + 1):
        now = known.get(edge)
        if now is None:
            grown.append(0)
            continue
        grown.append(now if value is None or now < value else now - value)
        value = now
    return grown


def total(many: Iterable[Readings], first: int, last: int) -> list[float | None]:
    """Sum several series, window by window; ``None`` where no series was read at the window's end, which is not 0.

    >>> total([{0: 1, 1: 2}, {0: 5, 1: 9, 2: 9}], 0, 3)
    [5, 0, None]
    """
    rows = [(readings, increase(readings, first, last)) for readings in many]
    sums: list[float | None] = []
    for i, edge in enumerate(range(first + 1, last + 1)):
        present = any(edge in readings and not isnan(readings[edge]) for readings, _ in rows)
        sums.append(sum(grown[i] for _, grown in rows) if present else None)
    return sums


def paired(bad: Sequence[float | None], of: Sequence[float | None]) -> list[tuple[float, float] | None]:
    """Put bad events beside all events; a missing series of bad ones means none, where there are others.

    >>> paired([None, 3], [10, 2])
    [(0, 10), (2, 2)]
    """
    return [None if t is None else (min(b or 0, t), t) for b, t in zip(bad, of, strict=True)]
