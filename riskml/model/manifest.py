"""What an artifact says of itself: which features it reads, which labels made it, and how values spread in training."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from math import isfinite
from typing import Any

from riskml.errors import ArtifactCorrupt


@dataclass(frozen=True, slots=True)
class Manifest:
    """``manifest.json`` without its protocol number.

    ``label``, ``training`` and ``evaluation`` are told to people, and the card is made from them; scoring reads none of them.
    ``base_rate`` is the share of harmful changes at the natural prevalence of the calibration. ``score_quantiles`` and
    ``feature_quantiles`` hold rising values at evenly spaced ranks from the lowest to the highest. ``background`` is a sample
    of training rows (features in the order of ``features``, ``None`` = unknown): how far the answer could move if something
    unknown were known.
    """

    name: str
    version: str
    feature_set: int
    features: tuple[str, ...]
    label: Mapping[str, Any]
    training: Mapping[str, Any]
    base_rate: float
    score_quantiles: tuple[float, ...]
    feature_quantiles: Mapping[str, tuple[float, ...]]
    background: tuple[tuple[float | None, ...], ...]
    libraries: Mapping[str, str]
    evaluation: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.name or not self.version or not self.features or len(set(self.features)) != len(self.features):
            raise ArtifactCorrupt("a manifest without name, version or features, or with a feature twice", got=self.name)
        if not 0.0 < self.base_rate < 1.0:
            raise ArtifactCorrupt("an impossible base rate", where="base_rate", got=self.base_rate, expected="inside (0, 1)")
        for name, values in {"score_quantiles": self.score_quantiles, **self.feature_quantiles}.items():
            if len(values) < 2 or not all(isfinite(v) for v in values) or any(b < a for a, b in pairwise(values)):
                raise ArtifactCorrupt("quantiles that do not rise", where=name, got=values, expected="rising numbers")
        if any(len(row) != len(self.features) for row in self.background):
            raise ArtifactCorrupt("a background row of another width", where="background", expected=str(len(self.features)))

    def to_json(self) -> dict[str, Any]:
        """Give the manifest as plain data; ``files`` is added by whoever writes the files."""
        return {
            "name": self.name, "version": self.version, "feature_set": self.feature_set, "features": list(self.features),
            "label": dict(self.label), "training": dict(self.training), "base_rate": self.base_rate,
            "score_quantiles": list(self.score_quantiles),
            "feature_quantiles": {name: list(values) for name, values in self.feature_quantiles.items()},
            "background": [list(row) for row in self.background], "libraries": dict(self.libraries),
            "evaluation": dict(self.evaluation),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any], where: str) -> Manifest:
        """Read a manifest; keys it does not know are left aside. :raises ArtifactCorrupt: naming what is wrong."""
        try:
            return cls(
                name=str(data["name"]), version=str(data["version"]), feature_set=int(data["feature_set"]),
                features=tuple(str(name) for name in data["features"]),
                label=dict(data["label"]), training=dict(data["training"]), base_rate=float(data["base_rate"]),
                score_quantiles=tuple(float(v) for v in data["score_quantiles"]),
                feature_quantiles={str(k): tuple(float(v) for v in values) for k, values in data["feature_quantiles"].items()},
                background=tuple(tuple(None if v is None else float(v) for v in row) for row in data["background"]),
                libraries={str(k): str(v) for k, v in data["libraries"].items()},
                evaluation=dict(data.get("evaluation", {})),
                files={str(k): str(v) for k, v in data["files"].items()},
            )
        except KeyError as problem:
            raise ArtifactCorrupt("a key is missing", where=where, expected=f"a key {problem.args[0]!r}") from problem
        except (TypeError, ValueError, AttributeError) as problem:
            raise ArtifactCorrupt("a value of the wrong kind", where=where, got=str(problem)) from problem


def percentile(quantiles: tuple[float, ...], value: float) -> float:
    """Tell where a value stands among those whose quantiles these are, from 0 to 100; equals count half.

    >>> percentile((0.0, 0.0, 0.0, 10.0, 20.0), 15.0)
    87.5
    >>> percentile((0.0, 0.0, 0.0, 10.0, 20.0), 0.0)
    25.0
    """
    below, upto = bisect_left(quantiles, value), bisect_right(quantiles, value)
    last = len(quantiles) - 1
    if below < upto:
        rank = (below + upto - 1) / 2
    elif below == 0:
        rank = 0.0
    elif below > last:
        rank = float(last)
    else:
        left, right = quantiles[below - 1], quantiles[below]
        rank = below - 1 + (value - left) / (right - left)
    return 100.0 * rank / last
