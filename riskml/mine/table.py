"""Rows as a table on disk: ``sha``, ``authored_at``, ``committed_at`` (UNIX seconds), the features; null is unknown."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain, islice
from math import isnan
from pathlib import Path
from typing import BinaryIO

from riskml.errors import UsageError
from riskml.features.catalogue import FEATURE_SET, NAMES
from riskml.mine.rows import Row

COLUMNS = ("sha", "authored_at", "committed_at", *NAMES)
_BATCH = 8192


def write(rows: Iterable[Row], path: Path) -> int:
    """Write rows in the format that the file's suffix names, and return how many there were.

    The file appears when it is whole: a run that is cut short leaves what was there before.

    Raises ``UsageError`` for a suffix that is not in ``FORMATS``, or a place that cannot be written.
    """
    writer = FORMATS.get(path.suffix.lower())
    if writer is None:
        expected = "a name ending in " + ", ".join(FORMATS)
        raise UsageError("unknown format of a table", where="output", got=path.name, expected=expected)
    with _replacing(path) as out:
        return writer(rows, out)


@contextmanager
def _replacing(path: Path) -> Iterator[BinaryIO]:
    try:
        scratch = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with open(scratch, "wb") as out:
                yield out
            os.replace(scratch, path)
        finally:
            scratch.unlink(missing_ok=True)
    except OSError as error:
        cause = f"cannot write the table ({error.strerror})"
        raise UsageError(cause, where="output", got=str(path), expected="a writable path") from error


def _write_parquet(rows: Iterable[Row], out: BinaryIO) -> int:
    import numpy as np  # both take a while, and the other formats need neither
    import pyarrow as pa  # type: ignore[import-untyped] # it has no stubs
    import pyarrow.parquet as pq  # type: ignore[import-untyped] # it has no stubs

    fields = [("sha", pa.string()), ("authored_at", pa.int64()), ("committed_at", pa.int64())]
    fields += [(name, pa.float64()) for name in NAMES]
    schema = pa.schema(fields, metadata={"riskml.feature_set": str(FEATURE_SET)})
    count = 0
    source = iter(rows)
    with pq.ParquetWriter(out, schema, compression="zstd") as writer:
        while batch := list(islice(source, _BATCH)):
            values = np.array([row.vector for row in batch], dtype=np.float64)
            columns = [
                pa.array([row.sha for row in batch]), pa.array([row.authored_at for row in batch], pa.int64()),
                pa.array([row.committed_at for row in batch], pa.int64()),
                *(pa.array(column, from_pandas=True) for column in values.T),
            ]
            writer.write_table(pa.table(columns, schema=schema))
            count += len(batch)
    return count


def _write_csv(rows: Iterable[Row], out: BinaryIO) -> int:
    lines = _Lines(out)
    writer = csv.writer(lines, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for row in rows:
        writer.writerow(_cells(row))
        count += 1
    return count


def _write_jsonl(rows: Iterable[Row], out: BinaryIO) -> int:
    count = 0
    for row in rows:
        out.write(json.dumps(dict(zip(COLUMNS, _cells(row), strict=True)), allow_nan=False).encode() + b"\n")
        count += 1
    return count


def _cells(row: Row) -> Iterator[str | int | float | None]:
    return chain((row.sha, row.authored_at, row.committed_at), (None if isnan(v) else v for v in row.vector))


class _Lines:
    """Text written to a binary file."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def write(self, text: str) -> int:
        """Write text as UTF-8."""
        return self._out.write(text.encode())


FORMATS: Mapping[str, Callable[[Iterable[Row], BinaryIO], int]] = {
    ".parquet": _write_parquet, ".csv": _write_csv, ".jsonl": _write_jsonl,
}
"""How to write a table, by the suffix of its name."""
