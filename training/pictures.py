"""What a comparison looks like: promised against observed rates, ROC and precision-recall, gain, and one bar a repository."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from training import metrics
from training.compare import Answers
from training.dataset import Dataset

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
COLOURS = {"challenger": "#0b6e4f", "champion": "#1f4e8c", "lines added": "#8a8a8a"}
BINS = 10
SHOWN = 30
"""Repositories in one picture, the largest."""


def draw(answers: Answers, folder: Path) -> list[Path]:
    """Draw all pictures of a comparison as PNG files and return their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    block, scores = answers.block, answers.by_name()
    promised = {name: p for name, p in scores.items() if name != "lines added"}
    return [
        _saved(_reliability(block.harm, promised), folder / "reliability.png"),
        _saved(_ranking(block.harm, scores), folder / "roc_pr.png"),
        _saved(_gain(block.harm, scores), folder / "gain.png"),
        _saved(_repositories(block, scores), folder / "repositories.png"),
    ]


def _reliability(harm: Bools, promised: Mapping[str, Floats]) -> Figure:
    figure, (axes, counts) = _figure(2, "Promised and observed", ratios=(3, 1))
    top = 0.0
    for name, p in promised.items():
        parts = [part for part in np.array_split(np.argsort(p, kind="stable"), BINS) if len(part)]
        x, y = [p[i].mean() for i in parts], [harm[i].mean() for i in parts]
        error = [1.96 * np.sqrt(max(v * (1 - v), 1e-9) / len(i)) for v, i in zip(y, parts, strict=True)]
        axes.errorbar(x, y, yerr=error, fmt="o-", color=COLOURS[name], label=name, capsize=2)
        counts.hist(p, bins=np.linspace(0, 1, 41).tolist(), histtype="step", color=COLOURS[name])
        top = max(top, *x, *y)
    axes.plot([0, 1], [0, 1], color="black", linewidth=0.8, linestyle=":")
    axes.set(xlim=(0, min(1, top * 1.1)), ylim=(0, min(1, top * 1.2)), xlabel="promised", ylabel="observed, with 95 %")
    axes.legend(frameon=False)
    counts.set(xlabel="probability", ylabel="changes", xlim=(0, 1))
    return figure


def _ranking(harm: Bools, scores: Mapping[str, Floats]) -> Figure:
    figure, (roc, pr) = _figure(2, "Ranking", ratios=(1, 1), across=True)
    for name, score in scores.items():
        order = np.argsort(-score, kind="stable")
        last = np.append(np.flatnonzero(np.diff(score[order])), len(harm) - 1)
        hits = np.cumsum(harm[order])[last]
        roc.plot(np.append(0, (last + 1 - hits) / max((~harm).sum(), 1)), np.append(0, hits / harm.sum()), color=COLOURS[name],
                 label=f"{name}, {metrics.auc(harm, score):.3f}")
        pr.step(hits / harm.sum(), hits / (last + 1), where="post", color=COLOURS[name],
                label=f"{name}, {metrics.average_precision(harm, score):.3f}")
    roc.plot([0, 1], [0, 1], color="black", linewidth=0.8, linestyle=":")
    pr.axhline(harm.mean(), color="black", linewidth=0.8, linestyle=":")
    roc.set(xlabel="harmless changes flagged", ylabel="harmful changes flagged")
    pr.set(xlabel="recall", ylabel="precision", ylim=(0, 1))
    roc.legend(frameon=False, title="AUC")
    pr.legend(frameon=False, title="PR-AUC")
    return figure


def _gain(harm: Bools, scores: Mapping[str, Floats]) -> Figure:
    figure, (axes,) = _figure(1, "Harm caught by watching the riskiest changes")
    x = np.arange(len(harm) + 1) / len(harm)
    for name, score in scores.items():
        caught = np.append(0, np.cumsum(harm[np.argsort(-score, kind="stable")])) / harm.sum()
        axes.plot(100 * x, 100 * caught, color=COLOURS[name], label=name)
    axes.plot([0, 100 * harm.mean(), 100], [0, 100, 100], color="black", linewidth=0.8, linestyle=":", label="perfect")
    axes.set(xlabel="changes watched, %", ylabel="harmful changes caught, %", xlim=(0, 100), ylim=(0, 101))
    axes.legend(frameon=False)
    return figure


def _repositories(block: Dataset, scores: Mapping[str, Floats]) -> Figure:
    names, counts = np.unique(block.repository.astype(str), return_counts=True)
    shown = names[np.argsort(-counts, kind="stable")][:SHOWN][::-1]
    figure, (axes,) = _figure(1, "AUC by repository", height=1.5 + 0.28 * len(shown) * len(scores))
    thick = 0.8 / len(scores)
    for k, (name, score) in enumerate(scores.items()):
        values = [metrics.auc(block.harm[block.repository == r], score[block.repository == r]) for r in shown]
        axes.barh(np.arange(len(shown)) - k * thick, np.nan_to_num(values), height=thick, color=COLOURS[name], label=name)
    axes.set_yticks(np.arange(len(shown)) - 0.4 + thick / 2, labels=shown.tolist())
    axes.axvline(0.5, color="black", linewidth=0.8, linestyle=":")
    axes.set(xlim=(0, 1), xlabel="AUC; no bar where a repository has but one kind of outcome")
    axes.legend(frameon=False, loc="lower right")
    return figure


def _figure(parts: int, title: str, *, ratios: tuple[int, ...] = (1,), across: bool = False,
            height: float = 5.0) -> tuple[Figure, list[Axes]]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10.0 if across else 6.5, height), layout="constrained")
    axes = (figure.subplots(1, parts, squeeze=False, width_ratios=ratios) if across
            else figure.subplots(parts, 1, squeeze=False, height_ratios=ratios))
    figure.suptitle(title)
    return figure, list(axes.flat)


def _saved(figure: Figure, path: Path) -> Path:
    figure.savefig(path, dpi=110, metadata={"Software": None})
    return path
