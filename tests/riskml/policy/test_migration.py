"""Which statements of a migration take something away."""

from __future__ import annotations

import pytest

from riskml.change import Change, FileDiff
from riskml.policy.migration import losses

SQL = "db/migrations/007_totals.sql"


def change(added: str, path: str = SQL, **more: object) -> Change:
    """Return a change that adds these lines to one file."""
    return Change((FileDiff(path, path, added=added.encode(), **more),))  # type: ignore[arg-type]  # a test's shorthand


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE orders;",
        "drop table if exists orders;",
        "ALTER TABLE orders DROP COLUMN total;",
        "ALTER TABLE orders DROP total;",
        "ALTER TABLE orders\n  ADD COLUMN a int,\n  DROP COLUMN b;",
        "TRUNCATE orders;",
        "truncate table orders;",
        "DELETE FROM orders;",
        "ALTER TABLE orders RENAME COLUMN a TO b;",
        "ALTER TABLE orders RENAME TO sales;",
        "DROP SCHEMA old CASCADE;",
        "    remove_column :orders, :total",
        "op.drop_column('orders', 'total')",
        "migrations.RemoveField(",
        "migrations.DeleteModel(",
        "$table->dropColumn('total');",
        "Schema::dropIfExists('orders');",
        '<dropColumn tableName="orders"/>',
        "knex.schema.dropTable('a')",
    ],
)
def test_what_takes_data_away_is_found(statement: str) -> None:
    """Tables, columns and rows that go, and names that the running version still uses."""
    found = losses(change(statement + "\n"))

    assert found is not None
    assert found[0].path == SQL


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE orders (id int);",
        "ALTER TABLE orders ADD COLUMN total int;",
        "DROP INDEX orders_total;",
        "DROP VIEW v;",
        "ALTER TABLE orders DROP CONSTRAINT c;",
        "ALTER TABLE orders ALTER COLUMN a DROP NOT NULL;",
        "ALTER TABLE t ALTER a DROP DEFAULT;",
        "DELETE FROM orders WHERE id = 3;",
        "-- DROP TABLE orders;",
        "INSERT INTO orders VALUES (1);",
        "CREATE TABLE drop_table_log (id int);",
        "ALTER TABLE orders DROP FOREIGN KEY f;",
        "SELECT truncate(1.5, 0);",
        "UPDATE a SET b = 'x';",
    ],
)
def test_what_takes_nothing_away_is_not(statement: str) -> None:
    """Additions, indexes, views, constraints, defaults, bounded deletions and comments lose no data."""
    assert losses(change(statement + "\n")) == ()


def test_only_migrations_are_read_and_binary_ones_are_unknown() -> None:
    """SQL in a test or in code is no migration; what cannot be read is unknown, not harmless."""
    assert losses(change("DROP TABLE orders;\n", "src/cleanup.py")) == ()
    assert losses(change("", binary=True)) is None
    assert losses(change("DROP TABLE orders;\n", status="D")) == ()
