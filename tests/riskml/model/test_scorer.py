"""Scoring: explained, calibrated, honest about what is unknown."""

from __future__ import annotations

from dataclasses import replace
from math import inf, isnan, nan

import numpy as np
import pytest

from riskml.errors import BadFeatureValue
from riskml.model import scorer as module
from riskml.model.artifact import write
from riskml.model.lightgbm_text import parse
from riskml.model.scorer import ModelScorer
from riskml.ports import Scorer


@pytest.fixture
def scorer(tiny):
    """Put the tiny model to work."""
    return ModelScorer(tiny)


def test_it_fulfils_the_port(scorer):
    """What the use case asks of a scorer is there, typed."""
    port: Scorer = scorer

    assert port.ref.name == "tiny"
    assert port.ref.artifact_sha256 == scorer.artifact.sha256
    assert port.base_rate == 0.25
    assert port.feature_names == ("la", "past")


def test_contributions_and_bias_sum_to_the_margin(scorer):
    """The explanation is of the margin, exactly."""
    scored = scorer.score({"la": 12.0, "past": 1.0})

    assert scored.margin == pytest.approx(0.875)
    assert scored.bias + sum(scored.contributions.values()) == pytest.approx(scored.margin, abs=1e-12)
    assert set(scored.contributions) == {"la", "past"}


def test_the_probability_is_the_calibrated_margin_inside_its_interval(scorer):
    """The order is lower, probability, upper."""
    scored = scorer.score({"la": 12.0, "past": 1.0})

    assert scored.probability == scorer.artifact.calibration.probability(scored.margin)
    assert 0 < scored.lower < scored.probability < scored.upper < 1


def test_an_absent_name_is_unknown_and_widens_the_interval(scorer):
    """Absent and NaN are the same unknown; the answer says how much hangs on it."""
    absent, as_nan, as_none, known = (scorer.score({"la": 5.0} | v) for v in ({}, {"past": nan}, {"past": None}, {"past": 9.0}))

    assert absent == as_nan == as_none
    assert absent.margin == known.margin  # the tiny model sends an unknown past the way of a long one
    assert absent.lower < known.lower
    assert absent.upper > known.upper


def test_the_interval_asks_the_model_again_with_each_training_row(trained, tiny, tmp_path):
    """What is unknown moves the interval as far as the answers move when the background rows say what it could be."""
    forest = parse(trained.text)
    known = [[None if isnan(v) else v for v in row] for row in trained.rows[3:40].tolist()]
    about = replace(tiny.manifest, features=forest.features, feature_quantiles={}, background=tuple(map(tuple, known)))
    scorer = ModelScorer(write(tmp_path / "trained", about, trained.text, tiny.calibration, "# Card\n"))
    table = scorer.artifact.calibration
    for row in trained.rows[40:60]:
        scored = scorer.score(dict(zip(forest.features, row.tolist(), strict=True)))
        asked = table.many_log_odds(forest.margins(np.where(np.isnan(row), trained.rows[3:40], row)))
        deviation = float(np.sqrt(np.mean((asked - table.log_odds(scored.margin)) ** 2))) if np.isnan(row).any() else 0.0

        assert (scored.lower, scored.upper) == pytest.approx(table.interval(scored.margin, deviation))


def test_names_that_the_model_does_not_read_are_ignored(scorer):
    """A wider vector gives the same answer."""
    assert scorer.score({"la": 5.0, "past": 1.0, "coverage": 0.5}) == scorer.score({"la": 5.0, "past": 1.0})


@pytest.mark.parametrize("value", [inf, -inf, "12 lines", [1.0, 2.0], 10**400])
def test_a_value_that_is_no_finite_number_is_refused_by_name(scorer, value):
    """The first bad value is named with its vector and feature."""
    with pytest.raises(BadFeatureValue, match="vector 0, past"):
        scorer.score({"la": 1.0, "past": value})


def test_many_and_one_agree(scorer):
    """The same vector has the same probability alone, in a short list and in a long one."""
    rng = np.random.default_rng(3)
    vectors = [{"la": float(a), "past": float(b) if b < 8 else nan} for a, b in rng.integers(0, 100, (2 * module.MANY, 2)) % 60]

    many = scorer.probabilities(vectors)

    assert many[:9] == pytest.approx(scorer.probabilities(vectors[:9]), abs=1e-12)
    assert many[:9] == pytest.approx([scorer.score(v).probability for v in vectors[:9]], abs=1e-12)
    assert scorer.probabilities([]) == []


def test_training_percentile_knows_what_it_does_not_know(scorer):
    """A feature without quantiles, or an unknown value, has no percentile."""
    assert scorer.training_percentile("la", 35.0) == pytest.approx(62.5)
    assert scorer.training_percentile("la", 1e9) == 100.0
    assert scorer.training_percentile("la", -1.0) == 0.0
    assert scorer.training_percentile("past", 1.0) is None
    assert scorer.training_percentile("la", nan) is None


def test_score_percentile_places_a_probability_among_training(scorer):
    """0.4 is the median of the tiny model's training scores."""
    assert scorer.score_percentile(0.4) == 50.0
