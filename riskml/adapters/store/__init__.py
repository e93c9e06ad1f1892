"""The store: what was answered, decided and observed, in SQLite or PostgreSQL, append-only and hash-chained."""

from riskml.adapters.store.audit import AuditReport
from riskml.adapters.store.database import default_url, parse_url
from riskml.adapters.store.rows import (
    AssessmentRow,
    DeliveryRow,
    LabelRow,
    ObservationRow,
    OutcomeRow,
    PlanRow,
    Receipt,
    Row,
    ShadowRow,
    StepRow,
    Submission,
    VerdictRow,
)
from riskml.adapters.store.store import ENDED, SETTLES, Store
from riskml.ulid import is_ulid, ulid

__all__ = ["ENDED", "SETTLES", "AssessmentRow", "AuditReport", "DeliveryRow", "LabelRow", "ObservationRow", "OutcomeRow",
           "PlanRow", "Receipt", "Row", "ShadowRow", "StepRow", "Store", "Submission", "VerdictRow", "default_url", "is_ulid",
           "parse_url", "ulid"]
