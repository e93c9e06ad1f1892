"""Evidence that may be looked at after every minute: e-processes for the rates of two arms, in plain arithmetic.

An e-process is what a gambler with one unit would own who bets against a hypothesis at fair odds. If the hypothesis holds,
the chance that the fortune *ever* reaches ``1 / alpha`` is at most ``alpha`` (Ville, 1939), so that one may look after every
interval, stop at will and change the traffic share on the way (Ramdas, Grünwald, Vovk, Shafer: "Game-theoretic statistics and
safe anytime-valid inference", 2023). A z-test that is repeated every minute has no such property: see
``benchmarks/verdict_errors.py``.

Every function returns natural logarithms, because the fortunes themselves overflow. Counts are plain numbers, so that a caller
may deflate them for clustered errors. The alternatives are a fixed mixture over a log-uniform grid (Robbins, 1970).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from math import exp, inf, log, log1p
from typing import Literal, NamedTuple

Side = Literal["above", "below"]

REACH = 50.0
"""Farthest alternative of a mixture, as a multiple of the tested value."""

POINTS = 32
"""Alternatives of a mixture; between neighbours lies a factor of 50^(1/32) = 1.13."""


class Interval(NamedTuple):
    """What both arms did in one interval: bad events and all events of the canary and of the concurrent baseline."""

    bad: float
    total: float
    baseline_bad: float = 0.0
    baseline_total: float = 0.0


def ratio_path(intervals: Iterable[Interval], against: float, side: Side) -> list[float]:
    """Log evidence, after each interval, that canary rate / baseline rate is above (below) ``against``.

    Given a bad event, it fell on the canary with probability ``n_c r / (n_c r + n_b)``, whatever the base rate was in that
    interval: so neither the hour of the day nor a changed traffic share disturbs the test. Intervals in which one arm had no
    traffic say nothing and add 0.

    >>> [round(x, 2) for x in ratio_path([Interval(9, 1000, 10, 9000)] * 3, 1.0, "above")]
    [7.42, 15.7, 24.13]
    """
    grid = [(r, log(r / against)) for r in _grid(against, side, inf)]

    def gains(i: Interval) -> list[float]:
        if not i.total or not i.baseline_total:
            return [0.0] * POINTS
        exposed, both = i.total * against + i.baseline_total, i.bad + i.baseline_bad
        return [i.bad * won + both * log(exposed / (i.total * r + i.baseline_total)) for r, won in grid]

    return _mixed(gains(i) for i in intervals)


def rate_path(intervals: Iterable[Interval], against: float, side: Side) -> list[float]:
    """Log evidence, after each interval, that the canary's own rate is above (below) ``against``, in (0, 1).

    >>> round(rate_path([Interval(0, 3000)], 0.01, "below")[-1], 2)
    28.0
    """
    grid = [(log(p / against), log1p(-p) - log1p(-against)) for p in _grid(against, side, (1.0 + against) / 2.0)]
    return _mixed([i.bad * bad + (i.total - i.bad) * good for bad, good in grid] for i in intervals)


def rate_bounds(bad: float, total: float, alpha: float) -> tuple[float, float]:
    """Interval for a rate that covers it at all looks together with probability ``1 - alpha``: a confidence sequence.

    >>> low, high = rate_bounds(5, 1000, 0.05)
    >>> print(f"{low:.4f} {high:.4f}")
    0.0006 0.0169
    """
    if not total:
        return 0.0, 1.0

    def likelihood(p: float) -> float:
        return (bad * log(p) if bad else 0.0) + ((total - bad) * log1p(-p) if total > bad else 0.0)

    odds = [10.0 ** (k / 8.0) for k in range(-48, 25)]
    ceiling = _log_mean([likelihood(o / (1.0 + o)) for o in odds]) + log(alpha)
    best = min(max(bad / total, 1e-12), 1.0 - 1e-12)
    low = _edge(likelihood, ceiling, best, 1e-12) if bad else 0.0
    high = _edge(likelihood, ceiling, best, 1.0 - 1e-12) if total > bad else 1.0
    return low, high


def ratio_bounds(intervals: Sequence[Interval], alpha: float) -> tuple[float, float]:
    """Interval for the ratio of the two rates that holds at all looks together; ``(0, inf)`` while nothing is known.

    >>> low, high = ratio_bounds([Interval(20, 1000, 40, 9000)], 0.05)
    >>> print(f"{low:.1f} {high:.1f}")
    1.6 11.3
    """
    paired = [i for i in intervals if i.total and i.baseline_total and i.bad + i.baseline_bad]
    bad, other = sum(i.bad for i in paired), sum(i.baseline_bad for i in paired)
    if not paired:
        return 0.0, inf

    def likelihood(ratio: float) -> float:
        shared = sum((i.bad + i.baseline_bad) * log(i.total * ratio + i.baseline_total) for i in paired)
        return bad * log(ratio) - shared

    grid = [10.0 ** (k / 8.0) for k in range(-24, 25)]
    ceiling = _log_mean([likelihood(r) for r in grid]) + log(alpha)
    best = max(grid, key=likelihood)
    low = _edge(likelihood, ceiling, best, 1e-9) if bad else 0.0
    high = _edge(likelihood, ceiling, best, 1e9) if other else inf
    return low, high


def _grid(against: float, side: Side, limit: float) -> list[float]:
    """Log-uniform alternatives on one side of the tested value, none beyond ``limit``."""
    reach = min(REACH, limit / against) if side == "above" else 1.0 / REACH
    return [against * reach ** ((k + 0.5) / POINTS) for k in range(POINTS)]


def _mixed(gains: Iterable[list[float]]) -> list[float]:
    """Return the log of the mean fortune over the alternatives after each interval, from what each alternative wins in it."""
    fortunes = accumulate(gains, lambda old, new: [a + b for a, b in zip(old, new, strict=True)])
    return [_log_mean(f) for f in fortunes]


def _log_mean(logs: Sequence[float]) -> float:
    top = max(logs)
    return top + log(sum(exp(x - top) for x in logs) / len(logs))


def _edge(likelihood: Callable[[float], float], ceiling: float, inside: float, outside: float) -> float:
    """Where the likelihood falls through ``ceiling`` between two points, by bisection on the logarithm."""
    for _ in range(60):
        middle = (inside * outside) ** 0.5
        if likelihood(middle) > ceiling:
            inside = middle
        else:
            outside = middle
    return outside
