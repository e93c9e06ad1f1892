"""Statements of a database migration that take something away, which no rollback of the code brings back."""

from __future__ import annotations

import re
from typing import NamedTuple

from riskml import pathmap
from riskml.change import Change
from riskml.pathmap import PathMap

# SQL, then the migration languages of Rails, Django, Alembic, Laravel, Liquibase and Knex. Dropping an index, a view, a
# trigger, a constraint or a default loses no data; "down" halves of a migration are not told apart, so they count.
_TAKES_AWAY = re.compile(
    rb"""(?ix)
      \b drop \s+ (?: table | column | schema | database ) \b
    | \b alter \s+ table \b [^;]{0,400}? \b drop \s+ (?! index\b | key\b | constraint\b | primary\b | foreign\b | default\b
        | trigger\b | partition\b | not\b | check\b | view\b ) ["'`\[\w]
    | \b truncate \s+ (?: table \s+ )? [\w"`\[]
    | \b delete \s+ from \b (?! [^;]{0,400}? \b where \b )
    | \b alter \s+ table \b [^;]{0,400}? \b rename \b
    | \b (?: remove_columns? | drop_table | rename_column | rename_table | remove_timestamps | drop_column ) \b
    | \b (?: RemoveField | DeleteModel | RenameField | RenameModel ) \s* \(
    | \b (?: dropColumns? | dropTable | dropIfExists | dropTableIfExists | renameColumn ) \b
    | < \s* (?: dropTable | dropColumn | renameColumn | renameTable ) \b
    """,
)


class Loss(NamedTuple):
    """One statement that takes something away: where it stands and how it reads, on one line."""

    path: str
    statement: str


def losses(change: Change, paths: PathMap = pathmap.DEFAULT) -> tuple[Loss, ...] | None:
    r"""Return what the added lines of the change's migrations take away; ``None`` when a migration is binary: unknown.

    Expand and contract: a column that the running version still reads must not go in the release that stops reading it.

    >>> from riskml.change import FileDiff
    >>> drop = FileDiff("db/migrations/7.sql", "db/migrations/7.sql", added=b"ALTER TABLE orders DROP COLUMN total;\n")
    >>> losses(Change((drop,)))
    (Loss(path='db/migrations/7.sql', statement='ALTER TABLE orders DROP COLUMN total'),)
    """
    found = []
    for diff in change.files:
        if diff.status == "D" or not paths.classify(diff.path).migration:
            continue
        if diff.binary:
            return None
        text = re.sub(rb"(?m)^\s*(?:--|#(?!\s*drop)|//).*$", b"", diff.added)
        hit = _TAKES_AWAY.search(text)
        if hit is not None:
            end = re.compile(rb"[;\n]").search(text, hit.end())
            statement = text[hit.start() : end.start() if end else len(text)]
            found.append(Loss(diff.path, " ".join(statement.decode("utf-8", "replace").split())[:120]))
    return tuple(found)
