"""A made-up dataset in which harm depends on what a feature says, small enough to train on in a second."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from training.config import Calibrating, Labelled, Mask, Periods, TrainConfig, Trees, timestamp
from training.dataset import DAY, Dataset

NAMES = ("la", "ld", "nf", "nd", "ns", "entropy", "lt", "fix", "ndev", "age", "nuc", "prior_fixes_365d")


def texts(values):
    """Put texts into a column."""
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def made_up(n=4000, seed=1, days=4 * 365):
    """Make changes of three repositories over four years; large changes to often fixed files do harm more often."""
    rng = np.random.default_rng(seed)
    features = np.exp(rng.normal(2, 1.5, size=(n, len(NAMES)))).round()
    features[:, NAMES.index("entropy")] = rng.random(n)
    features[:, NAMES.index("fix")] = rng.random(n) < 0.3
    features[:, NAMES.index("age")] = np.where(rng.random(n) < 0.1, np.nan, features[:, NAMES.index("age")])
    which = rng.integers(0, 3, n)
    odds = -3.5 + 0.6 * np.log1p(features[:, 0]) + 0.5 * np.log1p(features[:, -1]) + 0.4 * (which - 1)
    harm = rng.random(n) < 1 / (1 + np.exp(-odds))
    at = timestamp(Periods().test_from) + np.sort(rng.random(n)) * days * DAY - (days - 365) * DAY
    return Dataset(
        names=NAMES, features=features, repository=texts([f"org/{'abc'[i]}" for i in which]),
        sha=texts([f"{i:040x}" for i in range(n)]), source=texts(["apachejit"] * n), at=at, harm=harm,
        known_at=np.where(harm, at + rng.exponential(200, n) * DAY, np.nan),
        newcomer=np.where(rng.random(n) < 0.1, np.nan, rng.random(n) < 0.2),
    )


@pytest.fixture(scope="session")
def data():
    """Give the made-up changes."""
    return made_up()


@pytest.fixture(scope="session")
def config():
    """Give a quick training run."""
    return TrainConfig(
        labels=Labelled(definition="made up", observed_until=date(2019, 12, 31)), threads=1, bootstrap=20, background=8,
        periods=Periods(tune_days=200),
        trees=Trees(rounds=40, patience=10, learning_rate=0.2, max_depth=3, num_leaves=7, min_data_in_leaf=30),
        calibration=Calibrating(knots=8), digest="0" * 64,
        mask=(Mask("no history", unknown=("past",)), Mask("size only", known=("la", "ld"))),
    )
