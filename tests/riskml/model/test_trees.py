"""Evaluating trees: by hand, and against LightGBM."""

from __future__ import annotations

from math import nan

import numpy as np
import pytest

from riskml.model.lightgbm_text import parse


@pytest.mark.parametrize(("la", "past", "margin"), [
    (10.0, 2.0, -1.0 - 0.25 + 0.125),
    (10.5, 3.0, 0.5 - 0.25 + 0.125),
    (11.0, 0.0, 1.0 - 0.25 + 0.125),
    (99.0, 0.0, 1.0 + 0.25 + 0.125),
    (10.0, nan, 0.5 - 0.25 + 0.125),  # the node says: unknown goes right
    (nan, 2.0, -1.0 - 0.25 + 0.125),  # la never was unknown in training, so LightGBM takes it for 0
])
def test_a_row_falls_as_worked_out_by_hand(tiny_text, la, past, margin):
    """A value goes left when it is at most the threshold; an unknown one goes where the node says."""
    assert parse(tiny_text).margins(np.array([[la, past]])) == pytest.approx([margin], abs=1e-15)


def test_margins_equal_lightgbm(trained):
    """Rows with NaN, zeros and values far outside the training range included."""
    assert parse(trained.text).margins(trained.rows) == pytest.approx(trained.margins, abs=1e-12)


def test_margins_equal_lightgbm_where_zero_is_missing(trained_zero_missing):
    """Models trained with ``zero_as_missing`` send zeros and NaN the default way."""
    margins = parse(trained_zero_missing.text).margins(trained_zero_missing.rows)

    assert margins == pytest.approx(trained_zero_missing.margins, abs=1e-12)


def test_used_names_only_features_that_a_split_asks_for(tiny_text):
    """A feature no split asks for cannot matter."""
    unused = tiny_text.replace("feature_names=la past", "feature_names=la past extra")

    assert parse(unused).used == ("la", "past")
