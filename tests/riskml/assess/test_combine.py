"""Combining the risks of changes: what no release can break."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskml.assess.combine import bounds, combined, expected, shares

PROBABILITIES = st.lists(st.floats(0, 1), max_size=40)


@given(PROBABILITIES, st.randoms())
def test_the_order_of_changes_does_not_matter(probabilities: list[float], chance: random.Random) -> None:
    """The same changes give the very same number, however they are sorted."""
    other = list(probabilities)
    chance.shuffle(other)

    assert combined(probabilities) == combined(other)
    assert expected(probabilities) == expected(other)


@given(PROBABILITIES, st.floats(0, 1))
def test_one_more_change_never_lowers_the_risk(probabilities: list[float], one: float) -> None:
    """Neither the combined risk nor the number of harmful changes."""
    assert combined([*probabilities, one]) >= combined(probabilities)
    assert expected([*probabilities, one]) >= expected(probabilities)


@given(PROBABILITIES)
def test_the_combined_risk_lies_between_its_bounds(probabilities: list[float]) -> None:
    """Independence is one of the dependences that the bounds allow."""
    least, most = bounds(probabilities)

    assert 0 <= least <= most <= 1
    assert least - 1e-12 <= combined(probabilities) <= most + 1e-12


@given(st.lists(st.floats(0, 0.999), min_size=1, max_size=12))
def test_it_is_the_probability_of_any_harm(probabilities: list[float]) -> None:
    """One minus the product of what goes well."""
    well = 1.0
    for p in probabilities:
        well *= 1 - p

    assert combined(probabilities) == pytest.approx(1 - well, abs=1e-12)


@given(PROBABILITIES)
def test_shares_add_up_to_one_and_follow_the_risk(probabilities: list[float]) -> None:
    """A riskier change never carries less; certain harm carries all."""
    found = shares(probabilities)

    assert not found or sum(found) == pytest.approx(1)
    assert all(0 <= share <= 1 for share in found)
    pairs = sorted(zip(probabilities, found, strict=True))
    assert all(a[1] <= b[1] + 1e-12 for a, b in pairwise(pairs))
