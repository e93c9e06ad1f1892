"""The trial: on changes that neither model saw, with labels that were known, and refused where there is too little."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from training.compare import Answers, judge, quarters
from training.config import timestamp
from training.dataset import DAY
from training.drift_report import drift
from training.evaluate import evaluate
from training.fit import fit
from training.promotion import Rule, decide
from training.publish import publish
from training.recipe import recipe
from training.trial import trial

pytest.importorskip("lightgbm")

AS_OF, LEARNT = date(2017, 12, 31), date(2016, 1, 1)


@pytest.fixture(scope="module")
def small(config):
    """Ask for little, so that a trial takes a second."""
    return replace(config, promotion=Rule(resamples=50), periods=replace(config.periods, maturity_days=90))


@pytest.fixture(scope="module")
def champion(data, small, tmp_path_factory):
    """Publish a champion of the first two years, 2014 and 2015."""
    chosen, prepared = recipe(data, small)
    early = chosen.between(0, timestamp(LEARNT))
    model = fit(early, prepared)
    figures = evaluate(chosen, replace(prepared, config=replace(small, bootstrap=2)))
    training = {
        "from": "2014-01-01", "to": "2015-12-31", "changes": len(early), "harmful": 1, "base_rate": model.base_rate,
        "repositories": [], "maturity_days": 90, "immature": 0, "trees": 1, "depth": 3, "monotone": ["la"], "tune_days": 1,
        "threshold": 0.5, "also": "", "observed_until": "2017-06-01", "seed": 1, "config_sha256": "0", "dataset_sha256": "0",
        "commit": "0", "features": [{"feature": n, "unknown": 0.0, "gain": 1.0, "monotone": 0} for n in early.names]}
    label = {"definition": "x", "sources": []}
    return publish(tmp_path_factory.mktemp("champion") / "m", model, early, label, training, figures, small)


def test_both_are_judged_after_everything_that_either_learnt_from(data, small, champion):
    """The block is the youngest fifth of the mature changes, and the challenger knows only what was known on its first day."""
    found = trial(data, small, AS_OF, champion)
    block, start = found.tried.answers.block, timestamp(found.config.periods.test_from)

    assert block.at.min() >= start > timestamp(LEARNT)
    assert block.at.max() < timestamp(AS_OF) + DAY - 90 * DAY
    assert 0.15 < len(block) / len(found.mature) < 0.2
    assert found.trained == (data.at < start - 90 * DAY).sum()
    assert found.tried.answers.champion is not None


def test_a_champion_that_has_seen_everything_leaves_nothing_to_judge_on(data, small, champion):
    """No change is judged on that the champion was trained on; the refusal counts what is missing."""
    manifest = replace(champion.manifest, training={**champion.manifest.training, "to": "2017-09-01"})
    found = trial(data, small, AS_OF, replace(champion, manifest=manifest))

    assert found.tried is None
    assert not found.verdict.promote
    assert "too few changes to tell" in found.verdict.text


def test_the_future_does_not_decide(data, small):
    """What became known after the date changes neither the block nor the figures."""
    known = data.known_at <= timestamp(date(2017, 6, 30)) + DAY
    forgotten = replace(data, known_at=np.where(known, data.known_at, np.nan), harm=data.harm & known)

    one, other = (trial(d, small, date(2017, 6, 30), None) for d in (data, forgotten))

    assert one.verdict == other.verdict
    np.testing.assert_array_equal(one.tried.answers.challenger, other.tried.answers.challenger)


def test_a_model_that_knows_nothing_beyond_size_is_refused(data, small):
    """Lines added by another name are no model."""
    block = data.where(data.at > data.at[-800])
    size = block.column("la") / block.column("la").max()

    assert decide(judge(Answers(block, size, None), small.promotion, 1), small.promotion).reasons[0].startswith(
        "among changes of the same size it is not shown to rank better")


def test_a_model_that_ranks_alike_but_promises_too_much_is_refused(data, small):
    """Calibration is a promise to those who set thresholds."""
    block = data.where(data.at > data.at[-800])
    good = 1 / (1 + np.exp(3.5 - 0.6 * np.log1p(block.column("la")) - 0.5 * np.log1p(block.column("prior_fixes_365d"))))

    verdict = decide(judge(Answers(block, np.sqrt(good), good), small.promotion, 1), small.promotion)

    assert any("Brier score" in reason for reason in verdict.reasons)
    assert not any("in AUC" in reason for reason in verdict.reasons)


def test_a_feature_that_moved_is_named_first(data, champion):
    """A column that means something else now stands at the top; those that did not move say so."""
    moved = replace(data, features=data.features.copy())
    moved.features[:, data.names.index("nuc")] *= 50

    rows = drift(champion, moved)

    assert (rows[0]["feature"], rows[0]["psi"] > 1) == ("nuc", True)
    assert all(row["psi"] < 0.1 for row in rows[1:])
    assert {row["psi"] for row in drift(champion, data.where(np.arange(100)))} == {None}


def test_quarters_tell_only_what_enough_changes_tell(data, champion):
    """A quarter with few changes has counts but no figure of quality."""
    rows = quarters(champion, data.between(timestamp(date(2016, 1, 1)), timestamp(date(2016, 4, 10))))

    assert [row["quarter"] for row in rows] == ["2016 Q1", "2016 Q2"]
    assert rows[0]["auc"] > 0.5
    assert (rows[1]["changes"] < 50, rows[1]["auc"]) == (True, None)
