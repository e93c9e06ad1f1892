"""What the store of a service teaches: the features of its answers as they were computed, and what happened to the changes.

A change that was posted as a diff is in no mirror: only the store knows its features. For the others, too, what was served is
what is learnt from, so that training sees what serving saw. An empty change has nothing to learn from: what is told of its head
is about the answer that there was before.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from riskml.adapters.store import AssessmentRow, LabelRow, OutcomeRow, Row, ShadowRow, Store, parse_url
from riskml.errors import StoreUnwritable
from riskml.features.catalogue import FEATURE_SET
from riskml.outcome import Outcome, label_of
from training.claims import SOURCES, Claim

AnyRow = TypeVar("AnyRow", bound=Row)
FULL = 40
"""Letters of a full commit id, at least."""


@dataclass(frozen=True, slots=True)
class Served:
    """One change that was answered, with its features as computed. ``sha`` is its head, or its answer's id if it has none."""

    sha: str
    repository: str
    at: float
    features: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Shadow:
    """What a challenger said of a change beside the answer that was given."""

    sha: str
    challenger: str
    probability: float
    answered: float


@dataclass(frozen=True, slots=True)
class FromStore:
    """What a store holds for training. ``newest`` is when the last outcome or label was told (UNIX seconds; 0 for none).

    ``other_set`` counts changes with an outcome whose answers are of another feature set: their numbers mean something else.
    """

    served: tuple[Served, ...] = ()
    outcomes: Mapping[str, tuple[Outcome, ...]] = field(default_factory=dict)
    told: tuple[Claim, ...] = ()
    shadows: tuple[Shadow, ...] = ()
    newest: float = 0.0
    other_set: int = 0

    def claims(self, as_of: float) -> Iterator[Claim]:
        """Yield what outcomes and disputes say as of a date (UNIX seconds). What is censored says nothing."""
        now = datetime.fromtimestamp(as_of, UTC)
        for sha, outcomes in self.outcomes.items():
            label = label_of(outcomes, now=now)
            if label.harm is not None and label.known_at is not None:
                yield Claim(sha, label.harm, "outcome", label.known_at.timestamp(), label.confidence, label.why)
        yield from self.told


def read(url: str) -> FromStore:
    """Read a store: a page of rows at a time, and of the answers only those that something is known about.

    :raises UsageError: no address of a store; :raises StoreUnwritable: nothing is there
    """
    place = parse_url(url)
    if place.get_backend_name() == "sqlite" and not Path(place.database or "").is_file():
        raise StoreUnwritable("no store is here", where=url, expected="the address that the service has in RISKML_STORE")
    store = Store.open(url)
    try:
        outcomes = {row.id: row for row in _all(store, OutcomeRow)}
        labels = list(_all(store, LabelRow))
        wanted_ids = {row.assessment_id for row in outcomes.values() if row.assessment_id}
        wanted_heads = {row.head for row in outcomes.values() if row.head} | {row.sha for row in labels}
        answers = [row for row in _all(store, AssessmentRow)
                   if (row.id in wanted_ids or row.head in wanted_heads) and not row.empty]
        shadows = list(_all(store, ShadowRow))
    finally:
        store.close()
    by_id = {row.id: _name(row) for row in answers}
    about: dict[str, list[Outcome]] = {}
    for row in outcomes.values():
        sha = by_id.get(row.assessment_id or "") or (row.head if row.head and len(row.head) >= FULL else None)
        if sha is not None:
            about.setdefault(sha, []).append(_outcome(row))
    served = _served(answers)
    told = tuple(Claim(row.sha, row.harm, row.source if row.source in SOURCES else "imported", row.known_at.timestamp(),
                       row.confidence, row.source) for row in labels)
    times = [row.created_at.timestamp() for row in (*outcomes.values(), *labels)]
    return FromStore(
        served, {sha: tuple(found) for sha, found in sorted(about.items())}, told,
        tuple(Shadow(by_id.get(row.assessment_id, ""), row.challenger_sha256, row.challenger_probability, row.probability)
              for row in shadows),
        max(times, default=0.0), len({_name(row) for row in answers}) - len(served))


def _served(answers: Iterable[AssessmentRow]) -> tuple[Served, ...]:
    """Keep the newest answer to each change, of this feature set."""
    newest: dict[str, AssessmentRow] = {}
    for row in answers:  # oldest first
        if row.feature_set == FEATURE_SET:
            newest[_name(row)] = row
    return tuple(Served(sha, row.repository, row.created_at.timestamp(), json.loads(row.features))
                 for sha, row in sorted(newest.items()))


def _name(row: AssessmentRow) -> str:
    return row.head if row.head and len(row.head) >= FULL else row.id


def _outcome(row: OutcomeRow) -> Outcome:
    told = json.loads(row.document)
    return Outcome(row.outcome, row.happened_at, row.created_at, told.get("source") or "api", row.repository, row.head,  # type: ignore[arg-type] # checked when it came in
                   row.assessment_id, row.plan_id, run=told.get("run"), confidence=told.get("confidence"))


def _all(store: Store, kind: type[AnyRow]) -> Iterator[AnyRow]:
    after = None
    while page := store.page(kind, after=after):
        yield from page
        after = page[-1].id
