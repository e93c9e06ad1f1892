"""Features and labels of many changes, and what of them was known at a date.

Rows are kept in order of the time they were written. ``repository`` tells rows apart for reports and weights; it is never a
feature, and neither is anything about a person. ``newcomer`` is there for reports alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped] # it ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped] # it ships no types
from numpy.typing import NDArray

from riskml.errors import InputError
from training.labels import Label

DAY = 86_400
COLUMNS = ("features", "repository", "sha", "source", "at", "harm", "known_at", "newcomer")
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Texts = NDArray[np.object_]


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Columns of equal length.

    ``features`` is (changes, names), NaN = unknown. ``at`` (written) and ``known_at`` (its harm became known; NaN where none is
    known) are UNIX seconds. ``newcomer`` is 1 where the author had made few changes here before, 0 where not, NaN = unknown
    (:class:`riskml.mine.rows.Row`).
    """

    names: tuple[str, ...]
    features: Floats
    repository: Texts
    sha: Texts
    source: Texts
    at: Floats
    harm: Bools
    known_at: Floats
    newcomer: Floats

    def __len__(self) -> int:
        return len(self.at)

    def where(self, chosen: NDArray[Any]) -> Dataset:
        """Keep the rows of a mask or of a list of positions."""
        return replace(self, **{name: getattr(self, name)[chosen] for name in COLUMNS})

    def between(self, start: float, end: float) -> Dataset:
        """Keep the changes written in [start, end)."""
        return self.where((self.at >= start) & (self.at < end))

    def column(self, name: str) -> Floats:
        """One feature of all rows."""
        return np.asarray(self.features[:, self.names.index(name)])

    def only(self, names: Sequence[str]) -> Dataset:
        """Keep these features, in this order; a name the table lacks becomes a column of unknowns."""
        features = np.full((len(self), len(names)), np.nan)
        for i, name in enumerate(names):
            if name in self.names:
                features[:, i] = self.column(name)
        return replace(self, names=tuple(names), features=features)

    def known_by(self, cut: float, maturity_days: float) -> Dataset:
        """Keep what a trainer could have known at ``cut``: changes of ``maturity_days`` before, with the harms found by then.

        A younger change is left out whether or not its harm was found: young is not clean, and a cohort of which only the
        harmful are kept has no natural rate.
        """
        kept = self.where(self.at < cut - maturity_days * DAY)
        return replace(kept, harm=kept.harm & (kept.known_at <= cut))


def in_order(parts: Iterable[Dataset]) -> Dataset:
    """Put tables with the same features together, oldest change first; a change that several tables hold is kept once."""
    tables = [part for part in parts if len(part)]
    if not tables:
        raise InputError("no labelled changes", expected="tables whose 'sha' column meets the labels")
    first = tables[0]
    if any(t.names != first.names for t in tables):
        raise InputError("tables with different features", expected=", ".join(first.names[:8]) + " …")
    columns: dict[str, Any] = {name: np.concatenate([getattr(t, name) for t in tables]) for name in COLUMNS}
    whole = replace(first, **columns)
    order = np.lexsort((whole.sha, whole.at))
    whole = whole.where(order)
    _, kept = np.unique(whole.sha.astype(str), return_index=True)
    return whole.where(np.sort(kept))


def label_table(table: pa.Table, labels: Mapping[str, Label], names: Sequence[str]) -> Dataset:
    """Join a mined table (``sha``, ``authored_at``, features) with labels by full commit id.

    A feature that the table lacks is a column of unknowns. Changes without a label and labels without a change are left out.
    """
    shas = table.column("sha").to_pylist()
    rows = [i for i, sha in enumerate(shas) if sha in labels]
    found = [labels[shas[i]] for i in rows]
    table = table.take(pa.array(rows, type=pa.int64()))
    present = set(table.column_names)
    columns = [table.column(n).to_numpy().astype(np.float64) if n in present else np.full(len(rows), np.nan) for n in names]
    return Dataset(
        names=tuple(names),
        features=np.column_stack(columns).reshape(len(rows), len(names)),
        repository=_texts(label.repository for label in found),
        sha=_texts(label.sha for label in found),
        source=_texts(label.source for label in found),
        at=np.array([label.authored_at for label in found], dtype=np.float64),
        harm=np.array([label.harm for label in found], dtype=bool),
        known_at=np.array([np.nan if label.known_at is None else label.known_at for label in found], dtype=np.float64),
        newcomer=_flags(table, "newcomer"),
    )


