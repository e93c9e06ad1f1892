"""Outcomes: which of them say that a change did harm, and what all of them say together."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskml.outcome import CONFIDENCE, HAPPENED, HARM, TAIL, Happened, Outcome, label_of

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LATER = NOON + timedelta(days=30)


def told(happened: Happened, *, hours: float = 0, late: float = 0, run: str | None = "r1", source: str = "flagger",
         confidence: float | None = None) -> Outcome:
    """Make an outcome some hours after noon, told ``late`` hours after it happened."""
    at = NOON + timedelta(hours=hours)
    return Outcome(happened, at, at + timedelta(hours=late), source, plan_id="p-1", run=run, confidence=confidence)


def test_every_outcome_has_its_word_on_harm() -> None:
    """The tables cover every outcome, and what nobody verified says nothing."""
    assert set(HARM) == set(HAPPENED) == set(CONFIDENCE)
    assert HARM["promoted"] is False
    assert HARM["incident"] is True
    assert HARM["promoted-unverified"] is None


def test_a_promotion_is_harmless_only_after_its_tail() -> None:
    """Before, it is not known; and it is known since the tail's end, not since the promotion."""
    assert label_of([told("promoted")], now=NOON + TAIL - timedelta(seconds=1)).harm is None
    label = label_of([told("promoted")], now=NOON + TAIL)
    assert (label.harm, label.known_at, label.confidence) == (False, NOON + TAIL, 0.9)


@pytest.mark.parametrize("harm", ["rolled-back", "reverted", "hot-fixed", "incident"])
def test_harm_within_or_after_the_tail_turns_a_promotion(harm: Happened) -> None:
    """An incident or a revert is harm since it was told, also when a harmless label had stood before."""
    both = [told("promoted"), told(harm, hours=200, late=5, run=None, source="git")]
    assert label_of(both, now=NOON + timedelta(hours=199)).harm is False
    label = label_of(both, now=LATER)
    assert (label.harm, label.known_at, label.why) == (True, NOON + timedelta(hours=205), harm)


def test_what_is_told_later_is_not_known_before() -> None:
    """A label as of a date rests on what was told by that date."""
    assert label_of([told("incident", late=48)], now=NOON + timedelta(hours=47)).harm is None


@pytest.mark.parametrize("why", ["promotion-stuck", "deploy-failed", "superseded", "promoted-unverified"])
@pytest.mark.parametrize("end", ["promoted", "rolled-back"])
def test_a_run_that_is_explained_is_no_label_in_whatever_order(why: Happened, end: Happened) -> None:
    """Stuck, failed to deploy, superseded, unwatched: the bare end of such a run says nothing about the change."""
    for order in permutations([told(end, hours=1), told(why, hours=0.9)]):
        assert label_of(order, now=LATER).harm is None
    assert label_of([told(end, hours=1)], now=LATER).harm is HARM[end]


def test_what_follows_a_superseded_run_under_the_same_plan_is_another_revision() -> None:
    """Its promotion is not this change's; its rollback is kept, because the plan's change may be in it."""
    replaced = told("superseded", run="r1")
    assert label_of([replaced, told("promoted", hours=2, run="r2")], now=LATER).why == "censored: superseded"
    assert label_of([told("promoted", run="r1"), told("superseded", hours=99, run="r2")], now=LATER).harm is False


def test_sources_that_agree_add_up_and_repetition_does_not() -> None:
    """Two sources are surer than one, one source twice is not; a stated confidence counts."""
    once = label_of([told("incident", source="alertmanager")], now=LATER).confidence
    twice = label_of([told("incident", source="alertmanager"), told("incident", hours=1, source="alertmanager")], now=LATER)
    both = label_of([told("incident", source="alertmanager"), told("reverted", source="git", run=None)], now=LATER)
    assert (once, twice.confidence, both.confidence) == (0.8, 0.8, 0.98)
    assert label_of([told("incident", confidence=0.3)], now=LATER).confidence == 0.3


some_outcomes = st.lists(st.builds(
    told, st.sampled_from(HAPPENED), hours=st.integers(0, 200), late=st.integers(0, 50),
    run=st.sampled_from(["r1", "r2", None]), source=st.sampled_from(["flagger", "git", "alertmanager"])), max_size=6)


@given(some_outcomes, st.integers(0, 500), st.randoms(use_true_random=False))
def test_labels_do_not_depend_on_the_order_of_the_telling(known: list[Outcome], hours: int, chance: Random) -> None:
    """Any order gives the same label, repetition changes nothing, and a label is never known before it is told."""
    now = NOON + timedelta(hours=hours)
    shuffled = known * 2
    chance.shuffle(shuffled)
    label = label_of(known, now=now)
    assert label_of(shuffled, now=now) == label
    if label.harm is not None:
        assert label.known_at is not None
        assert label.known_at <= now
        assert 0 < label.confidence <= 1


@given(some_outcomes, st.integers(0, 300), st.integers(0, 300))
def test_harm_once_known_is_never_taken_back_by_time(known: list[Outcome], hours: int, more: int) -> None:
    """Only another report could change it: an explanation of the run, never a promotion."""
    plain = [o for o in known if o.happened in ("promoted", "incident", "reverted", "hot-fixed")]
    if label_of(plain, now=NOON + timedelta(hours=hours)).harm:
        assert label_of(plain, now=NOON + timedelta(hours=hours + more)).harm
