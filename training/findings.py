"""What a trial found, as plain data: for the report, and for the run in MLflow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from riskml.model.artifact import Artifact
from training.build import digest
from training.compare import quarters, table
from training.drift_report import drift, summary
from training.gather import Gathered
from training.promotion import FIGURES
from training.trial import Trial, ends

_CONFIG = ("periods", "trees", "weights", "calibration", "promotion")


def about(gathered: Gathered, trial: Trial, champion: Artifact | None) -> dict[str, Any]:
    """Give what the report says of the data, the comparison, and the champion since its training."""
    found: dict[str, Any] = {
        "name": trial.config.name, "decision": trial.verdict.text, "account": gathered.account,
        "dataset_sha256": digest(gathered.path), "config_sha256": trial.config.digest,
    }
    if trial.tried is not None:
        block = trial.tried.answers.block
        found["block"] = {
            "changes": len(block), "harmful": int(block.harm.sum()), "rate": float(block.harm.mean()),
            "from": _day(block.at.min()), "to": _day(block.at.max()), "train_changes": trial.trained}
        found |= {"compared": table(trial.tried.answers), "differences": _differences(trial)}
    if champion is not None:
        since = ends(champion)
        new = gathered.data.where(gathered.data.at >= since)
        rows = drift(champion, new)
        found |= {"drift": rows, "drift_summary": summary(rows), "drift_changes": len(new),
                  "quarters": quarters(champion, trial.mature.where(trial.mature.at >= since))}
    return found


def figures_of(trial: Trial) -> dict[str, float | None]:
    """Give the metrics of the run by name, such as ``challenger.auc``."""
    found: dict[str, float | None] = {
        "block.changes": float(trial.judged.changes), "block.harmful": float(trial.judged.harmful),
        **{f"gain.{name}": d.gain for name, d in trial.judged.versus.items()}}
    for row in table(trial.tried.answers) if trial.tried is not None else ():
        found |= {f"{row['name'].replace(' ', '_')}.{key}": value for key, value in row.items() if key != "name"}
    return found


def parameters(trial: Trial) -> dict[str, Any]:
    """Give the numbers of the run by name, such as ``trees.max_depth``."""
    config: Mapping[str, Any] = asdict(trial.config)
    flat = {f"{part}.{key}": value for part in _CONFIG for key, value in config[part].items()}
    return {**flat, "seed": config["seed"], "version": config["version"], "config_sha256": config["digest"],
            "masks": ", ".join(mask["name"] for mask in config["mask"])}


def _differences(trial: Trial) -> list[dict[str, Any]]:
    judged = trial.judged
    found = [] if judged.beyond_size is None else [("AUC among changes of the same size; lines added", judged.beyond_size)]
    found += [(f"{FIGURES[name][0]}; the champion", d) for name, d in judged.versus.items()]
    return [{"figure": title, **asdict(d), "gain": d.gain} for title, d in found]


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()
