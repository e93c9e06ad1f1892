"""The trial of a challenger: which changes it is judged on, what it learns from before, and what the rule says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from math import ceil
from typing import Any

import numpy as np

from riskml.model.artifact import Artifact
from training.claims import SOURCES
from training.compare import Answers, judge, probabilities
from training.config import TrainConfig, timestamp
from training.dataset import DAY, Dataset
from training.evaluate import split, split_as_known
from training.fit import Recipe, fit
from training.promotion import Judged, Verdict, decide, too_little
from training.recipe import recipe

LEAST_TUNE_DAYS = 30


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """What a fitted challenger said of the block. ``chosen`` are the mature changes with the features that it reads."""

    chosen: Dataset
    recipe: Recipe
    answers: Answers


@dataclass(frozen=True, slots=True, eq=False)
class Trial:
    """How a challenger did. ``tried`` is ``None`` where there was too little to fit or to judge one.

    ``config`` is the run's own: its periods are those of this trial. ``mature`` are the changes that may teach or judge;
    ``trained`` is how many of them taught the challenger of the trial.
    """

    config: TrainConfig
    mature: Dataset
    trained: int
    judged: Judged
    verdict: Verdict
    tried: Tried | None = None


def trial(data: Dataset, config: TrainConfig, as_of: date, champion: Artifact | None) -> Trial:
    """Hold the youngest mature changes back, train on those before as of their first day, and judge on them."""
    end = timestamp(as_of) + DAY
    mature = data.between(timestamp(config.periods.train_from), end).known_by(end, config.periods.maturity_days)
    config = replace(config, periods=replace(
        config.periods, test_from=_block_start(mature, config, champion, as_of), test_until=as_of + timedelta(days=1)))
    whole, learnt = split(mature, config), split_as_known(mature, config).train
    judged = Judged(len(whole.test), int(whole.test.harm.sum()), None, {})
    little = too_little(Judged(len(learnt), int(learnt.harm.sum()), None, {}), config.promotion, "to learn from")
    little += too_little(judged, config.promotion, "to tell")
    if little:
        return Trial(config, mature, len(learnt), judged, Verdict(False, little))
    config = _tuned(config, learnt)
    chosen, prepared = recipe(mature, config)
    model = fit(split_as_known(chosen, config).train, prepared)
    p = model.probabilities(split(chosen, config).test.features)
    answers = Answers(whole.test, p, None if champion is None else probabilities(champion, whole.test))
    judged = judge(answers, config.promotion, config.seed)
    verdict = decide(judged, config.promotion)
    return Trial(config, mature, len(learnt), judged, verdict, Tried(chosen, prepared, answers))


def ends(artifact: Artifact) -> float:
    """When the last change that an artifact was trained on was written (UNIX seconds, end of the day); 0 if it does not say."""
    last = artifact.manifest.training.get("to")
    return 0.0 if last is None else timestamp(date.fromisoformat(last)) + DAY


def described(config: TrainConfig, account: Mapping[str, Any], as_of: date) -> TrainConfig:
    """Say in the configuration what the labels of this run are, so that the card does."""
    deciding = [row for row in account["claims"] if row["decided_harm"]]
    told = "; ".join(f"{SOURCES[row['source']]} ({row['source']}, {row['decided_harm']} changes)" for row in deciding)
    names = [row["name"] for row in account["tables"]]
    return replace(config, labels=replace(
        config.labels, observed_until=as_of, also="",
        definition=f"A change did harm if a source said so by {as_of}, the most trusted first: {told or 'none did'}.",
        trained_on=f"the changes listed above, from {', '.join(names[:10])}" + (" and others" if len(names) > 10 else ""),
        chosen="No test label was trained or calibrated on, and no setting was chosen by them: the settings came with the "
               "configuration. The model that is published was then fitted on the test period, too."))


def _block_start(mature: Dataset, config: TrainConfig, champion: Artifact | None, as_of: date) -> date:
    """First day of the block: its share of the youngest mature changes, and nothing that the champion was trained on."""
    if not len(mature):
        return as_of
    start = float(np.quantile(mature.at, 1 - config.promotion.block))
    at = max(start, 0.0 if champion is None else ends(champion))
    return datetime.fromtimestamp(ceil(at / DAY) * DAY, UTC).date()


def _tuned(config: TrainConfig, learnt: Dataset) -> TrainConfig:
    """Hold no more than a quarter of a short history back to choose the number of trees."""
    span = int((learnt.at.max() - learnt.at.min()) / DAY)
    days = max(LEAST_TUNE_DAYS, min(config.periods.tune_days, span // 4))
    return replace(config, periods=replace(config.periods, tune_days=days))
