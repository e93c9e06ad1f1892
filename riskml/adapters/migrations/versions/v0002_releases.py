"""Create the tables that follow a release: its steps and what was measured of it. Append-only like the others."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision: str | None = "0001"
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
    _keyed("steps",
           sa.Column("plan_id", sa.String(64), nullable=False),
           sa.Column("step", sa.String(16), nullable=False),
           sa.Column("stage", sa.Text),
           sa.Column("at", TIME, nullable=False),
           sa.Column("target", sa.Text),
           sa.Column("document", sa.Text, nullable=False))
    _keyed("observations",
           sa.Column("plan_id", sa.String(64), nullable=False),
           sa.Column("run", sa.Integer, nullable=False),
           sa.Column("document", sa.Text, nullable=False))
    op.create_index("steps_by_plan", "steps", ["plan_id", "id"])
    op.create_index("steps_by_target", "steps", ["target", "id"])
    op.create_index("observations_by_plan", "observations", ["plan_id", "id"])
    for table in ("steps", "observations"):
        _refuse_updates(table)


def _refuse_updates(table: str) -> None:
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
                   "FOR EACH ROW EXECUTE FUNCTION riskml_append_only()")
    else:
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
                   f"BEGIN SELECT RAISE(ABORT, 'append-only: {table} is never changed'); END")
