"""Who is believed when sources disagree: every rule by one example, and what holds for all of them."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.claims import SEEN, SOURCES, Claim, settle

NOW = 1000.0


def claim(source, harm, known_at=100.0, confidence=0.8):
    """Make a claim about the one change there is."""
    return Claim("a" * 40, harm, source, known_at, confidence)


@pytest.mark.parametrize(("said", "harm", "decides"), [
    ([claim("szz", True)], True, "szz"),
    ([claim("szz", False)], False, "szz"),
    ([claim("szz", True), claim("outcome", False)], True, "szz"),  # promoted and quiet for three days, then fixed
    ([claim("szz", True), claim("imported", False)], False, "imported"),
    ([claim("szz", True), claim("imported", False), claim("trailer", True)], True, "trailer"),
    ([claim("imported", False), claim("outcome", True)], True, "outcome"),
    ([claim("imported", True), claim("outcome", False)], True, "imported"),
    ([claim("revert", True), claim("dispute", False)], False, "dispute"),
    ([claim("dispute", True), claim("outcome", False)], True, "dispute"),
    ([claim("dispute", True, 100), claim("dispute", False, 200)], False, "dispute"),
])
def test_who_is_believed(said, harm, decides):
    """The rule, line by line; the order in which the claims are listed never matters."""
    for order in permutations(said):
        found = settle(order, NOW)

        assert (found.harm, found.source) == (harm, decides)


@pytest.mark.parametrize("source", SEEN)
def test_harm_that_somebody_saw_is_not_outvoted(source):
    """No number of sources that saw nothing turns seen harm into none; only a dispute does."""
    quiet = [claim(s, False) for s in SOURCES if s not in (source, "dispute")]

    assert settle([claim(source, True), *quiet], NOW).harm


def test_confidences_add_up_once_a_source_and_the_earliest_date_counts():
    """Two independent sources at 0.8 and 0.5 make 0.9; a second accusation by the same one adds nothing."""
    found = settle([claim("revert", True, 300, 0.8), claim("szz", True, 200, 0.5), claim("szz", True, 250, 0.4)], NOW)

    assert found.confidence == pytest.approx(0.9)
    assert found.known_at == 200


ONE = st.builds(claim, st.sampled_from(list(SOURCES)), st.booleans(), st.floats(1, 2000), st.floats(0.1, 1.0))
CLAIMS = st.lists(ONE, max_size=6)


@given(CLAIMS, st.floats(1, 2000))
def test_what_is_told_later_changes_nothing_before(said, as_of):
    """The label of a date is made of what was known then, whatever comes after."""
    known = [c for c in said if c.known_at <= as_of]

    assert settle(said, as_of) == settle(known, as_of)
    if known:
        assert settle(said, as_of).known_at is None or settle(said, as_of).known_at <= as_of
