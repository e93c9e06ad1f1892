"""How good a ranking, a decision and a probability are. Pure functions of labels and scores; ``nan`` where undefined.

What a model in use is watched by, too, is taken from there (``riskml.model.performance``): one figure has one meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import nan, sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskml.model import performance

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def auc(harm: Bools, score: Floats) -> float:
    """Probability that a harmful change scores above a clean one; ties count half (area under the ROC curve).

    >>> auc(np.array([False, True, False, True]), np.array([0.1, 0.4, 0.35, 0.8]))
    1.0
    """
    found = performance.auc(harm, score)
    return nan if found is None else found


def average_precision(harm: Bools, score: Floats) -> float:
    """Mean precision over the harmful changes, as in scikit-learn: the area under the precision-recall curve."""
    positives = int(harm.sum())
    if not positives:
        return nan
    order = np.argsort(-score, kind="stable")
    hits = np.cumsum(harm[order])
    last_of_tie = np.append(np.flatnonzero(np.diff(score[order])), len(harm) - 1)
    recall = hits[last_of_tie] / positives
    precision = hits[last_of_tie] / (last_of_tie + 1)
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def f1(harm: Bools, flagged: Bools) -> float:
    """Harmonic mean of precision and recall of a decision."""
    hits = float((harm & flagged).sum())
    total = float(harm.sum() + flagged.sum())
    return 2 * hits / total if total else nan


def mcc(harm: Bools, flagged: Bools) -> float:
    """Correlation of a decision with the truth (Matthews)."""
    tp, fp = float((harm & flagged).sum()), float((~harm & flagged).sum())
    fn, tn = float((harm & ~flagged).sum()), float((~harm & ~flagged).sum())
    below = sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn))
    return (tp * tn - fp * fn) / below if below else nan


def brier(harm: Bools, probability: Floats) -> float:
    """Mean squared error of a probability."""
    found = performance.brier(harm, probability)
    return nan if found is None else found


def ece(harm: Bools, probability: Floats, bins: int = 10) -> float:
    """Mean distance of promised and observed rates in bins of equal width (expected calibration error; Naeini et al., 2015)."""
    which = np.minimum((probability * bins).astype(int), bins - 1)
    total = 0.0
    for b in np.unique(which):
        inside = which == b
        total += inside.sum() * abs(probability[inside].mean() - harm[inside].mean())
    return float(total / len(harm))


def captured(harm: Bools, score: Floats, share: float) -> float:
    """Share of the harmful changes among the riskiest ``share`` of all changes: what a gate of this budget would catch."""
    if not harm.any():
        return nan
    order = np.argsort(-score, kind="stable")
    return float(harm[order[: round(share * len(harm))]].sum() / harm.sum())


def effort_captured(harm: Bools, score: Floats, effort: Floats, share: float = 0.2) -> float:
    """Share of the harmful changes found when ``share`` of all changed lines are read, riskiest first (Kamei, 2013)."""
    if not harm.any() or effort.sum() <= 0:
        return nan
    order = np.argsort(-score, kind="stable")
    read = np.cumsum(effort[order]) <= share * effort.sum()
    return float(harm[order][read].sum() / harm.sum())


def popt(harm: Bools, score: Floats, effort: Floats) -> float:
    """Area between a ranking's effort-harm curve and the worst one, as a share of the best one's (Mende & Koschke, 2010).

    Rankings that put small changes first score high whatever they know, so it is only ever shown beside ``-effort``.
    """
    density = np.where(effort > 0, harm / np.maximum(effort, 1e-9), harm * 1e9)
    best, worst = _effort_area(harm, density, effort), _effort_area(harm, -density, effort)
    return float(1 - (best - _effort_area(harm, score, effort)) / (best - worst)) if best > worst else nan


def _effort_area(harm: Bools, score: Floats, effort: Floats) -> float:
    order = np.argsort(-score, kind="stable")
    x = np.concatenate([[0.0], np.cumsum(effort[order]) / effort.sum()])
    y = np.concatenate([[0.0], np.cumsum(harm[order]) / harm.sum()])
    return float(np.trapezoid(y, x))


def mean_within(groups: NDArray[Any], harm: Bools, score: Floats) -> float:
    """Mean AUC over groups that hold both outcomes: knowing the group does not help."""
    found = [auc(harm[groups == g], score[groups == g]) for g in sorted(set(groups.tolist()))]
    known = [a for a in found if a == a]
    return float(np.mean(known)) if known else nan


def best_threshold(harm: Bools, probability: Floats) -> float:
    """Find the threshold with the highest F1. To be chosen on changes that are not tested on."""
    order = np.argsort(-probability, kind="stable")
    hits = np.cumsum(harm[order])
    last_of_tie = np.append(np.flatnonzero(np.diff(probability[order])), len(harm) - 1)
    score = 2 * hits[last_of_tie] / (last_of_tie + 1 + harm.sum())
    return float(probability[order[last_of_tie[int(np.argmax(score))]]])


def intervals(figures: Callable[[NDArray[np.int64]], Sequence[float]], n: int, times: int,
              seed: int) -> list[tuple[float, float]]:
    """Give the 95 % bootstrap intervals of figures of ``n`` rows; ``figures`` is called with resampled positions."""
    rng = np.random.default_rng(seed)
    values = np.array([figures(rng.integers(0, n, n)) for _ in range(times)])
    found = []
    for column in values.T:
        known = column[np.isfinite(column)]
        low, high = np.quantile(known, [0.025, 0.975]) if len(known) else (nan, nan)
        found.append((float(low), float(high)))
    return found
