"""Fitting: repeatable, better than chance, honest about unknowns."""

from __future__ import annotations

import numpy as np
import pytest

from training import metrics
from training.evaluate import split
from training.fit import fit, weights
from training.recipe import MONOTONE, readable, recipe

pytest.importorskip("lightgbm")


@pytest.fixture(scope="module")
def both(data, config):
    """Split the made-up changes and fit the earlier ones."""
    chosen, prepared = recipe(data, config)
    parts = split(chosen, config)
    return parts, fit(parts.train, prepared), prepared


def test_the_same_data_and_seed_give_the_same_bytes(both):
    """A model can be made again by whoever has its data and its configuration."""
    parts, model, prepared = both

    again = fit(parts.train, prepared)

    assert again.text == model.text
    assert again.calibration == model.calibration


def test_the_model_ranks_later_changes_and_is_calibrated_on_them(both):
    """Where harm depends on the features the same way before and after, the figures show it."""
    parts, model, _ = both
    p = model.probabilities(parts.test.features)

    assert metrics.auc(parts.test.harm, p) > metrics.auc(parts.test.harm, parts.test.column("la")) + 0.02
    assert metrics.ece(parts.test.harm, p) < 0.06


def test_risk_never_falls_with_a_feature_that_must_raise_it(both):
    """More fixes in the last year, all else equal, never give a lower margin."""
    parts, model, _ = both
    assert MONOTONE["prior_fixes_365d"] == 1
    column = parts.test.names.index("prior_fixes_365d")
    rows = np.repeat(parts.test.features[:1], 200, axis=0)
    rows[:, column] = np.arange(200)

    assert (np.diff(model.margins(rows)) >= -1e-12).all()


def test_with_unknowns_the_model_still_ranks_and_promises(both):
    """Rows of sizes alone keep their order and their calibration, because the model has seen such rows."""
    parts, model, prepared = both
    only_size = prepared.patterns[1].hide(parts.test.features)
    p = model.probabilities(only_size)

    assert metrics.auc(parts.test.harm, p) > 0.6
    assert metrics.ece(parts.test.harm, p) < 0.08


def test_old_changes_and_large_repositories_weigh_less(data, config):
    """Weights fall with age, are evened between repositories, and are 1 on average."""
    weight = weights(data, config)

    assert weight.mean() == pytest.approx(1.0)
    one = data.repository == "org/a"
    assert (np.diff(weight[one]) >= 0).all()


def test_features_that_say_nothing_or_describe_a_person_are_not_read(data, config):
    """Constant columns, unknown columns and people never become features."""
    wide = data.only((*data.names, "exp", "tests_run", "merge"))
    wide.features[:, -1] = 0.0
    wide.features[:, -3] = np.arange(len(wide))

    names = readable(wide, config)

    assert "la" in names
    assert not {"exp", "tests_run", "merge"} & set(names)
