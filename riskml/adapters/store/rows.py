"""What is written to the store and read back: one frozen record a table, its fields named as the columns."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from riskml.adapters.store.tables import iso

SAYS_EMPTY = '"empty":true'
"""What the document of an answer holds where there was nothing to release. A quote in a text is escaped: this is no text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What all rows share. ``idempotency_key`` is the sender's; ``request_digest`` is the SHA-256 of what was sent under it."""

    kind: ClassVar[str]
    id: str
    created_at: datetime
    idempotency_key: str | None = None
    request_digest: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssessmentRow(Row):
    """One answer. ``document`` is its wire form, byte for byte; ``features`` a JSON object in which ``null`` is unknown.

    Of an ``empty`` change, score and probability are what the model says of no file at all. Nothing was measured: they belong
    in no figure and teach nothing.
    """

    kind: ClassVar[str] = "assessment"
    repository: str
    base: str | None
    head: str | None
    score: float
    probability: float
    band: str
    strategy: str
    model_version: str
    artifact_sha256: str
    feature_set: int
    features: str
    document: str

    @property
    def empty(self) -> bool:
        """Whether there was nothing to release, as the document says."""
        return self.band == "unknown" and SAYS_EMPTY in self.document


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRow(Row):
    """The whole plan, as ``Plan`` prints itself. ``assessment_id`` is the assessment it was made for."""

    kind: ClassVar[str] = "plan"
    assessment_id: str | None
    document: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictRow(Row):
    """What was said of one stage, with the observations it was said of."""

    kind: ClassVar[str] = "verdict"
    plan_id: str
    stage: str
    decision: str
    document: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow(Row):
    """One report of how far a release has come. ``target`` is the tool's own name of what it deploys, if it gave one."""

    kind: ClassVar[str] = "step"
    plan_id: str
    step: str
    at: datetime
    document: str
    stage: str | None = None
    target: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservationRow(Row):
    """One measured window of a release. ``run`` counts how often the release was begun anew under its plan."""

    kind: ClassVar[str] = "observation"
    plan_id: str
    run: int
    document: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeRow(Row):
    """What happened to a change. At least one of ``head``, ``assessment_id`` and ``plan_id`` says to which."""

    kind: ClassVar[str] = "outcome"
    outcome: str
    happened_at: datetime
    document: str
    repository: str | None = None
    head: str | None = None
    assessment_id: str | None = None
    plan_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelRow(Row):
    """Harm yes or no for one commit. ``known_at`` is when it could first be known; ``confidence`` lies in (0, 1]."""

    kind: ClassVar[str] = "label"
    repository: str
    sha: str
    harm: bool
    source: str
    known_at: datetime
    confidence: float
    fix_sha: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow(Row):
    """A merge request that the bot was told of (``result`` is ``accepted``), or what came of that.

    The row of the end has the key ``ended:ID`` of the accepted one: what has none is still to be done.
    """

    kind: ClassVar[str] = "delivery"
    forge: str
    repository: str
    number: int
    head: str
    result: str
    document: str = "{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShadowRow(Row):
    """What a challenger would have answered, beside what was: both probabilities, and which artifacts they are from."""

    kind: ClassVar[str] = "shadow"
    assessment_id: str
    repository: str
    artifact_sha256: str
    probability: float
    challenger_version: str
    challenger_sha256: str
    challenger_probability: float


@dataclass(frozen=True, slots=True)
class Submission:
    """Rows that are written together or not at all. The first one carries the idempotency key, if there is one."""

    row: Row
    attached: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the store holds under a submission: ``row`` as written, or as it was written the first time (``fresh`` is false)."""

    row: Row
    fresh: bool


ROWS: dict[str, type[Row]] = {
    r.kind: r for r in (AssessmentRow, PlanRow, VerdictRow, StepRow, ObservationRow, OutcomeRow, LabelRow, DeliveryRow,
                            ShadowRow)}


def columns_of(row: Row) -> dict[str, Any]:
    """Give the row as values by column."""
    return {f.name: getattr(row, f.name) for f in dataclasses.fields(row)}


def digest_of(row: Row) -> str:
    """Hash every column of a row, so that the audit chain notices a change to any of them."""
    values = {name: iso(v) if isinstance(v, datetime) else v for name, v in columns_of(row).items()}
    return hashlib.sha256(json.dumps(values, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
