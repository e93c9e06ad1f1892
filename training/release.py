"""The last fit, on everything that is mature, and what the artifact says of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import lightgbm
import numpy as np

from riskml.model.artifact import Artifact
from training.config import TrainConfig, timestamp
from training.dataset import DAY, Dataset
from training.fit import Fitted, fit
from training.publish import publish
from training.recipe import MONOTONE, recipe


def release(data: Dataset, evaluation: Mapping[str, Any], config: TrainConfig, directory: Path,
            made_from: Mapping[str, Any]) -> Artifact:
    """Fit on all mature changes and write the artifact with its card."""
    end = timestamp(config.labels.observed_until) + DAY
    chosen, prepared = recipe(data, config)
    labelled = chosen.between(timestamp(config.periods.train_from), end)
    mature = labelled.known_by(end, config.periods.maturity_days)
    model = fit(mature, prepared)
    label = {"definition": config.labels.definition.strip(), "sources": _rates(mature, mature.source, "source")}
    training = {
        "from": _day(mature.at.min()), "to": _day(mature.at.max()), "changes": len(mature), "harmful": int(mature.harm.sum()),
        "base_rate": model.base_rate, "repositories": _rates(mature, mature.repository, "repository"),
        "maturity_days": config.periods.maturity_days, "immature": len(labelled) - len(mature),
        "trees": model.rounds, "depth": model.forest.depth, "monotone": [n for n in mature.names if MONOTONE.get(n, 0) > 0],
        "tune_days": config.periods.tune_days, "threshold": model.threshold, "also": config.labels.also,
        **{key: text for key in ("trained_on", "chosen", "tracker") if (text := getattr(config.labels, key))},
        "observed_until": str(config.labels.observed_until), "features": _features(mature, model), "seed": config.seed,
        "config_sha256": config.digest,
        "dataset_sha256": made_from["dataset_sha256"], "commit": made_from["commit"],
    }
    return publish(directory, model, mature, label, training, evaluation, config)


def _rates(data: Dataset, group: Any, title: str) -> list[dict[str, Any]]:
    rows = []
    for name in sorted(set(group.tolist())):
        part = data.where(group == name)
        rows.append({title: name, "changes": len(part), "harmful": int(part.harm.sum()), "rate": float(part.harm.mean()),
                     "from": _day(part.at.min()), "to": _day(part.at.max())})
    return rows


def _features(data: Dataset, model: Fitted) -> list[dict[str, Any]]:
    gain = lightgbm.Booster(model_str=model.text).feature_importance("gain")
    gain = 100 * gain / max(gain.max(), 1e-12)
    unknown = np.isnan(data.features).mean(axis=0)
    rows = [{"feature": n, "unknown": float(u), "gain": float(g), "monotone": MONOTONE.get(n, 0)}
            for n, u, g in zip(data.names, unknown, gain, strict=True)]
    return sorted(rows, key=lambda row: (-row["gain"], row["feature"]))


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()
