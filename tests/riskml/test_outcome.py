"""Outcomes: which of them say that a change did harm."""

from __future__ import annotations

from riskml.outcome import HAPPENED, HARM


def test_every_outcome_has_its_word_on_harm() -> None:
    """The table covers every outcome, and what nobody verified says nothing."""
    assert set(HARM) == set(HAPPENED)
    assert HARM["promoted"] is False
    assert HARM["incident"] is True
    assert HARM["promoted-unverified"] is None
