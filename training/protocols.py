"""The protocols of published work, one after another, beside what was published: who trains on what, and is tested on what.

Every protocol goes forward in time. Rows come twice where the data know an issue tracker: as if nobody had asked it, and with
its word. What a published figure was measured on differs in details that the table names; none was measured here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from training import metrics
from training.baselines import lines_added
from training.classic import last_fifth_of, probabilities
from training.config import timestamp
from training.dataset import DAY, Dataset
from training.evaluate import CLASSIC_SOURCE, enough, split, untold
from training.fit import Fitted, Recipe, fit

Floats = NDArray[np.float64]
Say = Callable[[str], None]

KEYS = ("auc", "average_precision", "f1", "f1_own", "mcc", "captured_30", "auc_within", "ece", "auc_lines_added")


@dataclass(frozen=True, slots=True)
class Result:
    """One line of the table: a protocol, with or without the tracker, its figures by key, and how many changes were tested."""

    protocol: str
    view: str
    changes: int
    figures: dict[str, float]


@dataclass(frozen=True, slots=True)
class Published:
    """A line that others published: figures as far as they tell them."""

    what: str
    protocol: str
    source: str
    figures: dict[str, float]


PUBLISHED = (
    Published("DRS-OSS, a fine-tuned Llama-3.1-8B that reads the diff", "ApacheJIT by author date, probably the last 25 %",
              "arXiv 2511.21964", {"auc": .895, "f1": .641, "captured_30": .864}),
    Published("LApredict", "ISSTA'21, last fifth of qt, openstack and jdt", "Zeng et al. 2021 (ISSTA)", {"auc": .723}),
    Published("DeepJIT", "ISSTA'21, last fifth of qt, openstack and jdt", "Zeng et al. 2021 (ISSTA)", {"auc": .692}),
    Published("CC2Vec", "ISSTA'21, last fifth of qt, openstack and jdt", "Zeng et al. 2021 (ISSTA)", {"auc": .694}),
)


def protocols(data: Dataset, recipe: Recipe, say: Say) -> Iterator[Result]:
    """Run every protocol on its part of the data."""
    mined, classic = data.where(data.source != CLASSIC_SOURCE), data.where(data.source == CLASSIC_SOURCE)
    if len(mined):
        enough(split(mined, recipe.config))
        several = len(set(mined.repository.tolist())) > 1  # where there is one alone, nothing is left to train on without it
        for protocol in (by_date, by_share, by_quarter, *((one_left_out, one_left_out_by_year) if several else ())):
            say(f"{protocol.__name__} …")
            yield from protocol(data, recipe)
    if len(classic):
        say("last_fifth …")
        yield from last_fifth(data, recipe)


def by_date(data: Dataset, recipe: Recipe) -> Iterator[Result]:
    """Train on all before ``test_from``, test on the mined histories after it."""
    periods = recipe.config.periods
    at = timestamp(periods.test_from)
    train, test = data.between(timestamp(periods.train_from), at), _mined(data.between(at, timestamp(periods.test_until)))
    model = fit(train, recipe)
    yield from _views(f"before {periods.test_from}, tested after", test, _answers(model, test, recipe))


def by_share(data: Dataset, recipe: Recipe) -> Iterator[Result]:
    """Sort by author date; the first 65 % train, the next 10 % calibrate, the last 25 % test."""
    mined = _mined(data)
    cut, end = (mined.at[int(share * len(mined))] for share in (0.65, 0.75))
    until = replace(recipe.config.periods, tune_days=max(1, int((end - cut) / DAY)))
    model = fit(data.where(data.at < end), replace(recipe, config=replace(recipe.config, periods=until)))
    test = mined.where(mined.at >= end)
    yield from _views("65 + 10 %, tested on 25 %, by author date", test, _answers(model, test, recipe))


def by_quarter(data: Dataset, recipe: Recipe) -> Iterator[Result]:
    """Train anew every quarter on the labels known by then, and test on the quarter that follows."""
    periods = recipe.config.periods
    starts = _starts(timestamp(periods.test_from), timestamp(periods.test_until), months=3)
    whole = _mined(data.between(starts[0], starts[-1]))
    yield from _views("retrained each quarter, labels known then", whole, _in_turn(data, whole, starts, recipe))


def one_left_out(data: Dataset, recipe: Recipe) -> Iterator[Result]:
    """Leave each mined repository out of training; means over the repositories of their own figures."""
    periods = recipe.config.periods
    at = timestamp(periods.test_from)
    train, test = data.between(timestamp(periods.train_from), at), _mined(data.between(at, timestamp(periods.test_until)))
    found: dict[str, list[Result]] = {}
    for name in sorted(set(test.repository.tolist())):
        model = fit(train.where(train.repository != name), recipe, again=False)
        here = test.where(test.repository == name)
        for result in _views("one repository left out", here, _answers(model, here, recipe)):
            found.setdefault(result.view, []).append(result)
    yield from _means("one repository left out (means)", found)


def one_left_out_by_year(data: Dataset, recipe: Recipe) -> Iterator[Result]:
    """Do the same with a model that is trained anew each year on the labels known by then: a new project gets the latest."""
    periods = recipe.config.periods
    starts = _starts(timestamp(periods.test_from), timestamp(periods.test_until), months=12)
    whole = _mined(data.between(starts[0], starts[-1]))
    found: dict[str, list[Result]] = {}
    for name in sorted(set(whole.repository.tolist())):
        others, here = data.where(data.repository != name), whole.where(whole.repository == name)
        for result in _views("", here, _in_turn(others, here, starts, recipe, again=False)):
            found.setdefault(result.view, []).append(result)
    yield from _means("one left out, retrained each year on labels known then (means)", found)


def last_fifth(data: Dataset, recipe: Recipe) -> Iterator[Result]:
    """Test each table of classic features on its last fifth: taught by its own earlier rows, then by all that is older."""
    for name in sorted(set(data.repository[data.source == CLASSIC_SOURCE].tolist())):
        train, test = last_fifth_of(data.where((data.repository == name) & (data.source == CLASSIC_SOURCE)))
        protocol = f"last fifth of {name}, classic features"
        own = probabilities(train, test, recipe.config.seed, recipe.config.threads)
        yield Result(protocol, "trained on that table alone", len(test), _figures(test, own))
        model = fit(data.where(data.at < test.at[0]), recipe)
        figures = _figures(test, model.probabilities(test.features), model.threshold)
        yield Result(protocol, "trained on everything before", len(test), figures)


@dataclass(frozen=True, slots=True, eq=False)
class _Answers:
    """Probabilities as if no tracker had been asked, and with its word; from ``cut`` on a change counts as called harmful."""

    plain: Floats
    told: Floats
    cut: Floats


def _answers(model: Fitted, test: Dataset, recipe: Recipe) -> _Answers:
    return _Answers(model.probabilities(untold(test, recipe).features), model.probabilities(test.features),
                    np.full(len(test), model.threshold))


def _in_turn(data: Dataset, test: Dataset, starts: Sequence[int], recipe: Recipe, *, again: bool = True) -> _Answers:
    """Answer for each period of ``test`` by a model of the labels that were known when it began."""
    found = []
    rounds = None
    for start, end in pairwise(starts):
        here = test.between(start, end)
        if len(here):
            model = fit(data.known_by(start, recipe.config.periods.maturity_days), recipe, rounds=rounds, again=again)
            rounds = model.rounds
            found.append(_answers(model, here, recipe))
    return _Answers(*(np.concatenate([getattr(one, name) for one in found]) for name in ("plain", "told", "cut")))


def _views(protocol: str, test: Dataset, answers: _Answers) -> Iterator[Result]:
    yield Result(protocol, "without a tracker", len(test), _figures(test, answers.plain, answers.cut))
    if (answers.plain != answers.told).any():
        yield Result(protocol, "with a tracker", len(test), _figures(test, answers.told, answers.cut))


def _means(protocol: str, found: Mapping[str, Sequence[Result]]) -> Iterator[Result]:
    for view, results in found.items():
        mean = {key: float(np.nanmean([r.figures[key] for r in results])) for key in KEYS}
        yield Result(protocol, view, sum(r.changes for r in results), mean)


def _figures(test: Dataset, p: Floats, cut: Floats | float = 0.5) -> dict[str, float]:
    """Make the figures. F1 and MCC are at 0.5, ``f1_own`` at the cut that was best in the year that calibrated the model."""
    harm = test.harm
    return {
        "auc": metrics.auc(harm, p), "average_precision": metrics.average_precision(harm, p),
        "f1": metrics.f1(harm, p >= 0.5), "f1_own": metrics.f1(harm, p >= cut), "mcc": metrics.mcc(harm, p >= 0.5),
        "captured_30": metrics.captured(harm, p, 0.30),
        "auc_within": metrics.mean_within(test.repository, harm, p), "ece": metrics.ece(harm, p),
        "auc_lines_added": metrics.auc(harm, lines_added(test)),
    }


def _mined(data: Dataset) -> Dataset:
    return data.where(data.source != CLASSIC_SOURCE)


def _starts(start: int, end: int, *, months: int) -> Sequence[int]:
    first = datetime.fromtimestamp(start, UTC)
    found = []
    for month in (first.year * 12 + first.month - 1 + months * n for n in range(1000)):
        at = int(datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC).timestamp())
        if at >= end:
            break
        found.append(at)
    return [*found, end]


def table(results: Sequence[Result]) -> str:
    """Show results and published figures as a Markdown table; a dash is what nobody told."""
    head = ("protocol", "who", "changes", "AUC", "PR-AUC", "F1", "F1, own cut", "MCC", "caught in 30 %", "within", "ECE",
            "AUC of lines added")
    rows = [(r.protocol, f"riskml {r.view}".strip(), f"{r.changes:,}", r.figures) for r in results]
    rows += [(p.protocol, f"{p.what} ({p.source})", "—", p.figures) for p in PUBLISHED]
    cells = [[*row[:3], *(f"{row[3][key]:.3f}" if key in row[3] else "—" for key in KEYS)] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ["---"] * len(head), *cells))
