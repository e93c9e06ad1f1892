"""Create the append-only tables, their audit chain, and the triggers that refuse updates.

Written out in full rather than taken from ``store/tables.py``: a step must do tomorrow what it did when it was released.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision: str | None = None
branch_labels = None
depends_on = None

TABLES = ("assessments", "plans", "verdicts", "outcomes", "labels", "audit")
TIME = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")


def _keyed(name: str, *columns: sa.Column[Any]) -> None:
    op.create_table(name,
                    sa.Column("id", sa.String(64), primary_key=True),
                    sa.Column("created_at", TIME, nullable=False),
                    sa.Column("idempotency_key", sa.String(255), unique=True),
                    sa.Column("request_digest", sa.String(64)),
                    *columns)


def upgrade() -> None:
    """Create everything."""
    _create_tables()
    _create_indexes()
    if op.get_context().dialect.name == "postgresql":
        op.execute("CREATE FUNCTION riskml_append_only() RETURNS trigger LANGUAGE plpgsql AS "
                   "$$ BEGIN RAISE EXCEPTION 'append-only: % is never changed', TG_TABLE_NAME; END $$")
    for table in TABLES:
        _refuse("UPDATE", table)
    _refuse("DELETE", "audit")


def _refuse(action: str, table: str) -> None:
    name = f"{table}_no_{action.lower()}"
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"CREATE TRIGGER {name} BEFORE {action} ON {table} FOR EACH ROW EXECUTE FUNCTION riskml_append_only()")
    else:
        op.execute(f"CREATE TRIGGER {name} BEFORE {action} ON {table} "
                   f"BEGIN SELECT RAISE(ABORT, 'append-only: {table} is never changed'); END")


def _create_tables() -> None:
    _keyed("assessments",
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
           sa.Column("document", sa.Text, nullable=False))
    _keyed("plans",
           sa.Column("assessment_id", sa.String(64)),
           sa.Column("document", sa.Text, nullable=False))
    _keyed("verdicts",
           sa.Column("plan_id", sa.String(64), nullable=False),
           sa.Column("stage", sa.Text, nullable=False),
           sa.Column("decision", sa.String(16), nullable=False),
           sa.Column("document", sa.Text, nullable=False))
    _keyed("outcomes",
           sa.Column("repository", sa.Text),
           sa.Column("head", sa.Text),
           sa.Column("assessment_id", sa.String(64)),
           sa.Column("plan_id", sa.String(64)),
           sa.Column("outcome", sa.String(32), nullable=False),
           sa.Column("happened_at", TIME, nullable=False),
           sa.Column("document", sa.Text, nullable=False))
    _keyed("labels",
           sa.Column("repository", sa.Text, nullable=False),
           sa.Column("sha", sa.String(64), nullable=False),
           sa.Column("harm", sa.Boolean, nullable=False),
           sa.Column("source", sa.String(32), nullable=False),
           sa.Column("fix_sha", sa.String(64)),
           sa.Column("known_at", TIME, nullable=False),
           sa.Column("confidence", sa.Double, nullable=False))
    op.create_table("audit",
                    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
                    sa.Column("at", TIME, nullable=False),
                    sa.Column("kind", sa.String(32), nullable=False),
                    sa.Column("subject", sa.Text, nullable=False),
                    sa.Column("digest", sa.String(64), nullable=False),
                    sa.Column("previous", sa.String(64), nullable=False),
                    sa.Column("hash", sa.String(64), nullable=False))


def _create_indexes() -> None:
    op.create_index("assessments_by_repository", "assessments", ["repository", "id"])
    op.create_index("assessments_by_head", "assessments", ["head"])
    op.create_index("plans_by_assessment", "plans", ["assessment_id"])
    op.create_index("verdicts_by_plan", "verdicts", ["plan_id", "id"])
    op.create_index("outcomes_by_assessment", "outcomes", ["assessment_id"])
    op.create_index("outcomes_by_plan", "outcomes", ["plan_id"])
    op.create_index("outcomes_by_head", "outcomes", ["repository", "head"])
    op.create_index("labels_by_change", "labels", ["repository", "sha"])
