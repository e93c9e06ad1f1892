"""From margins and what happened to a calibration table, and from whole repositories to how far such a table can be off."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from riskml.errors import InputError
from riskml.model.calibration import Calibration

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_LEAST_RISE = 1e-6  # log-odds per knot: strict, so that two changes with different margins never get exactly equal odds


def fit_table(margins: Floats, harm: Bools, knots: int, prior_changes: float, spread: float = 0.0) -> Calibration:
    """Fit a monotone table.

    A straight line in log-odds is fitted first (Platt, 1999). Then equally filled bins of the margin each say their own rate,
    drawn towards the line by ``prior_changes`` imagined changes, and pooled where they would fall (isotonic regression).
    """
    slope, level = straight_line(margins, harm)
    edges = np.unique(np.quantile(margins, np.linspace(0, 1, knots + 1)[1:-1]))
    _, which, sizes = np.unique(np.searchsorted(edges, margins), return_inverse=True, return_counts=True)
    if len(sizes) < 2:
        raise InputError("margins that are all alike cannot be calibrated", got=len(margins), expected="changes that differ")
    counts = sizes.astype(np.float64)
    centres = np.bincount(which, weights=margins) / counts
    line = np.bincount(which, weights=_probability(slope * margins + level)) / counts
    rates = (np.bincount(which, weights=harm) + prior_changes * line) / (counts + prior_changes)
    rates = np.clip(pooled(rates, counts + prior_changes), 1e-4, 1 - 1e-4)
    odds = np.log(rates / (1 - rates))
    odds = np.maximum.accumulate(odds) + _LEAST_RISE * np.arange(len(odds))
    return Calibration(
        margins=tuple(np.round(centres, 6).tolist()), odds=tuple(np.round(odds, 6).tolist()),
        changes=tuple(int(c) for c in counts), spread=round(spread, 4),
    )


def straight_line(margins: Floats, harm: Bools, steps: int = 50) -> tuple[float, float]:
    """Slope and level of the log-odds as a line of the margin, by Newton's method with a faint pull to (1, 0)."""
    slope, level, pull = 1.0, 0.0, 1e-3
    for _ in range(steps):
        p = _probability(slope * margins + level)
        error, weight = p - harm, p * (1 - p)
        gradient = np.array([error @ margins + pull * (slope - 1), error.sum() + pull * level])
        cross = weight @ margins
        hessian = np.array([[weight @ margins**2 + pull, cross], [cross, weight.sum() + pull]])
        step = np.linalg.solve(hessian, gradient)
        slope, level = slope - step[0], level - step[1]
        if np.abs(step).max() < 1e-10:
            break
    return max(float(slope), 1e-3), float(level)


def pooled(values: Floats, weights: Floats) -> Floats:
    """Find the never-falling sequence nearest to ``values`` (pool adjacent violators).

    >>> pooled(np.array([1.0, 3.0, 2.0, 4.0]), np.ones(4)).tolist()
    [1.0, 2.5, 2.5, 4.0]
    """
    blocks: list[tuple[float, float, int]] = []
    for value, weight in zip(values.tolist(), weights.tolist(), strict=True):
        blocks.append((value, weight, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (a, wa, na), (b, wb, nb) = blocks[-2], blocks[-1]
            blocks[-2:] = [((a * wa + b * wb) / (wa + wb), wa + wb, na + nb)]
    return np.concatenate([np.full(count, value) for value, _, count in blocks])


def shift(odds: Floats, harm: Bools) -> tuple[float, float]:
    """How many log-odds must be added for the mean promise to meet the mean outcome, and its standard error."""
    target = (harm.sum() + 0.5) / (len(harm) + 1.0)
    low, high = -10.0, 10.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _probability(odds + middle).mean() < target else (low, middle)
    p = _probability(odds + low)
    return (low + high) / 2, float(1 / np.sqrt(np.sum(p * (1 - p))))


def spread_between(shifts: Sequence[tuple[float, float]]) -> float:
    """Root mean square of the shifts of repositories that the model had not seen, less what chance alone would give."""
    if not shifts:
        return 0.0
    return float(np.sqrt(max(sum(d**2 - se**2 for d, se in shifts) / len(shifts), 0.0)))


def _probability(odds: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(odds, -50, 50))))
