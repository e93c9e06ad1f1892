"""The model that comes with riskml: whole, documented, and sane on changes that anybody would judge alike."""

from __future__ import annotations

import time
from itertools import pairwise
from math import isfinite, nan

import pytest

from riskml.features.catalogue import CATALOGUE, FEATURE_SET, NAMES, by_name
from riskml.model.artifact import bundled
from riskml.model.scorer import ModelScorer
from training.card import render

TYPICAL = {
    "la": 25.0, "ld": 8.0, "nf": 3.0, "nd": 2.0, "ns": 1.0, "entropy": 1.2, "lt": 900.0, "fix": 0.0, "ndev": 4.0, "age": 40.0,
    "nuc": 60.0,
}


@pytest.fixture(scope="module")
def scorer():
    """Load the bundled model."""
    return ModelScorer(bundled(known=NAMES, feature_set=FEATURE_SET))


def test_the_card_is_what_its_figures_make(scorer):
    """Nobody can edit the card and leave the figures, or the other way round."""
    artifact = scorer.artifact

    assert artifact.card == render(artifact.manifest, artifact.calibration)


def test_it_reads_nothing_about_a_person_or_a_repository(scorer):
    """Author-blind, and no feature that could name a repository."""
    people = {f.name for f in CATALOGUE if f.person}

    assert not people & set(scorer.feature_names)
    assert not {"repo", "repository", "project"} & set(scorer.feature_names)


def test_it_beats_what_it_must_beat(scorer):
    """On later changes it ranks better than lines added and than logistic regression, pooled and inside repositories."""
    models = scorer.artifact.manifest.evaluation["models"]

    for figure in ("auc", "average_precision", "auc_within"):
        ours = models["riskml"][figure]["value"]
        for name in ("lines added", "logistic regression, same features", "logistic regression, classic features"):
            assert ours > models[name][figure]["value"], (figure, name)


def test_its_first_test_year_is_calibrated(scorer):
    """In the year after training, promise and outcome differ by at most ten points on average."""
    first = scorer.artifact.manifest.evaluation["years"][0]

    assert first["year"] == "2017"
    assert first["ece"] <= 0.10


def test_explanations_sum_to_the_margin(scorer):
    """On a known, a partly known and a wholly unknown change."""
    for vector in (TYPICAL, {"la": 5.0}, {}):
        scored = scorer.score(vector)
        assert scored.bias + sum(scored.contributions.values()) == pytest.approx(scored.margin, abs=1e-6)
        assert 0 < scored.lower < scored.probability < scored.upper < 1


READ = bundled(known=NAMES, feature_set=FEATURE_SET).manifest.features


@pytest.mark.parametrize("name", [f.name for f in CATALOGUE if f.monotone and f.name in READ])
def test_risk_never_moves_against_common_sense(scorer, name):
    """A feature that must not lower the risk does not, whatever the rest says."""
    high = min(by_name(name).high, 10_000.0)
    values = [high * i / 60 for i in range(61)]
    for rest in (TYPICAL, {}, {"la": 400.0, "nf": 30.0, "prior_fixes_365d": 12.0}):
        margins = [scorer.score({**rest, name: v}).margin for v in values]
        steps = [(b - a) * by_name(name).monotone for a, b in pairwise(margins)]
        assert min(steps) >= -1e-9


def test_a_large_change_to_often_fixed_files_is_riskier_than_a_small_one(scorer):
    """The order anybody would expect."""
    small = scorer.score({**TYPICAL, "la": 2.0, "ld": 1.0, "nf": 1.0, "nd": 1.0, "entropy": 0.0, "prior_fixes_365d": 0.0})
    large = scorer.score({**TYPICAL, "la": 600.0, "nf": 25.0, "nd": 12.0, "entropy": 3.5, "prior_fixes_365d": 15.0})

    assert small.probability < scorer.base_rate < large.probability


def test_unknown_is_not_zero(scorer):
    """Without a history the answer is not that of files which never needed a fix."""
    past = {f.name: 0.0 for f in CATALOGUE if f.name.startswith(("prior_fixes", "prior_reverts", "nuc", "changes_"))}

    assert scorer.score({**TYPICAL, "nuc": nan}).margin != scorer.score({**TYPICAL, **past}).margin


def test_knowing_nothing_promises_about_the_base_rate(scorer):
    """With every feature unknown, the probability stays within reach of the base rate, and the interval is wide."""
    scored = scorer.score({})

    assert scorer.base_rate / 2.5 < scored.probability < scorer.base_rate * 2.5
    assert scored.upper - scored.lower > 0.2


def test_every_feature_it_reads_has_a_percentile(scorer):
    """What the model reads can be placed among the training changes."""
    assert all(isfinite(scorer.training_percentile(name, 1.0)) for name in scorer.feature_names)


def test_one_change_is_scored_and_explained_within_milliseconds(scorer):
    """Generous, for slow machines: a score with its explanation takes less than 20 ms."""
    scorer.score(TYPICAL)
    times = []
    for _ in range(20):
        start = time.perf_counter()
        scorer.score(TYPICAL)
        times.append(time.perf_counter() - start)

    assert min(times) < 0.02
