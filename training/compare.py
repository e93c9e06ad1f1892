"""Two models on the same later changes, figure by figure, with paired bootstrap intervals of their differences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskml.model.artifact import Artifact
from riskml.model.scorer import ModelScorer
from training import metrics
from training.baselines import lines_added
from training.dataset import Dataset
from training.promotion import FIGURES, Difference, Judged, Rule

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

STRATA = 5
"""Parts of the changes by lines added, equally filled."""
LEAST_OF_A_QUARTER = (50, 5)
"""Changes, and harmful ones, below which a quarter says nothing."""


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What each model says of the block; ``champion`` is ``None`` where there is none."""

    block: Dataset
    challenger: Floats
    champion: Floats | None

    def by_name(self) -> dict[str, Floats]:
        """Scores by who gives them, the lines-added baseline among them (which is no probability)."""
        found = {"challenger": self.challenger}
        if self.champion is not None:
            found["champion"] = self.champion
        return found | {"lines added": lines_added(self.block)}


def probabilities(artifact: Artifact, data: Dataset) -> Floats:
    """Give the calibrated probability of each change by an artifact. Features that the data lack are unknown."""
    rows = data.only(artifact.manifest.features).features
    return artifact.calibration.probabilities(ModelScorer(artifact).margins(rows))


def strata(data: Dataset) -> Ints:
    """Give each change the number of its size: five parts of lines added, equally filled where values differ."""
    la = lines_added(data)
    edges = np.quantile(la, np.linspace(0, 1, STRATA + 1)[1:-1])
    return np.asarray(np.searchsorted(edges, la, side="left"))


def auc_within_strata(harm: Bools, score: Floats, stratum: Ints) -> float:
    """Probability that a harmful change ranks above a harmless one of about the same size.

    >>> same_size = np.array([0, 0, 1, 1])
    >>> auc_within_strata(np.array([True, False, True, False]), np.array([2.0, 1.0, 8.0, 9.0]), same_size)
    0.5
    """
    total = pairs = 0.0
    for s in range(STRATA):
        here = stratum == s
        found = metrics.auc(harm[here], score[here])
        if isfinite(found):
            weight = float(harm[here].sum()) * float((~harm[here]).sum())
            total, pairs = total + weight * found, pairs + weight
    return total / pairs if pairs else float("nan")


_METRICS: Mapping[str, Callable[[Bools, Floats], float]] = {
    "auc": metrics.auc, "average_precision": metrics.average_precision, "brier": metrics.brier, "ece": metrics.ece,
}


def judge(answers: Answers, rule: Rule, seed: int) -> Judged:
    """Make what the promotion rule looks at."""
    block, p, q = answers.block, answers.challenger, answers.champion
    harm, la, size = block.harm, lines_added(block), strata(block)

    def pairs(rows: Ints | slice) -> list[tuple[float, float]]:
        found = [(auc_within_strata(harm[rows], p[rows], size[rows]), auc_within_strata(harm[rows], la[rows], size[rows]))]
        if q is not None:
            found += [(_METRICS[name](harm[rows], p[rows]), _METRICS[name](harm[rows], q[rows])) for name in FIGURES]
        return found

    if len(block) < rule.least_changes or harm.sum() < rule.least_harmful:
        return Judged(len(block), int(harm.sum()), None, {})
    values = pairs(slice(None))
    bounds = metrics.intervals(lambda rows: [a - b for a, b in pairs(rows)], len(block), rule.resamples, seed)
    size_found, *versus = [Difference(a, b, low, high) for (a, b), (low, high) in zip(values, bounds, strict=True)]
    known = isfinite(size_found.challenger) and isfinite(size_found.low)
    return Judged(len(block), int(harm.sum()), size_found if known else None, dict(zip(FIGURES, versus, strict=False)))


def table(answers: Answers) -> list[dict[str, Any]]:
    """Give the figures of each on the block, for the report: ``None`` where a figure means nothing."""
    block, size = answers.block, strata(answers.block)
    rows = []
    for name, score in answers.by_name().items():
        promises = name != "lines added"
        rows.append({
            "name": name, "auc": metrics.auc(block.harm, score),
            "auc_within": metrics.mean_within(block.repository, block.harm, score),
            "auc_same_size": auc_within_strata(block.harm, score, size),
            "average_precision": metrics.average_precision(block.harm, score),
            "captured_10": metrics.captured(block.harm, score, 0.10), "captured_30": metrics.captured(block.harm, score, 0.30),
            "brier": metrics.brier(block.harm, score) if promises else None,
            "ece": metrics.ece(block.harm, score) if promises else None,
            "promised": float(score.mean()) if promises else None,
        })
    return rows


def quarters(artifact: Artifact, data: Dataset) -> list[dict[str, Any]]:
    """Follow a model over the quarters after its training: what it promised and what happened, by mature labels alone."""
    if not len(data):
        return []
    p = probabilities(artifact, data)
    when = [datetime.fromtimestamp(at, UTC) for at in data.at]
    quarter = np.array([f"{t.year} Q{(t.month + 2) // 3}" for t in when])
    rows = []
    for name in sorted(set(quarter.tolist())):
        here = quarter == name
        harm, score = data.harm[here], p[here]
        enough = len(harm) >= LEAST_OF_A_QUARTER[0] and harm.sum() >= LEAST_OF_A_QUARTER[1] and not harm.all()
        rows.append({"quarter": name, "changes": len(harm), "harmful": int(harm.sum()), "observed": float(harm.mean()),
                     "promised": float(score.mean()), "auc": metrics.auc(harm, score) if enough else None,
                     "ece": metrics.ece(harm, score) if enough else None})
    return rows