def kamei_table(table: pa.Table, names: Sequence[str], source: str, *, known_after_days: float) -> Dataset:
    """Read a table of changes that brings its own features and labels: ``commit_id``, ``project``, ``date``, ``bug``.

    Features are taken by name (``ent`` is ``entropy``); all others are unknown. When a harm became known is not told there, so
    it is taken to be ``known_after_days`` after the change.
    """
    present = {"entropy" if n == "ent" else n: n for n in table.column_names}
    at = table.column("date").to_numpy().astype(np.float64)
    harm = table.column("bug").to_numpy().astype(bool)
    n = len(at)
    columns = [table.column(present[k]).to_numpy().astype(np.float64) if k in present else np.full(n, np.nan) for k in names]
    return Dataset(
        names=tuple(names), features=np.column_stack(columns), sha=_texts(table.column("commit_id").to_pylist()),
        repository=_texts(table.column("project").to_pylist()), source=_texts([source] * n), at=at, harm=harm,
        known_at=np.where(harm, at + known_after_days * DAY, np.nan), newcomer=np.full(n, np.nan),
    )


def save(data: Dataset, path: Path, about: Mapping[str, Any]) -> None:
    """Write a dataset as one Parquet file, with what it was made from in its metadata."""
    columns: dict[str, Any] = {
        "sha": data.sha, "repository": data.repository, "source": data.source, "at": data.at, "harm": data.harm,
        "known_at": pa.array(data.known_at, from_pandas=True), "newcomer": pa.array(data.newcomer, from_pandas=True),
    }
    for i, name in enumerate(data.names):
        columns["f:" + name] = pa.array(data.features[:, i], from_pandas=True)
    table = pa.table(columns).replace_schema_metadata({"riskml": json.dumps(dict(about), sort_keys=True)})
    scratch = path.with_name(f".{path.name}.new")
    pq.write_table(table, scratch, compression="zstd")
    scratch.replace(path)


def open_saved(path: Path) -> tuple[Dataset, dict[str, Any]]:
    """Read a dataset back, with what it was made from."""
    if not path.is_file():
        raise InputError("no dataset", where=str(path), expected="the file that 'python -m training build' writes")
    table = pq.read_table(path)
    names = tuple(n[2:] for n in table.column_names if n.startswith("f:"))
    data = Dataset(
        names=names,
        features=np.column_stack([table.column("f:" + n).to_numpy().astype(np.float64) for n in names]),
        repository=_texts(table.column("repository").to_pylist()), sha=_texts(table.column("sha").to_pylist()),
        source=_texts(table.column("source").to_pylist()), at=table.column("at").to_numpy(),
        harm=table.column("harm").to_numpy().astype(bool), known_at=table.column("known_at").to_numpy().astype(np.float64),
        newcomer=_flags(table, "newcomer"),
    )
    about = json.loads((table.schema.metadata or {}).get(b"riskml", b"{}"))
    return data, about


def _flags(table: pa.Table, name: str) -> Floats:
    """Read a column of yes and no as 1 and 0; what is null, or in a table without the column, is NaN."""
    if name not in table.column_names:
        return np.full(len(table), np.nan)
    return np.array([np.nan if value is None else float(value) for value in table.column(name).to_pylist()], dtype=np.float64)


def _texts(values: Iterable[str]) -> Texts:
    found = list(values)
    array = np.empty(len(found), dtype=object)
    array[:] = found
    return array
