"""Have the inputs moved since the champion was trained? Feature by feature, and nothing of too few values."""

from __future__ import annotations

from typing import Any

from riskml.model.artifact import Artifact
from riskml.model.drift import MINIMUM, psi_of_quantiles, unknown_share
from training.dataset import Dataset

MOVED, STABLE = 0.25, 0.1
"""The customary reading of the index: above the first it moved, below the second it did not."""


def drift(artifact: Artifact, data: Dataset) -> list[dict[str, Any]]:
    """Compare the features of changes with those that the model was trained on; the most moved first, the untold last.

    ``psi`` is ``None`` where fewer than :data:`riskml.model.drift.MINIMUM` values are known. ``unknown`` and ``unknown_then``
    are shares of the changes, now and in training.
    """
    manifest = artifact.manifest
    then = {row["feature"]: row["unknown"] for row in manifest.training.get("features", ())}
    data = data.only(manifest.features)
    rows = []
    for name in manifest.features:
        quantiles, values = manifest.feature_quantiles.get(name), data.column(name)
        rows.append({"feature": name, "psi": None if quantiles is None else psi_of_quantiles(quantiles, values),
                     "known": int((values == values).sum()), "unknown": unknown_share(values), "unknown_then": then.get(name)})
    return sorted(rows, key=lambda row: (row["psi"] is None, -(row["psi"] or 0.0), row["feature"]))


def summary(rows: list[dict[str, Any]]) -> str:
    """Say it in one sentence.

    >>> summary([{"feature": "la", "psi": 0.4}, {"feature": "nf", "psi": 0.02}, {"feature": "age", "psi": None}])
    '1 of 2 features moved (PSI above 0.25): la; 1 stable (below 0.1); of 1 fewer than 200 values are known'
    """
    told = [row for row in rows if row["psi"] is not None]
    moved = [row["feature"] for row in told if row["psi"] > MOVED]
    stable = sum(row["psi"] < STABLE for row in told)
    return (f"{len(moved)} of {len(told)} features moved (PSI above {MOVED})" + (f": {', '.join(moved[:8])}" if moved else "")
            + f"; {stable} stable (below {STABLE}); of {len(rows) - len(told)} fewer than {MINIMUM} values are known")
