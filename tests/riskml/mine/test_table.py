"""Tables of rows: the same numbers in every format, unknown as null, and whole or not there."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from math import isnan, nan

import pytest

from riskml.errors import UsageError
from riskml.features.catalogue import FEATURE_SET, NAMES
from riskml.mine.rows import Row
from riskml.mine.table import COLUMNS, FORMATS, write

VECTORS = [(float(n), nan, *(0.1 * n for _ in NAMES[2:])) for n in range(3)]
ROWS = [Row(f"{n:040x}", 100 + n, 200 + n, merge=False, vector=vector, newcomer=(True, False, None)[n])
        for n, vector in enumerate(VECTORS)]
WORDS = {"True": True, "False": False, "": None}


def read(path) -> list[dict[str, object]]:
    """Read a table of any format into plain rows; null is ``None``."""
    if path.suffix == ".parquet":
        pq = pytest.importorskip("pyarrow.parquet")
        return pq.read_table(path).to_pylist()
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text().splitlines()]
    with open(path, newline="") as lines:
        return [{k: v if k == "sha" else WORDS[v] if v in WORDS else float(v) for k, v in line.items()}
                for line in csv.DictReader(lines)]


@pytest.mark.parametrize("suffix", FORMATS)
def test_formats_hold_the_same_numbers(tmp_path, suffix):
    """Columns stand in their documented order; what is unknown is null; numbers keep every digit."""
    path = tmp_path / f"table{suffix}"

    assert write(iter(ROWS), path) == 3

    table = read(path)
    assert [tuple(line) for line in table] == [COLUMNS] * 3
    for line, row in zip(table, ROWS, strict=True):
        assert (line["sha"], line["authored_at"], line["committed_at"]) == (row.sha, row.authored_at, row.committed_at)
        assert line["newcomer"] is row.newcomer
        assert [line[name] for name in NAMES] == [None if isnan(v) else v for v in row.vector]


@pytest.mark.parametrize("suffix", FORMATS)
def test_table_of_nothing_has_its_columns(tmp_path, suffix):
    """An empty history gives a table without rows, not an error."""
    assert write(iter(()), tmp_path / f"table{suffix}") == 0
    assert read(tmp_path / f"table{suffix}") == []


def test_parquet_names_its_feature_set(tmp_path):
    """A reader can tell which set of features the columns belong to, and finds numbers, not text."""
    pq = pytest.importorskip("pyarrow.parquet")
    write(iter(ROWS), tmp_path / "table.parquet")

    schema = pq.read_schema(tmp_path / "table.parquet")

    assert schema.metadata[b"riskml.feature_set"] == str(FEATURE_SET).encode()
    assert {str(schema.field(name).type) for name in NAMES} == {"double"}
    assert str(schema.field("committed_at").type) == "int64"
    assert str(schema.field("newcomer").type) == "bool"


def test_run_that_is_cut_short_leaves_what_was_there(tmp_path):
    """A table appears when it is whole; an error on the way leaves the former one, and no litter."""
    path = tmp_path / "table.csv"
    write(iter(ROWS), path)
    before = path.read_bytes()

    def broken() -> Iterator[Row]:
        yield ROWS[0]
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write(broken(), path)

    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["table.csv"]


def test_unknown_format_names_the_known(tmp_path):
    """A suffix that is no format is refused with those that are."""
    with pytest.raises(UsageError, match=r"\.parquet, \.csv, \.jsonl"):
        write(iter(ROWS), tmp_path / "table.xlsx")


def test_place_that_cannot_be_written_is_named(tmp_path):
    """A folder that is not there is an error that names the file."""
    with pytest.raises(UsageError, match=r"nowhere.*table\.csv"):
        write(iter(ROWS), tmp_path / "nowhere" / "table.csv")
