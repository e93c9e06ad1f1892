"""A table of classic features tested on its last fifth, taught by nothing but its own earlier rows.

This is how Zeng et al. (ISSTA 2021) test: each project by itself, the first four fifths by date train, the last fifth tests,
and no class is rebalanced. A feature that tools count differently can be read as it is, for one tool counted all rows here.
"""

from __future__ import annotations

import lightgbm
import numpy as np
from numpy.typing import NDArray

from training.baselines import CLASSIC
from training.dataset import Dataset
from training.fit import YEAR

Floats = NDArray[np.float64]

EXPERIENCE = ("exp", "rexp", "sexp")
"""What Kamei et al. (2013) also count, about the author: read only where the data were built with it."""

FORESTS = 3
TREES = 400
HALF_LIFE_YEARS = 1.0
PARAMETERS = {
    "objective": "binary", "learning_rate": 0.04, "num_leaves": 8, "min_data_in_leaf": 50, "lambda_l2": 20.0,
    "feature_fraction": 0.5, "bagging_fraction": 0.6, "bagging_freq": 1, "extra_trees": True, "max_bin": 127,
    "deterministic": True, "force_row_wise": True, "verbose": -1,
}
"""Chosen once for all projects, on the changes from 40 to 60 % and from 60 to 80 % of qt, openstack and jdt, trained on those
before. The bundled model's settings ask for 200 changes a leaf and a year to tune on: more than the smallest table can give."""


def last_fifth_of(table: Dataset) -> tuple[Dataset, Dataset]:
    """Split one repository's changes, oldest first: those before the last fifth, and the last fifth.

    Changes written in the same second are not torn apart.
    """
    start = table.at[int(0.8 * len(table))]
    return table.where(table.at < start), table.where(table.at >= start)


def probabilities(train: Dataset, test: Dataset, seed: int, threads: int) -> Floats:
    """Answer for ``test`` with forests grown on ``train``: probabilities of the mean margin of a few seeds.

    Recent changes weigh more: half as much for each year before the newest. The same data and seed give the same answers.
    """
    weight = 0.5 ** ((train.at.max() - train.at) / (HALF_LIFE_YEARS * YEAR))
    known, asked = columns(train), columns(test)
    margins = np.zeros(len(test))
    for number in range(FORESTS):
        grown = lightgbm.train({**PARAMETERS, "seed": seed + number, "num_threads": threads},
                               lightgbm.Dataset(known, train.harm.astype(np.int8), weight=weight), num_boost_round=TREES)
        margins += np.asarray(grown.predict(asked, raw_score=True)) / FORESTS
    return np.asarray(1 / (1 + np.exp(-margins)))


def columns(data: Dataset) -> Floats:
    """Give the classic features, and how some of them relate, which shallow trees would have to spend many splits on.

    Lines added and deleted as shares of what the files had (Nagappan & Ball 2005), and added, had and changed earlier per file.
    """
    read = data.only([name for name in (*CLASSIC, *EXPERIENCE) if name in data.names or name in CLASSIC])
    added, deleted, had, files, changes = (read.column(name) for name in ("la", "ld", "lt", "nf", "nuc"))
    per = np.maximum(files, 1)
    return np.column_stack([
        read.features, added / (had + 1), deleted / (had + 1), added + deleted, added - deleted, added / (added + deleted + 1),
        added / per, had / per, changes / per,
    ])
