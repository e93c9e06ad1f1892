"""The store: what was answered, decided and observed, in SQLite or PostgreSQL, append-only and hash-chained."""

from riskml.adapters.store.audit import AuditReport
from riskml.adapters.store.database import default_url, parse_url
from riskml.adapters.store.rows import (
    AssessmentRow,
    LabelRow,
    ObservationRow,
    OutcomeRow,
    PlanRow,
    Receipt,
    Row,
    StepRow,
    Submission,
    VerdictRow,
)
from riskml.adapters.store.store import SETTLES, Store
from riskml.ulid import is_ulid, ulid

__all__ = ["SETTLES", "AssessmentRow", "AuditReport", "LabelRow", "ObservationRow", "OutcomeRow", "PlanRow", "Receipt", "Row",
           "StepRow", "Store", "Submission", "VerdictRow", "default_url", "is_ulid", "parse_url", "ulid"]
