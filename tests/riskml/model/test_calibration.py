"""The calibration table: monotone, bounded, honest about its width."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskml.errors import ArtifactCorrupt
from riskml.model.calibration import Calibration

TABLE = Calibration(margins=(-1.0, 0.0, 2.0), odds=(-2.0, -0.5, 1.0), changes=(50, 200, 50), spread=0.4)
MARGINS = st.floats(-50, 50)


@given(MARGINS, MARGINS)
def test_a_higher_margin_never_has_a_lower_probability(a, b):
    """Calibration keeps the model's order."""
    low, high = sorted((a, b))

    assert TABLE.probability(low) <= TABLE.probability(high)


@given(MARGINS, st.floats(0, 5), st.floats(0, 5))
def test_the_interval_holds_the_probability_and_widens_with_what_is_unknown(margin, a, b):
    """More possible deviation never gives a narrower interval."""
    less, more = sorted((a, b))
    narrow, wide = TABLE.interval(margin, less), TABLE.interval(margin, more)

    assert 0 <= wide[0] <= narrow[0] < TABLE.probability(margin) < narrow[1] <= wide[1] <= 1


def test_the_table_is_flat_beyond_its_ends():
    """Beyond what it was fitted on, the table claims nothing more extreme."""
    assert TABLE.log_odds(-100) == -2.0
    assert TABLE.log_odds(100) == 1.0


@given(st.lists(MARGINS, min_size=1, max_size=20))
def test_many_margins_and_one_agree(margins):
    """The table has one meaning, whichever way it is asked."""
    many = TABLE.probabilities(np.array(margins))

    assert many == pytest.approx([TABLE.probability(m) for m in margins], abs=1e-14)


def test_a_table_survives_its_json():
    """What is written is what is read."""
    assert Calibration.from_json(TABLE.to_json()) == TABLE


@pytest.mark.parametrize(("change", "words"), [
    ({"margin": [0.0, 0.0, 1.0]}, "margins that do not rise"),
    ({"log_odds": [0.0, -1.0, 1.0]}, "not monotone"),
    ({"margin": [0.0, 1.0]}, "unequal columns"),
    ({"log_odds": [0.0, 1.0, float("inf")]}, "impossible numbers"),
    ({"changes": [1, 0, 1]}, "impossible numbers"),
    ({"spread": -1.0}, "impossible numbers"),
    ({"spread": "wide"}, "not a calibration table"),
    ({"margin": None}, "not a calibration table"),
])
def test_what_is_no_monotone_table_is_refused(change, words):
    """A table that could reverse the order, or hold nonsense, is not used."""
    with pytest.raises(ArtifactCorrupt, match=words):
        Calibration.from_json(TABLE.to_json() | change)
