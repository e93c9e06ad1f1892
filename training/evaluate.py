"""The honest figures of a model: trained on what came before, tested on what came after, beside what it must beat.

Everything here is plain data (numbers, texts, lists), so that the card is made from it and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from riskml.counted import counted
from riskml.errors import InputError
from riskml.mine.rows import NEWCOMER
from training import metrics
from training.baselines import CLASSIC, churn, forest, lines_added, logistic
from training.calibrate import shift, spread_between
from training.config import TrainConfig, timestamp
from training.dataset import DAY, Dataset
from training.fit import Fitted, Recipe, fit

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Groups = NDArray[Any]
Figures = dict[str, Any]
CLASSIC_SOURCE = "kamei"
"""The source of tables that hold the classic features alone."""
TRACKER = "no issue tracker"
"""The mask without which a change is shown as a repository with an issue tracker sees it."""
BUDGETS = (0.05, 0.10, 0.20, 0.30, 0.50)


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Train before ``test_from``, test on what was written from then on."""

    train: Dataset
    test: Dataset


def split(data: Dataset, config: TrainConfig) -> Split:
    """Split by time, with the labels as they are known today."""
    periods = config.periods
    start, middle, end = timestamp(periods.train_from), timestamp(periods.test_from), timestamp(periods.test_until)
    return Split(data.between(start, middle), data.between(middle, end))


def split_as_known(data: Dataset, config: TrainConfig) -> Split:
    """Split by time, training only on labels that were known when the test period began."""
    at = timestamp(config.periods.test_from)
    whole = split(data, config)
    return Split(whole.train.known_by(at, config.periods.maturity_days), whole.test)


def enough(parts: Split) -> None:
    """Refuse to train or test where nothing did harm, or everything did.

    :raises InputError: counting what there is
    """
    harm = {name: part.harm for name, part in (("train", parts.train), ("test", parts.test))}
    if any(not 0 < h.sum() < len(h) for h in harm.values()):
        raise InputError("too little to train or to test on", where="dataset",
                         got=", ".join(f"{name}: {counted(len(h), 'change')}, {int(h.sum())} harmful"
                                       for name, h in harm.items()),
                         expected="harmful and harmless changes before the test period and in it")


def evaluate(data: Dataset, recipe: Recipe) -> Figures:
    """Make all figures. Trains one model per split and one per repository left out: minutes for 100,000 changes.

    Tables that hold the classic features alone help to train; they are tested by repository, apart from the mined histories.
    The figures are of changes about which no issue tracker is asked, as ``riskml predict`` has them when nobody says more;
    ``tracked`` repeats them with its word.
    """
    config = recipe.config
    parts = split(data, config)
    enough(parts)
    honest = Split(parts.train, untold(parts.test, recipe))
    model = fit(honest.train, recipe)
    known = split_as_known(data, config)
    model_as_known = fit(known.train, recipe)
    everywhere = model.probabilities(honest.test.features)
    whole = honest.test.source != CLASSIC_SOURCE
    test, p = honest.test.where(whole), everywhere[whole]
    told = parts.test.where(whole)
    figures = {
        "train": _about(honest.train), "test": _about(test), "rounds": model.rounds,
        "models": _compared(Split(untold(honest.train, recipe), test), p, model.threshold, config),
        "tracked": tracked(told, model, model_as_known, config) if _knows_more(told, test) else None,
        "years": _years(test, p, model.threshold),
        "repositories": _by(honest.test, everywhere, honest.test.repository, config),
        "size_quintiles": _quintiles(test, p), "slices": slices(test, p),
        "curve": _curve(test, p),
        "unknowns": _unknowns(test, model, recipe),
        "as_known": {
            "train": _about(known.train),
            "years": _years(test, model_as_known.probabilities(test.features), model_as_known.threshold),
        },
        "unseen": unseen(parts, recipe, model.rounds, everywhere),
    }
    return dict(_plain(figures))


def untold(data: Dataset, recipe: Recipe) -> Dataset:
    """Hide what an issue tracker told."""
    hidden = next((pattern for pattern in recipe.patterns if pattern.name == TRACKER), None)
    return data if hidden is None else replace(data, features=hidden.hide(data.features))


def _knows_more(told: Dataset, test: Dataset) -> bool:
    return bool(np.isnan(told.features).sum() < np.isnan(test.features).sum())


