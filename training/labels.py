"""Labels: whether a change did harm, who says so, and since when it is known.

A label is a claim with a date. What was not known at a date must not teach a model of that date, so the date travels along, and
"no harm known" turns into "clean" only after it has had the time to become known.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from riskml.errors import InputError


@dataclass(frozen=True, slots=True)
class Label:
    """A claim about one change. ``known_at`` (UNIX seconds) is when a harm became known; ``None`` for a change without one."""

    repository: str
    sha: str
    harm: bool
    authored_at: int
    known_at: int | None
    source: str
    confidence: float = 1.0


APACHEJIT = "ApacheJIT (Keshavarz & Nagappan, MSR 2022): lines of the change were later altered by the fix of a reported bug"
_FULL = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_APACHEJIT_COLUMNS = ("commit_id", "repo", "buggy", "author_date", "first_fix_date")


def read_apachejit(path: str | Path) -> Iterator[Label]:
    """Read ApacheJIT's labels (CSV, plain or gzipped). A harm becomes known with its first fix.

    Only the columns of :data:`_APACHEJIT_COLUMNS` are looked at: the data set's own ``project`` column gives Hadoop's labels
    away, and its feature columns are computed from whole histories.

    :raises InputError: naming the line and column that is not as it should be
    """
    file = Path(path)
    with _text(file) as stream:
        rows = csv.DictReader(stream)
        absent = [name for name in _APACHEJIT_COLUMNS if name not in (rows.fieldnames or ())]
        if absent:
            raise InputError("columns are missing", where=str(file), got=absent, expected=", ".join(_APACHEJIT_COLUMNS))
        for row in rows:
            where = f"{file} line {rows.line_num}"
            harm = _yes_or_no(row["buggy"], f"{where} buggy")
            known = row["first_fix_date"]
            if harm and not known:
                raise InputError("a harm without the time of its fix", where=f"{where} first_fix_date", got=known,
                                 expected="a date and time")
            yield Label(
                repository=row["repo"],
                sha=commit_id(row["commit_id"], f"{where} commit_id"),
                harm=harm,
                authored_at=_seconds(row["author_date"], f"{where} author_date"),
                known_at=_moment(known, f"{where} first_fix_date") if harm else None,
                source="apachejit",
            )


def commit_id(text: object, where: str) -> str:
    """Read the full id of a commit: a short one, or a name, would silently label no change, or be taken for an option by git.

    >>> commit_id("A" * 40, "row 2") == "a" * 40
    True

    :raises InputError: for anything else
    """
    found = str(text if text is not None else "").strip().lower()
    if not _FULL.fullmatch(found):
        raise InputError("not a commit id", where=where, got=text, expected="a full commit id: 40 hexadecimal digits, or 64")
    return found


def _text(file: Path) -> IO[str]:
    if file.suffix == ".gz":
        return gzip.open(file, "rt", encoding="utf-8", newline="")
    return file.open(encoding="utf-8", newline="")


def _yes_or_no(text: str, where: str) -> bool:
    if text not in ("True", "False"):
        raise InputError("neither yes nor no", where=where, got=text, expected="True or False")
    return text == "True"


def _seconds(text: str, where: str) -> int:
    try:
        return int(float(text))
    except ValueError:
        raise InputError("not a time", where=where, got=text, expected="UNIX seconds") from None


def _moment(text: str, where: str) -> int:
    """UNIX seconds of an ISO date and time, which is UTC where it names no zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InputError("not a time", where=where, got=text, expected="such as 2013-08-22 20:31:07") from None
    return int((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())
