"""Masks: copies with something unknown, beside the rows as they are."""

from __future__ import annotations

import numpy as np
import pytest

from training.config import ConfigError, Mask
from training.masking import patterns, repeated

GROUPS = {"size": ("la", "ld"), "past": ("nuc", "age")}
NAMES = ("la", "nuc", "age")


def test_a_mask_hides_groups_or_all_but_what_is_known():
    """``unknown`` hides what it lists, ``known`` hides the rest."""
    hidden, kept = patterns((Mask("a", unknown=("past",)), Mask("b", known=("la", "nuc"))), GROUPS, NAMES)

    assert hidden.unknown.tolist() == [False, True, True]
    assert kept.unknown.tolist() == [False, False, True]


def test_copies_follow_the_rows_with_their_harm_and_less_weight():
    """The rows themselves stay as they are; each copy keeps its harm and has the pattern's share of its weight."""
    rows = np.arange(30.0).reshape(10, 3)
    harm = np.arange(10) % 2 == 0
    (mask,) = patterns((Mask("a", unknown=("past",), share=1.0, weight=0.25),), GROUPS, NAMES)

    features, harms, weight = repeated(rows, harm, np.full(10, 2.0), (mask,), seed=1)

    np.testing.assert_array_equal(features[:10], rows)
    np.testing.assert_array_equal(features[10:, 0], rows[:, 0])
    assert np.isnan(features[10:, 1:]).all()
    assert harms.tolist() == [*harm, *harm]
    assert weight.tolist() == [2.0] * 10 + [0.5] * 10


@pytest.mark.parametrize(("mask", "words"), [
    (Mask("a", unknown=("pst",)), "neither a feature nor a group.*pst"),
    (Mask("a"), "either 'known' or 'unknown'"),
    (Mask("a", known=("la",), unknown=("ld",)), "either 'known' or 'unknown'"),
])
def test_a_mask_of_nothing_known_is_refused(mask, words):
    """A typing error would silently mask nothing."""
    with pytest.raises(ConfigError, match=words):
        patterns((mask,), GROUPS, NAMES)