def tracked(told: Dataset, model: Fitted, model_as_known: Fitted, config: TrainConfig) -> Figures:
    """Make the figures of changes with the tracker's word: by which earlier commits repaired a reported fault."""
    p = model.probabilities(told.features)
    figures = _figures(told, p, model.threshold)
    bounds = _intervals(figures, told, p, model.threshold, config)
    return {
        "figures": {key: {"value": value, "interval": bounds.get(key)} for key, value in figures.items()},
        "years": _years(told, p, model.threshold), "size_quintiles": _quintiles(told, p),
        "as_known": _years(told, model_as_known.probabilities(told.features), model_as_known.threshold),
    }


def unseen(parts: Split, recipe: Recipe, rounds: int, seen: Floats) -> Figures:
    """Leave each repository out of training and test on it, without and with the word of its issue tracker (``…_tracked``).

    These models have the number of trees of the whole one, and see a year less. Where one repository is all there is, nothing
    is told: ``spread`` is 0 and the means are ``None``.
    """
    rows, shifts = [], []
    for name in sorted(set(parts.test.repository.tolist())):
        here = parts.test.repository == name
        told = parts.test.where(here)
        test = untold(told, recipe)
        others = parts.train.where(parts.train.repository != name)
        if len(test) < 100 or not 0 < test.harm.sum() < len(test) or not _can_teach(others, recipe):
            continue
        model = fit(others, recipe, rounds=rounds, again=False)
        p, with_tracker = model.probabilities(test.features), model.probabilities(told.features)
        moved = shift(np.log(p / (1 - p)), test.harm)
        shifts.append(moved)
        rows.append({
            "repository": name, "changes": len(test), "rate": float(test.harm.mean()), "promised": float(p.mean()),
            "auc": metrics.auc(test.harm, p), "auc_when_seen": metrics.auc(test.harm, seen[here]),
            "auc_lines_added": metrics.auc(test.harm, lines_added(test)), "ece": metrics.ece(test.harm, p), "shift": moved[0],
            "auc_tracked": metrics.auc(test.harm, with_tracker), "ece_tracked": metrics.ece(test.harm, with_tracker),
        })
    return {
        "repositories": rows, "spread": spread_between(shifts),
        **{k: float(np.mean([r[k] for r in rows])) if rows else None
           for k in ("auc", "auc_when_seen", "auc_lines_added", "ece", "auc_tracked", "ece_tracked")},
    }


def _can_teach(data: Dataset, recipe: Recipe) -> bool:
    """Whether both the changes that would grow trees and those that would calibrate them hold harm, and more than harm."""
    if not len(data):
        return False
    early = data.at < data.at.max() - recipe.config.periods.tune_days * DAY
    return all(0 < part.sum() < len(part) for part in (data.harm[early], data.harm[~early]))


