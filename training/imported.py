"""Labels from a table: ``sha, harm, source, known_at, confidence`` and, if there are, ``repository, authored_at``.

CSV (plain or gzipped) or Parquet, as ``riskml label`` writes it; ApacheJIT's CSV is known by its own columns. Times are UNIX
seconds or ISO dates, which are UTC where they name no zone.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from pathlib import Path
from typing import Any

from riskml.errors import InputError
from training.claims import SOURCES, Claim
from training.labels import commit_id, read_apachejit

NEEDED = ("sha", "harm", "source", "known_at", "confidence")
OPTIONAL = ("repository", "authored_at")
_FAR = 62_135_596_800  # seconds from 1970 back to the year 1, and as far ahead
_YES, _NO = ("true", "1", "yes"), ("false", "0", "no")


@dataclass(frozen=True, slots=True)
class Imported:
    """One row: a claim, and what the table says of the change itself. ``authored_at`` is UNIX seconds."""

    claim: Claim
    repository: str | None
    authored_at: float | None


def read(path: str | Path) -> Iterator[Imported]:
    """Read a table of labels. :raises InputError: naming the row and column that is not as it should be."""
    file = Path(path)
    names, rows = _rows(file)
    if "commit_id" in names and "buggy" in names:
        for label in read_apachejit(file):
            claim = Claim(label.sha, label.harm, "imported", label.known_at, label.confidence, label.source)
            yield Imported(claim, label.repository, label.authored_at)
        return
    absent = [name for name in NEEDED if name not in names]
    if absent:
        raise InputError("columns are missing", where=str(file), got=absent, expected=", ".join((*NEEDED, *OPTIONAL)))
    for number, row in enumerate(rows, 2):
        yield _imported(row, f"{file.name} row {number}")


def _imported(row: Mapping[str, Any], where: str) -> Imported:
    sha = commit_id(row["sha"], f"{where} sha")
    harm = _yes_or_no(row["harm"], f"{where} harm")
    known_at = _moment(row["known_at"], f"{where} known_at")
    if harm and known_at is None:
        raise InputError("a harm without the time it became known", where=f"{where} known_at", got=row["known_at"],
                         expected="UNIX seconds, or a date and time")
    origin = str(row["source"] or "").strip()
    nothing_found = "szz" if not origin and not harm else "imported"  # how riskml label tells of it
    source = origin if origin in SOURCES else nothing_found
    return Imported(
        Claim(sha, harm, source, known_at, _confidence(row["confidence"], f"{where} confidence"), origin),
        str(row["repository"]) if row.get("repository") else None, _moment(row.get("authored_at"), f"{where} authored_at"))


def _rows(file: Path) -> tuple[list[str], Iterator[Mapping[str, Any]]]:
    if file.suffix.lower() == ".parquet":
        import pyarrow as pa  # type: ignore[import-untyped] # it ships no types
        import pyarrow.parquet as pq  # type: ignore[import-untyped] # it ships no types

        try:
            table = pq.read_table(file)
        except (OSError, pa.ArrowException) as problem:
            raise InputError("not a readable Parquet table", where=str(file), got=str(problem)) from problem
        return list(table.column_names), iter(table.to_pylist())
    return _csv_header(file), _csv(file)


def _csv_header(file: Path) -> list[str]:
    try:
        with _text(file) as stream:
            return list(csv.DictReader(stream).fieldnames or ())
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as problem:
        raise InputError("not a readable CSV table", where=str(file), got=str(problem)) from problem


def _csv(file: Path) -> Iterator[Mapping[str, Any]]:
    try:
        with _text(file) as stream:
            yield from csv.DictReader(stream, strict=True)  # a quote left open would swallow what follows
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as problem:
        raise InputError("not a readable CSV table", where=str(file), got=str(problem)) from problem


def _text(file: Path) -> Any:
    if file.suffix == ".gz":
        return gzip.open(file, "rt", encoding="utf-8", newline="")
    return file.open(encoding="utf-8-sig", newline="")


def _yes_or_no(value: object, where: str) -> bool:
    text = str(value).strip().lower()
    if text not in (*_YES, *_NO):
        raise InputError("neither yes nor no", where=where, got=value, expected="true or false")
    return text in _YES


def _confidence(value: object, where: str) -> float:
    if value is None or value == "":
        return 1.0  # a table that weighs nothing stands by all it says
    try:
        found = float(str(value))
    except ValueError:
        found = -1.0
    if not 0.0 < found <= 1.0:
        raise InputError("not a confidence", where=where, got=value, expected="a number above 0 and at most 1")
    return found


def _moment(value: object, where: str) -> float | None:
    """UNIX seconds of a number or an ISO text; ``None`` of nothing."""
    if value is None or value == "":
        return None
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    try:
        found = float(str(value))
    except ValueError:
        try:
            return _moment(datetime.fromisoformat(str(value).strip()), where)
        except ValueError:
            raise InputError("not a time", where=where, got=value, expected="UNIX seconds, or 2026-11-24 10:00:00") from None
    if not (isfinite(found) and abs(found) < _FAR):  # milliseconds, for one, are beyond it
        raise InputError("not a time", where=where, got=value, expected="UNIX seconds, or 2026-11-24 10:00:00")
    return found
