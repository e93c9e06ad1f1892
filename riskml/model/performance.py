"""How good probabilities were, once it is known what happened: the two figures that a model in use is watched by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


def brier(harm: Sequence[bool] | Bools, probability: Sequence[float] | Floats) -> float | None:
    """Return the mean squared distance of probabilities from what happened (Brier 1950), from 0 to 1; ``None`` of none.

    Saying the share of harm every time gives share · (1 − share): a model that is worse than that knows nothing.

    >>> round(brier([True, False, False, False], [0.7, 0.1, 0.2, 0.0]), 3)
    0.035
    """
    if not len(harm):
        return None
    return float(np.mean((np.asarray(probability, dtype=np.float64) - np.asarray(harm, dtype=np.float64)) ** 2))


def auc(harm: Sequence[bool] | Bools, probability: Sequence[float] | Floats) -> float | None:
    """Return how often a harmful change has a higher probability than a harmless one, equals counting half.

    The statistic of Mann and Whitney (1947) as a share, the area under the ROC curve. ``None`` where there is none of the one
    or of the other.

    >>> auc([True, False, False, True], [0.7, 0.1, 0.2, 0.1])
    0.625
    """
    told, score = np.asarray(harm, dtype=bool), np.asarray(probability, dtype=np.float64)
    bad, good = int(told.sum()), int((~told).sum())
    if not bad or not good:
        return None
    harmless = np.sort(score[~told])
    below = np.searchsorted(harmless, score[told], side="left")
    upto = np.searchsorted(harmless, score[told], side="right")
    return float((below + upto).sum() / 2 / (bad * good))