def _plain(value: Any) -> Any:
    """Round to six digits, and say ``None`` for what is undefined, such as the MCC of a year in which nothing was flagged."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return round(value, 6) if isfinite(value) else None
    return value


def _about(data: Dataset) -> Figures:
    return {
        "changes": len(data), "harmful": int(data.harm.sum()), "rate": float(data.harm.mean()),
        "repositories": len(set(data.repository.tolist())), "from": _day(data.at.min()), "to": _day(data.at.max()),
        "sources": {str(s): int((data.source == s).sum()) for s in sorted(set(data.source.tolist()))},
    }


def _figures(data: Dataset, p: Floats, threshold: float = 0.5) -> Figures:
    harm = data.harm
    effort = churn(data)
    return {
        "auc": metrics.auc(harm, p), "average_precision": metrics.average_precision(harm, p),
        "auc_within": metrics.mean_within(data.repository, harm, p),
        "f1": metrics.f1(harm, p >= 0.5), "mcc": metrics.mcc(harm, p >= 0.5), "f1_tuned": metrics.f1(harm, p >= threshold),
        "mcc_tuned": metrics.mcc(harm, p >= threshold), "brier": metrics.brier(harm, p), "ece": metrics.ece(harm, p),
        **{f"captured_{round(100 * b)}": metrics.captured(harm, p, b) for b in BUDGETS},
        "popt": metrics.popt(harm, p, effort), "popt_per_line": metrics.popt(harm, p / np.maximum(effort, 1), effort),
        "effort_20": metrics.effort_captured(harm, p / np.maximum(effort, 1), effort),
    }


def _compared(both: Split, p: Floats, threshold: float, config: TrainConfig) -> dict[str, Figures]:
    """Figures of the model and of what it must beat, each with its bootstrap interval."""
    train, test = both.train, both.test
    ranks_only = ("f1", "mcc", "f1_tuned", "mcc_tuned", "brier", "ece", "popt_per_line", "effort_20")
    ranks_mean_nothing = ("f1", "mcc", "f1_tuned", "mcc_tuned", "popt", "popt_per_line", "effort_20", "auc_within",
                          *(f"captured_{round(100 * b)}" for b in BUDGETS))
    la, churned = lines_added(test), churn(test)
    entrants: dict[str, tuple[Floats, float, tuple[str, ...]]] = {
        "riskml": (p, threshold, ()),
        "logistic regression, same features": (logistic(train, test, _varying(train)), 0.5, ()),
        "logistic regression, classic features": (logistic(train, test, CLASSIC), 0.5, ()),
        "random forest, classic features": (forest(train, test, CLASSIC, config.seed), 0.5, ()),
        "base rate": (np.full(len(test), train.harm.mean()), 0.5, ranks_mean_nothing),
        "lines added": (la, np.inf, ranks_only),
        "churn": (churned, np.inf, ranks_only),
        "churn, smallest first": (-churned, np.inf, ranks_only),
    }
    found = {}
    for name, (score, cut, meaningless) in entrants.items():
        figures = {k: v for k, v in _figures(test, score, cut).items() if k not in meaningless}
        bounds = _intervals(figures, test, score, cut, config)
        found[name] = {key: {"value": value, "interval": bounds.get(key)} for key, value in figures.items()}
    return found


_RESAMPLED: Mapping[str, Callable[[Bools, Floats, Groups, float], float]] = {
    "auc": lambda harm, p, _, __: metrics.auc(harm, p),
    "average_precision": lambda harm, p, _, __: metrics.average_precision(harm, p),
    "auc_within": lambda harm, p, group, _: metrics.mean_within(group, harm, p),
    "f1": lambda harm, p, _, __: metrics.f1(harm, p >= 0.5),
    "mcc": lambda harm, p, _, __: metrics.mcc(harm, p >= 0.5),
    "f1_tuned": lambda harm, p, _, threshold: metrics.f1(harm, p >= threshold),
    "mcc_tuned": lambda harm, p, _, threshold: metrics.mcc(harm, p >= threshold),
    "brier": lambda harm, p, _, __: metrics.brier(harm, p),
    "ece": lambda harm, p, _, __: metrics.ece(harm, p),
    "captured_10": lambda harm, p, _, __: metrics.captured(harm, p, 0.10),
    "captured_30": lambda harm, p, _, __: metrics.captured(harm, p, 0.30),
}


def _intervals(keys: Iterable[str], data: Dataset, p: Floats, threshold: float, config: TrainConfig) -> dict[str, Any]:
    """Give the bootstrap interval of every figure that has one."""
    chosen = {key: _RESAMPLED[key] for key in keys if key in _RESAMPLED}
    if not chosen or not config.bootstrap:
        return {}
    group = np.unique(data.repository.astype(str), return_inverse=True)[1]
    found = metrics.intervals(
        lambda rows: [metric(data.harm[rows], p[rows], group[rows], threshold) for metric in chosen.values()],
        len(data), config.bootstrap, config.seed)
    return dict(zip(chosen, found, strict=True))


def _years(data: Dataset, p: Floats, threshold: float) -> list[Figures]:
    year = np.array([datetime.fromtimestamp(t, UTC).year for t in data.at])
    parts = [(str(y), year == y) for y in np.unique(year)] + [("all", np.ones(len(data), dtype=bool))]
    return [{"year": name, **_about(data.where(i)), **_figures(data.where(i), p[i], threshold)} for name, i in parts]


def _by(data: Dataset, p: Floats, group: NDArray[np.object_], config: TrainConfig) -> list[Figures]:
    rows = []
    for name in sorted(set(group.tolist())):
        here = group == name
        harm, score = data.harm[here], p[here]
        bounds = _intervals(["auc"], data.where(here), score, 0.5, config).get("auc")
        rows.append({"group": str(name), "changes": len(harm), "rate": float(harm.mean()), "promised": float(score.mean()),
                     "auc": metrics.auc(harm, score), "interval": bounds, "ece": metrics.ece(harm, score),
                     "auc_lines_added": metrics.auc(harm, lines_added(data)[here])})
    return rows


def _quintiles(data: Dataset, p: Floats) -> list[Figures]:
    """AUC among changes of about the same size: what the model knows beyond lines added."""
    la = lines_added(data)
    edges = np.quantile(la, [0.2, 0.4, 0.6, 0.8])
    which = np.searchsorted(edges, la, side="left")
    rows = []
    for q in range(5):
        here = which == q
        if here.any():
            rows.append({"from": float(la[here].min()), "to": float(la[here].max()), "changes": int(here.sum()),
                         "rate": float(data.harm[here].mean()), "auc": metrics.auc(data.harm[here], p[here]),
                         "auc_lines_added": metrics.auc(data.harm[here], la[here])})
    return rows


_SLICES: Mapping[str, tuple[str, float, float]] = {
    "written by a program": ("automated", 1, np.inf),
    "a fix, by its message": ("fix", 1, np.inf),
    "tests only": ("tests_only", 1, np.inf),
    "no source code": ("languages", 0, 1),
    "one language": ("languages", 1, 2),
    "several languages": ("languages", 2, np.inf),
    "one file": ("nf", 1, 2),
    "more than 20 files": ("nf", 21, np.inf),
    "files nobody changed before": ("unseen_files_share", 1, np.inf),
}
"""Parts of the test: a feature, and the values [from, to) that belong."""


def _parts(data: Dataset) -> Iterator[tuple[str, Bools]]:
    for name, (feature, low, high) in _SLICES.items():
        if feature in data.names:
            yield name, (data.column(feature) >= low) & (data.column(feature) < high)
    yield f"an author of fewer than {NEWCOMER} changes before", data.newcomer == 1
    yield f"an author of {NEWCOMER} changes or more before", data.newcomer == 0


def slices(data: Dataset, p: Floats) -> list[Figures]:
    """Figures of parts of the test that people ask for; those with fewer than ten of a kind tell nothing and are left out.

    Who is new to a repository is no feature: the model is as blind to it as to authors, and these figures say what that means.
    """
    rows = []
    for name, here in _parts(data):
        harm, score = data.harm[here], p[here]
        if min(harm.sum(), (~harm).sum()) >= 10:
            rows.append({"slice": name, "changes": len(harm), "rate": float(harm.mean()), "promised": float(score.mean()),
                         "auc": metrics.auc(harm, score), "auc_lines_added": metrics.auc(harm, lines_added(data)[here]),
                         "ece": metrics.ece(harm, score)})
    return rows


def _curve(data: Dataset, p: Floats, bins: int = 10) -> list[Figures]:
    """Promised and observed rates in tenths of the changes."""
    parts = np.array_split(np.argsort(p, kind="stable"), bins)
    return [{"promised": float(p[i].mean()), "observed": float(data.harm[i].mean()), "changes": len(i)}
            for i in parts if len(i)]


def _unknowns(data: Dataset, model: Fitted, recipe: Recipe) -> list[Figures]:
    """Repeat the test with parts of the features made unknown."""
    rows = []
    for pattern in recipe.patterns:
        p = model.probabilities(pattern.hide(data.features))
        first = data.at < data.at.min() + 365 * DAY
        rows.append({"pattern": pattern.name, "features_known": int((~pattern.unknown).sum()), "auc": metrics.auc(data.harm, p),
                     "auc_within": metrics.mean_within(data.repository, data.harm, p),
                     "average_precision": metrics.average_precision(data.harm, p), "brier": metrics.brier(data.harm, p),
                     "ece": metrics.ece(data.harm, p), "ece_first_year": metrics.ece(data.harm[first], p[first])})
    return rows


def _varying(data: Dataset) -> tuple[str, ...]:
    unknown = np.asarray(np.isnan(data.features).all(axis=0)).tolist()
    known = [name for name, never in zip(data.names, unknown, strict=True) if not never]
    return tuple(n for n in known if np.nanmax(data.column(n)) > np.nanmin(data.column(n)))


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()
