"""Calibration tables fitted to changes: close to the rates, monotone, and honest between repositories."""

from __future__ import annotations

import numpy as np
import pytest

from riskml.errors import InputError
from training import metrics
from training.calibrate import fit_table, pooled, shift, spread_between, straight_line

RNG = np.random.default_rng(11)
MARGINS = RNG.normal(-1, 1.5, 20_000)
TRUE = 1 / (1 + np.exp(-(0.6 * MARGINS - 0.5)))
HARM = RNG.random(20_000) < TRUE


def test_a_table_brings_margins_back_to_rates():
    """Margins that promise too much are brought down to what happened."""
    table = fit_table(MARGINS, HARM, knots=20, prior_changes=50)

    assert metrics.ece(HARM, 1 / (1 + np.exp(-MARGINS))) > 0.05
    assert np.abs(table.probabilities(MARGINS) - TRUE).mean() < 0.015


def test_the_line_is_found():
    """Newton's method recovers slope and level."""
    assert straight_line(MARGINS, HARM) == (pytest.approx(0.6, abs=0.05), pytest.approx(-0.5, abs=0.05))


@pytest.mark.parametrize("n", [3, 30, 300])
def test_few_changes_still_make_a_monotone_table(n):
    """However few or odd the changes are, the table is one that an artifact accepts."""
    table = fit_table(MARGINS[:n], HARM[:n] if n > 3 else np.zeros(3, dtype=bool), knots=20, prior_changes=50)

    assert np.all(np.diff(table.odds) > 0)


def test_a_few_distinct_margins_make_as_many_knots():
    """Equal margins share a knot, and no change is lost."""
    margins = np.repeat([-1.0, 0.0, 1.0], [100, 500, 100])
    table = fit_table(margins, RNG.random(700) < 0.5, knots=20, prior_changes=50)

    assert table.margins == (-1.0, 0.0, 1.0)
    assert table.changes == (100, 500, 100)


def test_margins_that_are_all_alike_are_refused():
    """A model that tells no changes apart has nothing to calibrate."""
    with pytest.raises(InputError, match="all alike"):
        fit_table(np.zeros(50), np.arange(50) % 2 == 0, knots=20, prior_changes=50)


def test_pooling_is_the_nearest_rising_sequence():
    """Weights count."""
    assert pooled(np.array([2.0, 0.0]), np.array([3.0, 1.0])).tolist() == [1.5, 1.5]


def test_a_shift_is_what_is_missing_to_the_outcome():
    """Promises that are half a log-odds too low are shifted up by that."""
    odds = np.log(TRUE / (1 - TRUE))

    moved, error = shift(odds - 0.5, HARM)

    assert moved == pytest.approx(0.5, abs=4 * error)


def test_the_spread_leaves_chance_out():
    """Shifts no larger than their standard errors mean no spread between repositories."""
    assert spread_between([(0.1, 0.2), (-0.1, 0.2)]) == 0.0
    assert spread_between([(0.5, 0.1), (-0.5, 0.1)]) == pytest.approx(0.49, abs=0.01)
    assert spread_between([]) == 0.0
