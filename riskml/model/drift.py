"""Has a distribution moved? The population stability index, which says nothing when it has seen too little.

The index compares how many of the values lie in each tenth of those they are compared with. It is the symmetric
Kullback-Leibler divergence of the two histograms (Jeffreys 1946; Siddiqi, Credit Risk Scorecards, 2006): 0 means equal shares,
and it has no upper end. The customary reading is below 0.1 stable, above 0.25 moved. What chance alone gives is about
(cells - 1) · (1/n + 1/m) for samples of n and m (Yurdakul & Naranjo, Journal of Risk Model Validation 2020): with ten cells and
200 values, 0.045 against a large sample and 0.09 against 200 others. Eight values "drift" every day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from math import inf, isfinite, nextafter

import numpy as np

from riskml.errors import UsageError
from riskml.model.trees import Floats

CELLS = 10
"""Parts of equal share that the reference is cut into; values that repeat make fewer."""

MINIMUM = 200
"""Known values of which an index is told; of fewer it is unknown."""


def psi(reference: Iterable[float], values: Iterable[float], *, minimum: int = MINIMUM) -> float | None:
    """Return the index of values against a reference sample; ``None`` if either has fewer than ``minimum`` known ones.

    NaN is unknown and left out of both: how much is unknown is a figure of its own, see :func:`unknown_share`.

    >>> last_month = [0.01 * k for k in range(100)] * 3
    >>> psi(last_month, last_month)
    0.0
    >>> round(psi(last_month, [p ** 2 for p in last_month]), 2)
    0.37
    >>> psi(last_month, last_month[:8]) is None
    True
    """
    known = _known(reference)
    if len(known) < max(1, minimum):
        return None
    cuts = _cuts(np.quantile(known, np.linspace(0.0, 1.0, CELLS + 1), method="inverted_cdf"))
    return _index(cuts, _shares(cuts, known), len(known), _known(values), minimum)


def psi_of_quantiles(quantiles: Sequence[float], values: Iterable[float], *, minimum: int = MINIMUM) -> float | None:
    """Return the index of values against a large reference of which only quantiles are left, as a manifest keeps them.

    ``quantiles`` are rising values at evenly spaced ranks from the lowest to the highest. ``None`` if fewer than ``minimum`` of
    the values are known. A share that is nothing counts as half a value, so one value in a place where none was before is no
    drift, and many are.

    >>> rarely = [0.0] * 91 + [1.0] * 10
    >>> round(psi_of_quantiles(rarely, [0.0] * 180 + [1.0] * 20), 3)
    0.0
    >>> round(psi_of_quantiles(rarely, [0.0] * 100 + [1.0] * 100), 2)
    0.91

    Raises ``UsageError`` for quantiles that do not rise.
    """
    if len(quantiles) < 2 or not all(isfinite(q) for q in quantiles) or any(b < a for a, b in pairwise(quantiles)):
        raise UsageError("quantiles that do not rise", where="quantiles", got=list(quantiles)[:5], expected="rising numbers")
    last = len(quantiles) - 1
    cuts = _cuts(np.array([quantiles[rank] for rank in sorted({round(k * last / CELLS) for k in range(CELLS + 1)})]))
    return _index(cuts, np.diff(_upto(np.array(quantiles), cuts), prepend=0.0, append=1.0), None, _known(values), minimum)


def unknown_share(values: Iterable[float], *, minimum: int = MINIMUM) -> float | None:
    """Return which share of the values is unknown (NaN), from 0 to 1; ``None`` of fewer than ``minimum`` values.

    >>> unknown_share([float("nan"), 1.0, 2.0, 3.0], minimum=4)
    0.25
    """
    found = np.fromiter(values, dtype=np.float64)
    return float(np.isnan(found).mean()) if len(found) >= max(1, minimum) else None


def _known(values: Iterable[float]) -> Floats:
    found = np.fromiter(values, dtype=np.float64)
    return found[~np.isnan(found)]


def _cuts(tenths: Floats) -> Floats:
    """Return where the cells end; each end belongs to its cell.

    A value at which many pile up (zero, mostly) has a cell for itself, so that a move to either side of it is seen.
    """
    inner = set(tenths[1:-1].tolist())
    piled = {low for low, high in pairwise(tenths.tolist()) if low == high}
    return np.array(sorted(inner | piled | {nextafter(value, -inf) for value in piled}))


def _upto(quantiles: Floats, cuts: Floats) -> Floats:
    """Return which share lies at or below each cut; where the quantiles only bound it, the middle of the bounds."""
    last = len(quantiles) - 1
    before, after = np.searchsorted(quantiles, cuts, side="left"), np.searchsorted(quantiles, cuts, side="right")
    sure = (after - before == 1) | (after == 0) | (after > last)  # on one quantile, below the lowest, at or above the highest
    found = np.where(after > last, last, np.where(sure, after - 1, after - 0.5)).clip(0)
    return np.asarray(found / last, dtype=np.float64)


def _shares(cuts: Floats, known: Floats) -> Floats:
    return np.bincount(np.searchsorted(cuts, known, side="left"), minlength=len(cuts) + 1) / len(known)


def _index(cuts: Floats, expected: Floats, size: int | None, known: Floats, minimum: int) -> float | None:
    if len(known) < max(1, minimum):
        return None
    least = 0.5 / min(len(known), size or len(known))
    before, after = np.maximum(expected, least), np.maximum(_shares(cuts, known), least)
    return float(np.sum((after - before) * np.log(after / before)))
