"""From a fit and its figures to an artifact: quantiles, a background sample, the manifest and the card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskml.features.catalogue import FEATURE_SET
from riskml.model.artifact import Artifact, write
from riskml.model.manifest import Manifest
from training.card import render
from training.config import TrainConfig
from training.dataset import Dataset
from training.fit import Fitted

Floats = NDArray[np.float64]
RANKS = np.linspace(0.0, 1.0, 101)
_LIBRARIES = ("lightgbm", "numpy", "scikit-learn", "pyarrow")


def publish(directory: Path, model: Fitted, data: Dataset, label: Mapping[str, Any], training: Mapping[str, Any],
            evaluation: Mapping[str, Any], config: TrainConfig) -> Artifact:
    """Write the artifact of a model that was fitted on ``data``."""
    spread = float(evaluation["unseen"]["spread"])
    manifest = Manifest(
        name=config.name, version=config.version, feature_set=FEATURE_SET, features=data.names, label=label, training=training,
        base_rate=float(training["base_rate"]), score_quantiles=_quantiles(model.probabilities(data.features)),
        feature_quantiles=feature_quantiles(data), background=background(data, config),
        libraries={name: version(name) for name in _LIBRARIES}, evaluation=evaluation,
    )
    table = replace(model.calibration, spread=round(spread, 4))
    return write(directory, manifest, model.text, table, render(manifest, table))


def feature_quantiles(data: Dataset) -> dict[str, tuple[float, ...]]:
    """Give the values at 0, 1, … 100 % of each feature's known values."""
    found = {}
    for name in data.names:
        values = data.column(name)
        values = values[~np.isnan(values)]
        if len(values):
            found[name] = _quantiles(values)
    return found


def background(data: Dataset, config: TrainConfig) -> tuple[tuple[float | None, ...], ...]:
    """Draw whole rows at random from those with the fewest unknowns, each repository alike."""
    rng = np.random.default_rng(config.seed)
    unknown = np.isnan(data.features).sum(axis=1)
    complete = np.flatnonzero(unknown <= np.quantile(unknown, 0.5))
    _, which, counts = np.unique(data.repository[complete].astype(str), return_inverse=True, return_counts=True)
    chance = 1.0 / counts[which]
    rows = rng.choice(complete, size=min(config.background, len(complete)), replace=False, p=chance / chance.sum())
    return tuple(tuple(None if np.isnan(v) else float(f"{v:.5g}") for v in data.features[i]) for i in rows)


def _quantiles(values: Floats) -> tuple[float, ...]:
    return tuple(float(f"{v:.6g}") for v in np.quantile(values, RANKS, method="lower"))
