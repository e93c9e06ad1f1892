"""What a model must beat: the base rate, the number of lines added, the churn, a logistic regression, a random forest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier  # type: ignore[import-untyped] # it ships no types
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped] # it ships no types
from sklearn.pipeline import make_pipeline  # type: ignore[import-untyped] # it ships no types
from sklearn.preprocessing import StandardScaler  # type: ignore[import-untyped] # it ships no types

from training.dataset import Dataset

Floats = NDArray[np.float64]

CLASSIC = ("ns", "nd", "nf", "entropy", "la", "ld", "lt", "fix", "ndev", "age", "nuc")
"""The features of Kamei et al. (2013) that say nothing about a person."""


def lines_added(data: Dataset) -> Floats:
    """Rank by lines added: the baseline LApredict (Zeng et al., ISSTA 2021). Unknown counts as none."""
    return _lines(data, "la")


def churn(data: Dataset) -> Floats:
    """Lines added plus lines deleted; the effort of reading a change."""
    return _lines(data, "la") + _lines(data, "ld")


def logistic(train: Dataset, test: Dataset, names: Sequence[str]) -> Floats:
    """Probabilities of a logistic regression on logarithms; unknown values take the median of the training rows.

    Features that the data lack are left out: they said nothing there.
    """
    names = [name for name in names if name in train.names]
    median = np.nan_to_num(np.nanmedian(_columns(train, names), axis=0))
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000))
    model.fit(_filled(train, names, median), train.harm)
    return np.asarray(model.predict_proba(_filled(test, names, median))[:, 1])


def forest(train: Dataset, test: Dataset, names: Sequence[str], seed: int) -> Floats:
    """Probabilities of a random forest of 200 trees (Breiman 2001) on the same logarithms as the regression reads."""
    names = [name for name in names if name in train.names]
    median = np.nan_to_num(np.nanmedian(_columns(train, names), axis=0))
    model = RandomForestClassifier(200, min_samples_leaf=5, random_state=seed, n_jobs=1)
    model.fit(_filled(train, names, median), train.harm)
    return np.asarray(model.predict_proba(_filled(test, names, median))[:, 1])


def _lines(data: Dataset, name: str) -> Floats:
    return np.nan_to_num(data.column(name)) if name in data.names else np.zeros(len(data))


def _columns(data: Dataset, names: Sequence[str]) -> Floats:
    return np.column_stack([data.column(n) for n in names])


def _filled(data: Dataset, names: Sequence[str], median: Floats) -> Floats:
    values = _columns(data, names)
    values = np.where(np.isnan(values), median, values)
    return np.asarray(np.sign(values) * np.log1p(np.abs(values)))
