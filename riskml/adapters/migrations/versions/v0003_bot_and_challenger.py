"""Create the tables of what the bot took on, and of what a challenger would have answered. Append-only like the others."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision: str | None = "0002"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True).with_variant(sa.String(27), "sqlite")


def _keyed(name: str, *columns: sa.Column[Any]) -> None:
    op.create_table(name,
                    sa.Column("id", sa.String(64), primary_key=True),
                    sa.Column("created_at", TIME, nullable=False),
                    sa.Column("idempotency_key", sa.String(255), unique=True),
                    sa.Column("request_digest", sa.String(64)),
                    *columns)


def upgrade() -> None:
    """Create both, with their indexes and the triggers that refuse updates."""
    _keyed("deliveries",
           sa.Column("forge", sa.String(16), nullable=False),
           sa.Column("repository", sa.Text, nullable=False),
           sa.Column("number", sa.Integer, nullable=False),
           sa.Column("head", sa.String(64), nullable=False),
           sa.Column("result", sa.String(16), nullable=False),
           sa.Column("document", sa.Text, nullable=False))
    _keyed("shadow_scores",
           sa.Column("assessment_id", sa.String(64), nullable=False),
           sa.Column("repository", sa.Text, nullable=False),
           sa.Column("artifact_sha256", sa.String(64), nullable=False),
           sa.Column("probability", sa.Double, nullable=False),
           sa.Column("challenger_version", sa.Text, nullable=False),
           sa.Column("challenger_sha256", sa.String(64), nullable=False),
           sa.Column("challenger_probability", sa.Double, nullable=False))
    op.create_index("deliveries_by_request", "deliveries", ["forge", "repository", "number", "id"])
    op.create_index("shadow_scores_by_assessment", "shadow_scores", ["assessment_id"])
    op.create_index("shadow_scores_by_time", "shadow_scores", ["created_at"])
    for table in ("deliveries", "shadow_scores"):
        _refuse_updates(table)


def _refuse_updates(table: str) -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
                   "FOR EACH ROW EXECUTE FUNCTION riskml_append_only()")
    else:
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
                   f"BEGIN SELECT RAISE(ABORT, 'append-only: {table} is never changed'); END")
