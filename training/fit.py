"""From a dataset to a forest and its calibration. Deterministic: the same data, numbers and seed give the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np
from numpy.typing import NDArray

from riskml.model.batch import Ranked
from riskml.model.calibration import Calibration
from riskml.model.lightgbm_text import parse
from riskml.model.trees import Forest
from training.calibrate import fit_table
from training.config import TrainConfig
from training.dataset import DAY, Dataset
from training.masking import Pattern, repeated
from training.metrics import best_threshold

Floats = NDArray[np.float64]
YEAR = 365.25 * DAY


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a fit needs besides data: the numbers, the monotone directions by feature, and the patterns of unknowns."""

    config: TrainConfig
    monotone: Mapping[str, int]
    patterns: tuple[Pattern, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """A forest with its calibration, as text and ready to score."""

    text: str
    forest: Forest
    rounds: int
    calibration: Calibration
    threshold: float
    base_rate: float

    def margins(self, features: Floats) -> Floats:
        """Log-odds of each row."""
        return Ranked(self.forest).margins(features)

    def probabilities(self, features: Floats) -> Floats:
        """Calibrated probability of each row."""
        return self.calibration.probabilities(self.margins(features))


def fit(data: Dataset, recipe: Recipe, *, rounds: int | None = None, again: bool = True) -> Fitted:
    """Fit on all of ``data`` (oldest first).

    The last ``tune_days`` are held back first: a forest of the earlier changes finds its number of trees on them (unless
    ``rounds`` gives it), and the calibration and the threshold of the best F1 are read off there, at their natural prevalence.
    Then the forest is grown again on everything. Without ``again`` the first forest is kept: half the work, a year less seen.
    """
    config = recipe.config
    cut = data.at.max() - config.periods.tune_days * DAY
    early, late = data.where(data.at < cut), data.where(data.at >= cut)
    text, rounds = grow(early, recipe, None if rounds else late, rounds)
    shown = [late.features, *(pattern.hide(late.features) for pattern in recipe.patterns if pattern.calibrate)]
    margins, harm = Ranked(parse(text)).margins(np.vstack(shown)), np.tile(late.harm, len(shown))
    table = fit_table(margins, harm, config.calibration.knots, config.calibration.prior_changes)
    threshold = best_threshold(harm, table.probabilities(margins))
    if again:
        text, _ = grow(data, recipe, rounds=rounds)
    return Fitted(text=text, forest=parse(text), rounds=rounds, calibration=table, threshold=threshold,
                  base_rate=float(late.harm.mean()))


def grow(data: Dataset, recipe: Recipe, judge: Dataset | None = None, rounds: int | None = None) -> tuple[str, int]:
    """Grow a forest. With ``judge``, stop when more trees no longer rank its changes better. Returns its text and its size."""
    config = recipe.config
    features, harm, weight = repeated(data.features, data.harm, weights(data, config), recipe.patterns, config.seed)
    names = list(data.names)
    train = lightgbm.Dataset(features, harm.astype(np.int8), weight=weight, feature_name=names, free_raw_data=True)
    callbacks: list[Callable[..., Any]] = []
    valid = []
    if judge is not None:
        valid = [lightgbm.Dataset(judge.features, judge.harm.astype(np.int8), reference=train)]
        callbacks = [lightgbm.early_stopping(config.trees.patience, verbose=False, min_delta=1e-5)]
    booster = lightgbm.train(_parameters(config, [recipe.monotone.get(n, 0) for n in names]), train,
                             num_boost_round=rounds or config.trees.rounds, valid_sets=valid, callbacks=callbacks)
    used = booster.best_iteration if judge is not None else booster.current_iteration()
    return booster.model_to_string(num_iteration=used), used


def weights(data: Dataset, config: TrainConfig) -> Floats:
    """How much each row counts; 1 on average."""
    w = config.weights
    weight = 0.5 ** ((data.at.max() - data.at) / (w.half_life_years * YEAR))
    names, which, counts = np.unique(data.repository.astype(str), return_inverse=True, return_counts=True)
    del names
    weight = weight * counts[which] ** -w.repository_power
    weight = weight * np.where(data.source == "kamei", w.kamei, 1.0)
    return np.asarray(weight / weight.mean())


def _parameters(config: TrainConfig, monotone: Sequence[int]) -> dict[str, object]:
    t = config.trees
    return {
        "objective": "binary", "metric": "auc", "learning_rate": t.learning_rate, "max_depth": t.max_depth,
        "num_leaves": t.num_leaves, "min_data_in_leaf": t.min_data_in_leaf, "lambda_l1": t.lambda_l1, "lambda_l2": t.lambda_l2,
        "feature_fraction": t.feature_fraction, "bagging_fraction": t.bagging_fraction, "bagging_freq": 1, "max_bin": t.max_bin,
        "path_smooth": t.path_smooth, "extra_trees": t.extra_trees, "monotone_constraints": list(monotone),
        "monotone_constraints_method": "basic", "seed": config.seed, "deterministic": True, "force_row_wise": True,
        "num_threads": config.threads, "verbose": -1,
    }
