"""Reverts and named faults in a history, as outcomes of the commits that they are about."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime

from riskml.mine.labels import Label
from riskml.outcome import Happened, Outcome

HAPPENED: Mapping[str, Happened] = {"revert": "reverted", "trailer": "hot-fixed", "szz": "hot-fixed"}
"""What each source of a label says happened. ``szz`` only suspects: take it where its confidence is used."""

NAMED = ("revert", "trailer")


def outcomes_of(labels: Iterable[Label], repository: str, *, sources: Collection[str] = NAMED) -> Iterator[Outcome]:
    """Yield an outcome for each harmful commit whose label stands on one of ``sources``, in the order of the labels.

    It happened, and was known, at the time of the commit that accuses it.

    >>> found = list(outcomes_of([Label("a" * 40, True, "revert", "b" * 40, 1_700_000_000, 1.0)], "acme/shop"))
    >>> found[0].happened, found[0].head == "a" * 40, found[0].known_at.isoformat()
    ('reverted', True, '2023-11-14T22:13:20+00:00')
    """
    for label in labels:
        if label.source is not None and label.source in sources and label.known_at is not None:
            at = datetime.fromtimestamp(label.known_at, UTC)
            yield Outcome(HAPPENED[label.source], at, at, f"git-{label.source}", repository, label.sha,
                          note=f"by {label.fix_sha}", confidence=label.confidence)
