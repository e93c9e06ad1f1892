"""Where a release can be cut: which of its changes can wait, and where it can be released in parts, one after another.

Only the files are looked at. Whether what is left builds and passes its tests is for the build to say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from itertools import accumulate

from riskml.assess.combine import weight


def can_wait(urgency: Sequence[float], touched: Sequence[AbstractSet[str]], most: int) -> list[int]:
    """Return at most ``most`` changes that can be held back together, most urgent first, by their index in the release.

    The changes are given oldest first, each with the paths it touched. One can wait if no later change that stays touched one
    of its paths. So any first part of the list can wait, too, without the rest.

    >>> can_wait([0.9, 0.5, 0.1], [{"a"}, {"a", "b"}, {"c"}], 3)
    [1, 0, 2]
    >>> can_wait([0.9, 0.1], [{"a"}, {"a"}], 1)
    [1]
    """
    latest: dict[str, list[int]] = {}
    for index, paths in enumerate(touched):
        for path in paths:
            latest.setdefault(path, []).append(index)
    order = sorted(range(len(touched)), key=lambda i: (-urgency[i], -i))
    held: list[int] = []
    while len(held) < most:
        free = (i for i in order if all(latest[path][-1] == i for path in touched[i]))
        found = next(free, None)
        if found is None:
            break
        held.append(found)
        order.remove(found)
        for path in touched[found]:
            latest[path].pop()
    return held


def trains(count: int, fits: Callable[[int, int], bool]) -> list[tuple[int, int]]:
    """Cut ``count`` changes into consecutive parts ``(start, stop)``, each as long as it ``fits``, or a single change.

    A part that fits must fit without its last change, too.

    >>> trains(5, lambda start, stop: stop - start <= 2), trains(2, lambda start, stop: False), trains(0, lambda *_: True)
    ([(0, 2), (2, 4), (4, 5)], [(0, 1), (1, 2)], [])
    """
    found = []
    start = 0
    while start < count:
        good, step = start + 1, 1
        while good + step <= count and fits(start, good + step):  # in growing steps, then by halves: few questions
            good, step = good + step, 2 * step
        bad = min(good + step, count + 1)
        while bad - good > 1:
            middle = (good + bad) // 2
            good, bad = (middle, bad) if fits(start, middle) else (good, middle)
        found.append((start, good))
        start = good
    return found


def evenly(probabilities: Sequence[float], parts: int) -> list[tuple[int, int]]:
    """Cut the changes into so many consecutive parts of about the same risk, none of them empty.

    >>> evenly([0.5, 0.1, 0.1, 0.1, 0.1, 0.1], 2), evenly([0.2, 0.2, 0.2], 3)
    ([(0, 1), (1, 6)], [(0, 1), (1, 2), (2, 3)])
    """
    count = len(probabilities)
    sums = [0.0, *accumulate(min(weight(p), 50.0) for p in probabilities)]  # certain harm weighs much, but no endless amount
    cuts = [0]
    for part in range(1, parts):
        goal = sums[-1] * part / parts
        low, high = cuts[-1] + 1, count - (parts - part)
        cuts.append(min(range(low, high + 1), key=lambda i: (abs(sums[i] - goal), i)))
    return list(zip(cuts, [*cuts[1:], count], strict=True))
