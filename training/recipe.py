"""Which features a model reads, and what else its fit needs besides data."""

from __future__ import annotations

import numpy as np

from riskml.features.catalogue import CATALOGUE, GROUPS
from training.config import ConfigError, TrainConfig
from training.dataset import Dataset
from training.fit import Recipe
from training.masking import patterns

LEAST_KNOWN = 0.01
"""A feature known for fewer of the training changes cannot be learnt."""

CANDIDATES = tuple(f.name for f in CATALOGUE if not f.person)
"""Every feature of the catalogue that says nothing about a person."""

EVERY = tuple(f.name for f in CATALOGUE)

MONOTONE = {f.name: f.monotone for f in CATALOGUE}
MEMBERS = {group.name: tuple(f.name for f in group.features) for group in GROUPS}


def recipe(data: Dataset, config: TrainConfig) -> tuple[Dataset, Recipe]:
    """Choose the features and resolve the masks. Returns ``data`` with the chosen features alone."""
    chosen = data.only(readable(data, config))
    shown = patterns(config.mask, MEMBERS, chosen.names)
    return chosen, Recipe(config, MONOTONE, tuple(pattern for pattern in shown if pattern.unknown.any()))


def readable(data: Dataset, config: TrainConfig) -> tuple[str, ...]:
    """Choose the candidates that vary in ``data``, without those that the configuration excludes.

    :raises ConfigError: for an excluded name that is no candidate
    """
    candidates = EVERY if config.people else CANDIDATES
    for name in config.exclude:
        if name not in candidates:
            raise ConfigError("an excluded feature that is none", where="exclude", got=name, expected="a name of the catalogue")
    chosen = []
    for name in candidates:
        if name in config.exclude or name not in data.names:
            continue
        values = data.column(name)
        known = values[~np.isnan(values)]
        if len(known) and len(known) >= LEAST_KNOWN * len(values) and known.min() < known.max():
            chosen.append(name)
    return tuple(chosen)
