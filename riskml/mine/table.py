"""Records as a table on disk: Parquet, CSV or JSON lines; what is unknown is null."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from math import isnan
from pathlib import Path
from typing import BinaryIO, NamedTuple

from riskml.errors import UsageError
from riskml.features.catalogue import FEATURE_SET, NAMES
from riskml.mine.replacing import replacing
from riskml.mine.rows import Row

Cell = str | int | float | bool | None
_ROW_TYPES: Mapping[str, type] = {
    "sha": str, "authored_at": int, "committed_at": int, "newcomer": bool, **dict.fromkeys(NAMES, float),
}
COLUMNS = tuple(_ROW_TYPES)
"""Columns of a table of rows; times are UNIX seconds, ``newcomer`` is that of :class:`riskml.mine.rows.Row`."""
_BATCH = 8192


class Columns(NamedTuple):
    """Names and types of the columns of a table, and what Parquet is told of the whole."""

    types: Mapping[str, type]
    metadata: Mapping[str, str]


def write(rows: Iterable[Row], path: Path) -> int:
    """Write rows of features, as ``write_records`` does."""
    return write_records(map(_cells, rows), path, Columns(_ROW_TYPES, {"riskml.feature_set": str(FEATURE_SET)}))


def write_records(records: Iterable[Sequence[Cell]], path: Path, columns: Columns) -> int:
    """Write records in the format that the file's suffix names, and return how many there were. NaN and ``None`` are null.

    The file appears when it is whole: a run that is cut short leaves what was there before.

    Raises ``UsageError`` for a suffix that is not in ``FORMATS``, or a place that cannot be written.
    """
    writer = FORMATS.get(path.suffix.lower())
    if writer is None:
        expected = "a name ending in " + ", ".join(FORMATS)
        raise UsageError("unknown format of a table", where="output", got=path.name, expected=expected)
    with _replacing(path) as out:
        return writer(records, out, columns)


def _cells(row: Row) -> Sequence[Cell]:
    return [row.sha, row.authored_at, row.committed_at, row.newcomer, *row.vector]


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    try:
        with replacing(path) as out:
            yield out
    except OSError as error:
        cause = f"cannot write the table ({error.strerror})"
        raise UsageError(cause, where="output", got=str(path), expected="a writable path") from error


def _write_parquet(records: Iterable[Sequence[Cell]], out: BinaryIO, columns: Columns) -> int:
    try:
        import pyarrow as pa  # type: ignore[import-untyped] # it has no stubs, takes a while, and only Parquet needs it
        import pyarrow.parquet as pq  # type: ignore[import-untyped] # as above
    except ImportError:
        raise UsageError("Parquet needs pyarrow, which is not installed", where="output", got=".parquet",
                         expected="pip install 'riskml[table]', or a name ending in .csv or .jsonl") from None
    types = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}
    schema = pa.schema([(name, types[kind]) for name, kind in columns.types.items()], metadata=dict(columns.metadata))
    count = 0
    source = iter(records)
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        while batch := list(islice(source, _BATCH)):
            arrays = [pa.array(column, field.type, from_pandas=True)  # which makes NaN null
                      for column, field in zip(zip(*batch, strict=True), schema, strict=True)]
            writer.write_table(pa.table(arrays, schema=schema))
            count += len(batch)
    return count


def _write_csv(records: Iterable[Sequence[Cell]], out: BinaryIO, columns: Columns) -> int:
    writer = csv.writer(_Lines(out), lineterminator="\n")
    count = 0
    for record in chain((tuple(columns.types),), map(_without_nan, records)):
        writer.writerow(record)
        count += 1
    return count - 1


def _write_jsonl(records: Iterable[Sequence[Cell]], out: BinaryIO, columns: Columns) -> int:
    count = 0
    for record in records:
        line = dict(zip(columns.types, _without_nan(record), strict=True))
        out.write(json.dumps(line, allow_nan=False).encode() + b"\n")
        count += 1
    return count


def _without_nan(record: Sequence[Cell]) -> Sequence[Cell]:
    return [None if isinstance(cell, float) and isnan(cell) else cell for cell in record]


class _Lines:
    """Text written to a binary file."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def write(self, text: str) -> int:
        """Write text as UTF-8."""
        return self._out.write(text.encode())


FORMATS: Mapping[str, Callable[[Iterable[Sequence[Cell]], BinaryIO, Columns], int]] = {
    ".parquet": _write_parquet, ".csv": _write_csv, ".jsonl": _write_jsonl,
}
"""How to write a table, by the suffix of its name."""
