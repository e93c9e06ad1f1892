"""Tables of changes on disk, Parquet or CSV, read and written batch by batch. The only file here that speaks pyarrow."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from riskml.errors import InputError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped] # it ships no types

ROWS = 65_536
"""Rows a batch has at most."""

SUFFIXES = (".parquet", ".csv")


class Sink(Protocol):
    """Where batches of one schema go."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Write one batch."""
        ...


def kind(path: str | Path) -> str:
    """Tell by its name what kind of table a file is. :raises UsageError: for a name that ends in neither."""
    suffix = Path(path).suffix.lower()
    if suffix not in SUFFIXES:
        raise UsageError("an unknown kind of table", where="command line", got=str(path), expected="a name in .parquet or .csv")
    return suffix


def read(path: str | Path, numbers: Collection[str] = ()) -> Iterator[pa.RecordBatch]:
    """Yield a table's batches, at least one, be it empty. In CSV, ``numbers`` are read as numbers and all else as text.

    :raises InputError: where the file is no such table
    """
    arrow = _arrow()
    suffix = kind(path)
    try:
        if suffix == ".parquet":
            import pyarrow.parquet as pq  # type: ignore[import-untyped] # it ships no types

            with pq.ParquetFile(path) as file:
                batches = file.iter_batches(ROWS)
                yield from _at_least_one(batches, file.schema_arrow)
        else:
            import pyarrow.csv as csv  # type: ignore[import-untyped] # it ships no types

            with Path(path).open("rb") as stream:
                head = stream.readline().decode("utf-8-sig")
            names = [name.strip().strip('"') for name in head.split(",")]
            types = {n: arrow.float64() if n in numbers else arrow.string() for n in names}
            options = csv.ConvertOptions(column_types=types)
            with csv.open_csv(path, convert_options=options) as file:
                yield from _at_least_one(file, file.schema)
    except (OSError, arrow.ArrowException, UnicodeDecodeError) as problem:
        text = str(problem).strip()
        raise InputError(f"not a readable {suffix[1:]} table", where=str(path), got=text) from problem


@contextmanager
def writing(path: str | Path) -> Iterator[Sink]:
    """Write batches to a table, which takes its name only when all are written. The first batch decides the columns."""
    _arrow()
    target = Path(path)
    kind(target)
    scratch = target.with_name(f".{target.name}.new")
    sink = _Sink(scratch, kind(target))
    try:
        yield sink
        sink.close()
        scratch.replace(target)
    except OSError as problem:
        raise UsageError("the table cannot be written", where=str(path), got=problem.strerror) from problem
    finally:
        sink.close()
        scratch.unlink(missing_ok=True)


class _Sink:
    def __init__(self, path: Path, suffix: str) -> None:
        self._path, self._suffix = path, suffix
        self._writer: Any = None

    def write(self, batch: pa.RecordBatch) -> None:
        if self._writer is None:
            if self._suffix == ".parquet":
                import pyarrow.parquet as pq

                self._writer = pq.ParquetWriter(self._path, batch.schema, compression="zstd")
            else:
                import pyarrow.csv as csv

                self._writer = csv.CSVWriter(self._path, batch.schema)
        self._writer.write(batch)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._writer = None


def _at_least_one(batches: Iterator[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    some = False
    for batch in batches:
        some = True
        yield batch
    if not some:
        yield pa.RecordBatch.from_pylist([], schema=schema)


def _arrow() -> Any:
    try:
        import pyarrow as pa
    except ImportError:
        raise UsageError("tables need pyarrow", where="this installation", got="no module pyarrow",
                         expected="pip install 'riskml[table]'") from None
    return pa
