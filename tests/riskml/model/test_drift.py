"""The stability index: nothing moved is near nothing, what moved is seen, too little is unknown."""

from __future__ import annotations

from math import inf, nan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskml.errors import UsageError
from riskml.model import artifact
from riskml.model.drift import MINIMUM, psi, psi_of_quantiles, unknown_share

EVEN = [k / 100 for k in range(101)]
VALUES = st.lists(st.one_of(st.floats(-5, 5), st.integers(0, 3).map(float)), min_size=1, max_size=60)


def test_a_histogram_is_compared_as_by_hand():
    """Halves that become three quarters and a quarter give 0.25 · ln 1.5 + 0.25 · ln 2, however they are cut further."""
    moved = [k / 1500 for k in range(750)] + [0.5 + k / 500 for k in range(250)]
    by_hand = 0.25 * np.log(1.5) + 0.25 * np.log(2)

    assert psi_of_quantiles(EVEN, moved) == pytest.approx(by_hand, abs=0.01)


@given(VALUES)
def test_a_sample_has_not_moved_from_itself(values):
    """The index of a sample against itself is nothing, ties or not."""
    assert psi(values, values, minimum=1) == 0.0


@given(VALUES, VALUES)
def test_the_index_is_never_negative(before, after):
    """It is a divergence."""
    assert psi(before, after, minimum=1) >= 0


@pytest.mark.parametrize("known", [0, 1, 8, MINIMUM - 1])
def test_too_few_known_values_are_unknown(known):
    """Not zero, not a number: whatever the values are, and whatever number of unknown ones comes with them."""
    few = [1000.0] * known + [nan] * 500

    assert psi_of_quantiles(EVEN, few) is None
    assert psi(few, EVEN * 3) is None


@pytest.mark.parametrize("seed", range(5))
def test_chance_alone_is_not_called_drift(seed):
    """Two hundred values from the same place stay under the customary 0.1, five from it go nowhere."""
    chance = np.random.default_rng(seed)

    assert psi_of_quantiles(EVEN, chance.uniform(size=MINIMUM)) < 0.1
    assert psi(chance.poisson(0.4, size=5000), chance.poisson(0.4, size=1000)) < 0.02


def test_a_shift_is_called_drift():
    """A tenth of the values that were zero and no longer are is small; a half is large."""
    rare = [0.0] * 91 + [1.0] * 10

    assert 0.02 < psi_of_quantiles(rare, [0.0] * 160 + [1.0] * 40) < 0.1
    assert psi_of_quantiles(rare, [0.0] * 100 + [1.0] * 100) > 0.25


@pytest.mark.parametrize("new", [0.1, 0.8, 0.95])
def test_a_move_away_from_where_most_values_lie_is_seen_on_either_side(new):
    """Nine tenths of the scores are the same, a few lower: all of them a little lower, or higher, is drift."""
    mostly = [0.5] * 20 + [0.88] * 180

    assert psi(mostly, [new] * 200) > 0.25
    assert psi_of_quantiles([0.5] * 10 + [0.88] * 91, [new] * 200) > 0.25
    assert psi_of_quantiles([0.5] * 10 + [0.88] * 91, mostly) < 0.01


@pytest.mark.parametrize("new", [-1.0, 7.0])
def test_a_constant_that_is_constant_no_more_is_seen(new):
    """Where every value was the same, values on either side are drift."""
    assert psi_of_quantiles([3.0] * 11, [3.0] * 100 + [new] * 100) > 0.25
    assert psi_of_quantiles([3.0] * 11, [3.0] * 200) == pytest.approx(0.0)


def test_one_value_where_none_was_is_not_drift():
    """A share of nothing counts as half a value: a single outlier does not raise an alarm."""
    assert psi_of_quantiles([0.0] * 101, [0.0] * 199 + [9.0]) < 0.01


@pytest.mark.parametrize("bad", [[1.0], [2.0, 1.0], [0.0, nan, 1.0], [0.0, inf]])
def test_quantiles_that_do_not_rise_are_refused(bad):
    """A reference that cannot be one is refused by name."""
    with pytest.raises(UsageError, match="do not rise"):
        psi_of_quantiles(bad, EVEN * 3)


def test_the_unknown_are_counted_apart():
    """The share of unknown values has the same minimum."""
    assert unknown_share([nan] * 50 + [0.0] * 150) == 0.25
    assert unknown_share([nan] * 199) is None


def test_every_reference_of_the_bundled_model_can_be_compared_with():
    """Each feature's and the score's quantiles, sampled by themselves, have not moved."""
    manifest = artifact.bundled().manifest

    for name, quantiles in {"score": manifest.score_quantiles, **manifest.feature_quantiles}.items():
        assert psi_of_quantiles(quantiles, quantiles * 20) == pytest.approx(0.0, abs=0.02), name
