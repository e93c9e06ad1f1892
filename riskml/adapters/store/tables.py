"""The tables, the same on SQLite and PostgreSQL. All are append-only: a trigger of the database refuses updates.

``assessments``  what was answered, word for word, with its features as computed: training sees what serving saw
``plans``        the whole plan of an assessment
``verdicts``     what was said of a stage of a plan, and of which counts
``steps``        what was reported of a release: let through, entered, passed, approved, halted, ended
``observations`` what was measured in one window of a stage, each window once
``outcomes``     what really happened to a change
``labels``       harm yes or no for a commit, from which source, and when that became known
``deliveries``   what the bot took on, and what came of it: two rows each, the second one at its end
``shadow_scores`` what a challenger would have said of an assessment
``audit``        one link per row above; each link holds the hash of the one before it

No column holds a person. Documents are kept as text, byte for byte as they were answered.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect

METADATA = sa.MetaData()


class UtcTime(sa.types.TypeDecorator[datetime]):
    """A moment in UTC: ``timestamptz`` on PostgreSQL, sortable text such as ``2026-11-24T05:45:56.000000Z`` on SQLite."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> sa.types.TypeEngine[Any]:
        """Choose the column type of the database."""
        return dialect.type_descriptor(sa.String(27) if dialect.name == "sqlite" else sa.DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Store in UTC; a time without a zone is a mistake of ours."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return iso(value) if dialect.name == "sqlite" else value.astimezone(UTC)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return an aware time in UTC."""
        if value is None:
            return None
        return datetime.fromisoformat(value) if isinstance(value, str) else value.astimezone(UTC)


def iso(moment: datetime) -> str:
    """Write a moment as fixed-width RFC 3339 text in UTC, to the microsecond.

    >>> iso(datetime(2026, 11, 24, 5, 45, 56, tzinfo=UTC))
    '2026-11-24T05:45:56.000000Z'
    """
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _keyed(name: str, *columns: sa.Column[Any] | sa.Index) -> sa.Table:
    """Describe a table whose rows can be sent twice under one key and are kept once."""
    return sa.Table(name, METADATA,
                    sa.Column("id", sa.String(64), primary_key=True),
                    sa.Column("created_at", UtcTime, nullable=False),
                    sa.Column("idempotency_key", sa.String(255), unique=True),
                    sa.Column("request_digest", sa.String(64)),
                    *columns)


ASSESSMENTS = _keyed(
    "assessments",
    sa.Column("repository", sa.Text, nullable=False),
    sa.Column("base", sa.Text),
    sa.Column("head", sa.Text),
    sa.Column("score", sa.Double, nullable=False),
    sa.Column("probability", sa.Double, nullable=False),
    sa.Column("band", sa.String(16), nullable=False),
    sa.Column("strategy", sa.String(32), nullable=False),
    sa.Column("model_version", sa.Text, nullable=False),
    sa.Column("artifact_sha256", sa.String(64), nullable=False),
    sa.Column("feature_set", sa.Integer, nullable=False),
    sa.Column("features", sa.Text, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Index("assessments_by_repository", "repository", "id"),
    sa.Index("assessments_by_head", "head"),
)

PLANS = _keyed(
    "plans",
    sa.Column("assessment_id", sa.String(64)),
    sa.Column("document", sa.Text, nullable=False),
    sa.Index("plans_by_assessment", "assessment_id"),
)

VERDICTS = _keyed(
    "verdicts",
    sa.Column("plan_id", sa.String(64), nullable=False),
    sa.Column("stage", sa.Text, nullable=False),
    sa.Column("decision", sa.String(16), nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Index("verdicts_by_plan", "plan_id", "id"),
)

STEPS = _keyed(
    "steps",
    sa.Column("plan_id", sa.String(64), nullable=False),
    sa.Column("step", sa.String(16), nullable=False),
    sa.Column("stage", sa.Text),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("target", sa.Text),
    sa.Column("document", sa.Text, nullable=False),
    sa.Index("steps_by_plan", "plan_id", "id"),
    sa.Index("steps_by_target", "target", "id"),
)

OBSERVATIONS = _keyed(
    "observations",
    sa.Column("plan_id", sa.String(64), nullable=False),
    sa.Column("run", sa.Integer, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Index("observations_by_plan", "plan_id", "id"),
)

OUTCOMES = _keyed(
    "outcomes",
    sa.Column("repository", sa.Text),
    sa.Column("head", sa.Text),
    sa.Column("assessment_id", sa.String(64)),
    sa.Column("plan_id", sa.String(64)),
    sa.Column("outcome", sa.String(32), nullable=False),
    sa.Column("happened_at", UtcTime, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Index("outcomes_by_assessment", "assessment_id"),
    sa.Index("outcomes_by_plan", "plan_id"),
    sa.Index("outcomes_by_head", "repository", "head"),
)

LABELS = _keyed(
    "labels",
    sa.Column("repository", sa.Text, nullable=False),
    sa.Column("sha", sa.String(64), nullable=False),
    sa.Column("harm", sa.Boolean, nullable=False),
    sa.Column("source", sa.String(32), nullable=False),
    sa.Column("fix_sha", sa.String(64)),
    sa.Column("known_at", UtcTime, nullable=False),
    sa.Column("confidence", sa.Double, nullable=False),
    sa.Index("labels_by_change", "repository", "sha"),
)

DELIVERIES = _keyed(
    "deliveries",
    sa.Column("forge", sa.String(16), nullable=False),
    sa.Column("repository", sa.Text, nullable=False),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("head", sa.String(64), nullable=False),
    sa.Column("result", sa.String(16), nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Index("deliveries_by_request", "forge", "repository", "number", "id"),
)

SHADOW_SCORES = _keyed(
    "shadow_scores",
    sa.Column("assessment_id", sa.String(64), nullable=False),
    sa.Column("repository", sa.Text, nullable=False),
    sa.Column("artifact_sha256", sa.String(64), nullable=False),
    sa.Column("probability", sa.Double, nullable=False),
    sa.Column("challenger_version", sa.Text, nullable=False),
    sa.Column("challenger_sha256", sa.String(64), nullable=False),
    sa.Column("challenger_probability", sa.Double, nullable=False),
    sa.Index("shadow_scores_by_assessment", "assessment_id"),
    sa.Index("shadow_scores_by_time", "created_at"),
)

AUDIT = sa.Table(
    "audit", METADATA,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", UtcTime, nullable=False),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("previous", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False),
)

BY_KIND = {"assessment": ASSESSMENTS, "plan": PLANS, "verdict": VERDICTS, "step": STEPS, "observation": OBSERVATIONS,
           "outcome": OUTCOMES, "label": LABELS, "delivery": DELIVERIES, "shadow": SHADOW_SCORES}
