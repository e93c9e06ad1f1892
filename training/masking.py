"""Rows shown once more with something unknown.

At serving time whole groups of features can be unknown: a posted diff has no history, a table from elsewhere holds only the
classic fourteen. A model that never saw an unknown treats it as 0 ("nothing was ever fixed here"). So part of the training rows
is repeated with the same harm and a pattern of unknowns, and the model learns what to think when it cannot know.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from training.config import ConfigError, Mask

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Pattern:
    """A mask resolved against feature names: ``unknown`` has one flag a feature."""

    name: str
    unknown: Bools
    share: float
    weight: float
    calibrate: bool = False

    def hide(self, features: Floats) -> Floats:
        """Copy rows with this pattern's features made unknown."""
        return np.where(self.unknown, np.nan, features)


def patterns(masks: Sequence[Mask], groups: Mapping[str, Sequence[str]], names: Sequence[str]) -> tuple[Pattern, ...]:
    """Resolve masks. :raises ConfigError: for a name that is neither a feature nor a group."""
    return tuple(_pattern(mask, groups, names) for mask in masks)


def repeated(features: Floats, harm: Bools, weight: Floats, shown: Sequence[Pattern],
             seed: int) -> tuple[Floats, Bools, Floats]:
    """Append masked copies of a random share of the rows for each pattern. Rows it would leave as they are get none."""
    rng = np.random.default_rng(seed)
    parts = [(features, harm, weight)]
    known = ~np.isnan(features)
    for pattern in shown:
        rows = np.flatnonzero((rng.random(len(harm)) < pattern.share) & known[:, pattern.unknown].any(axis=1))
        parts.append((pattern.hide(features[rows]), harm[rows], weight[rows] * pattern.weight))
    return tuple(np.concatenate(column) for column in zip(*parts, strict=True))  # type: ignore[return-value] # three columns


def _pattern(mask: Mask, groups: Mapping[str, Sequence[str]], names: Sequence[str]) -> Pattern:
    if bool(mask.known) == bool(mask.unknown):
        raise ConfigError("a mask needs either 'known' or 'unknown'", where=f"mask {mask.name!r}")
    listed: set[str] = set()
    all_names = {member for members in groups.values() for member in members}
    for item in mask.known or mask.unknown:
        if item not in groups and item not in all_names:
            raise ConfigError("neither a feature nor a group", where=f"mask {mask.name!r}", got=item,
                              expected="a feature of the catalogue, or one of its groups: " + ", ".join(groups))
        listed.update(groups.get(item, (item,)))
    inside = np.array([name in listed for name in names])
    return Pattern(mask.name, ~inside if mask.known else inside, mask.share, mask.weight, mask.calibrate)
