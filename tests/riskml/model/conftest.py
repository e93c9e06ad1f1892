"""A model small enough to work out by hand, and a real one trained by LightGBM on made-up changes."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from pathlib import Path

import numpy as np
import pytest

from riskml.model.artifact import Artifact, write
from riskml.model.calibration import Calibration
from riskml.model.manifest import Manifest

# Tree 0: la <= 10 ? (past <= 2, unknown right ? -1.0 : 0.5) : 1.0. Tree 1: la <= 50 ? -0.25 : 0.25. Tree 2 is one leaf.
TINY = """tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=1
objective=binary sigmoid:1
feature_names=la past
feature_infos=[0:100] [0:9]
tree_sizes=1 1 1

Tree=0
num_leaves=3
num_cat=0
split_feature=0 1
split_gain=1 1
threshold=10.5 2.5
decision_type=2 8
left_child=1 -1
right_child=-2 -3
leaf_value=-1 1 0.5
leaf_weight=1 1 1
leaf_count=60 20 20
internal_value=0 0
internal_weight=1 1
internal_count=100 80
is_linear=0
shrinkage=1


Tree=1
num_leaves=2
num_cat=0
split_feature=0
split_gain=1
threshold=50.5
decision_type=2
left_child=-1
right_child=-2
leaf_value=-0.25 0.25
leaf_weight=1 1
leaf_count=90 10
internal_value=0
internal_weight=1
internal_count=100
is_linear=0
shrinkage=0.1


Tree=2
num_leaves=1
num_cat=0
split_feature=
split_gain=
threshold=
decision_type=
left_child=
right_child=
leaf_value=0.125
leaf_weight=
leaf_count=
internal_value=
internal_weight=
internal_count=
is_linear=0
shrinkage=1


end of trees

feature_importances:
la=2
past=1
"""


def manifest() -> Manifest:
    """Say what the tiny model says of itself."""
    return Manifest(
        name="tiny", version="1", feature_set=1, features=("la", "past"), label={"definition": "made up"},
        training={"changes": 100}, base_rate=0.25, score_quantiles=(0.1, 0.2, 0.4, 0.6, 0.9),
        feature_quantiles={"la": (0.0, 5.0, 20.0, 50.0, 100.0)}, background=((5.0, 0.0), (20.0, 3.0), (60.0, None)),
        libraries={"lightgbm": "none"},
    )


def calibration() -> Calibration:
    """Give a table of three knots."""
    return Calibration(margins=(-1.0, 0.0, 1.0), odds=(-2.0, -0.5, 1.0), changes=(50, 200, 50), spread=0.4)


@pytest.fixture
def tiny_text() -> str:
    """Give the tiny model as LightGBM would write it."""
    return TINY


@pytest.fixture
def tiny(tmp_path: Path) -> Artifact:
    """Write the tiny model as an artifact to ``tmp_path / "tiny"``."""
    return write(tmp_path / "tiny", manifest(), TINY, calibration(), "# Card\n")


@dataclass(frozen=True)
class Trained:
    """A forest by LightGBM: its text, rows to try it on, and LightGBM's own answers."""

    text: str
    rows: np.ndarray
    margins: np.ndarray
    contributions: np.ndarray


def _train(*, missing_zero: bool = False, depth: int = 5) -> Trained:
    lightgbm = pytest.importorskip("lightgbm")
    rng = np.random.default_rng(7)
    n = 4000
    rows = np.exp(2 * rng.normal(size=(n, 8)))
    rows[:, :3] = rows[:, :3].round()  # counts, many of them 0
    rows[:, 2:6][rng.random((n, 4)) < 0.2] = nan
    target = np.log1p(rows[:, 0]) + np.nan_to_num(np.log1p(rows[:, 3])) - 0.5 * np.isnan(rows[:, 4]) + rng.normal(size=n) > 2.2
    parameters = {
        "objective": "binary", "verbose": -1, "max_depth": depth, "num_leaves": 24, "learning_rate": 0.1, "max_bin": 63,
        "num_threads": 1, "seed": 7, "deterministic": True, "zero_as_missing": missing_zero,
        "monotone_constraints": [1, 0, 0, 0, 0, 0, 0, 0],
    }
    booster = lightgbm.train(parameters, lightgbm.Dataset(rows, target), 80)
    trial = np.exp(2 * rng.normal(size=(600, 8)))
    trial[rng.random(trial.shape) < 0.2] = nan
    trial[rng.random(trial.shape) < 0.2] = 0.0
    trial[:3] = [[0.0] * 8, [nan] * 8, [1e12] * 8]
    explained = booster.predict(trial, pred_contrib=True)
    return Trained(booster.model_to_string(), trial, booster.predict(trial, raw_score=True), explained)


@pytest.fixture
def place(tiny: Artifact, tmp_path: Path) -> Path:
    """Give the directory of the tiny artifact."""
    assert tiny.manifest.name == "tiny"
    return tmp_path / "tiny"


@pytest.fixture(scope="session")
def trained() -> Trained:
    """Train with NaN as the missing value; four columns never saw one, so NaN there counts as 0."""
    return _train()


@pytest.fixture(scope="session")
def trained_zero_missing() -> Trained:
    """Train with zero as the missing value."""
    return _train(missing_zero=True, depth=3)
