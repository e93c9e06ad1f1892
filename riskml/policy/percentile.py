"""Where a value stands among others: the percentile that rules may ask for."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

ENOUGH = 50  # fewer others make no percentile


def rank(ordered: Sequence[float], value: float) -> float | None:
    """Return the mid-rank of a value among sorted ones, in percent; ``None`` below 50 of them.

    >>> rank(sorted(range(100)), 90), rank([1.0], 2.0)
    (90.5, None)
    """
    if len(ordered) < ENOUGH:
        return None
    return 100 * (bisect_left(ordered, value) + bisect_right(ordered, value)) / 2 / len(ordered)


def rank_among(values: Sequence[float], value: float) -> float | None:
    """Return the rank of a value among others in any order, where NaN is unknown and does not count.

    >>> rank_among([*range(100), float("nan")], 90)
    90.5
    """
    below = len([v for v in values if v < value])  # counted: for one value that is faster than sorting
    upto = len([v for v in values if v <= value])
    known = len([v for v in values if v == v])
    return 100 * (below + upto) / 2 / known if known >= ENOUGH else None
