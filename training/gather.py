"""All that is known by a date, from every source, as one dataset: features of changes, and what is claimed about them.

The date is, unless it is given, the newest moment that any source knows of: the last commit of a history, the last outcome in
the store, the last harm in a table. So the same sources give the same dataset whenever they are asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa  # type: ignore[import-untyped] # it ships no types
import pyarrow.csv as csv  # type: ignore[import-untyped] # it ships no types

from riskml.counted import counted
from riskml.errors import InputError, UsageError
from riskml.features.catalogue import FEATURE_SET
from training.build import KAMEI_LATENCY_DAYS, Say, digest, read_table
from training.claims import GROUPS, SOURCES, Claim, Settled, settle
from training.config import timestamp
from training.dataset import DAY, Dataset, in_order, kamei_table, label_table, save
from training.imported import Imported
from training.imported import read as read_imported
from training.labels import Label
from training.mined import Mined, mined
from training.recipe import CANDIDATES
from training.served import FromStore
from training.served import read as read_store
from training.shadow import shadows


@dataclass(frozen=True, slots=True)
class Sources:
    """Where to look. ``variant`` is the SZZ that reads the repositories; its claims below ``least_confidence`` do not count."""

    repositories: Sequence[Path] = ()
    tables: Sequence[Path] = ()
    labels: Sequence[Path] = ()
    kamei: Sequence[Path] = ()
    issues: Sequence[Path] = ()
    fixes: Sequence[Path] = ()
    store: str | None = None
    variant: str = "ma"
    least_confidence: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Gathered:
    """The dataset, up to which day it knows, and an account of what came from where (plain data)."""

    data: Dataset
    path: Path
    as_of: date
    account: Mapping[str, Any]


@dataclass(slots=True)
class _Ledger:
    """Claims by change, and how they were settled."""

    as_of: float
    claims: dict[str, list[Claim]] = field(default_factory=dict)
    decided: Counter[tuple[str, bool]] = field(default_factory=Counter)
    overruled: int = 0

    def add(self, claims: Iterable[Claim]) -> None:
        for claim in claims:
            self.claims.setdefault(claim.sha, []).append(claim)

    def label(self, sha: str, repository: str, at: float) -> Label | None:
        settled = settle(self.claims.get(sha, ()), self.as_of)
        if settled is None:
            return None
        self.decided[settled.source, settled.harm] += 1
        self.overruled += bool(settled.overruled)
        return _labelled(settled, sha, repository, at)


def gather(sources: Sources, folder: Path, maturity_days: int, say: Say, *, today: date, as_of: date | None = None) -> Gathered:
    """Look everywhere, settle what is claimed, and write ``folder/dataset.parquet``.

    A history that ends before the date has looked for harm only until its own end: its changes of the last ``maturity_days``
    before that are left out, as young changes are everywhere.

    :raises InputError: nothing to learn from; :raises UsageError: a day that is still to come
    """
    if not (sources.repositories or sources.tables or sources.kamei or sources.store):
        raise InputError("nothing to learn from", expected="--repository, --store, --kamei, or --table with --labels")
    if as_of is not None and as_of > today:
        raise UsageError("a day that is still to come", where="as of", got=str(as_of), expected=f"{today} or before")
    folder.mkdir(parents=True, exist_ok=True)
    until = as_of or today
    imported = [row for path in sources.labels for row in read_imported(path)]
    histories = [mined(path, folder / "tables", until, sources.variant, say, labelled={row.claim.sha for row in imported},
                       issues=sources.issues, fixes=sources.fixes) for path in sources.repositories]
    store = FromStore() if sources.store is None else read_store(sources.store)
    day = _day(histories, imported, store, today) if as_of is None else as_of
    ledger = _Ledger(timestamp(day) + DAY)
    for history in histories:
        ledger.add(c for c in history.claims() if c.source != "szz" or c.confidence >= sources.least_confidence)
    ledger.add(row.claim for row in imported)
    ledger.add(store.claims(ledger.as_of))
    tables = [_Table(h.path.name, h.table, h.key, h.until) for h in histories]
    tables += [_Table(path.name, read_table(path), path.stem, None) for path in sources.tables]
    named = {row.claim.sha: row.repository for row in imported if row.repository}
    parts = [*_mirrored(tables, store, named, ledger, maturity_days), *_elsewhere(sources, store, ledger)]
    for row, _ in parts:
        say(f"{row['name']}: {counted(row['labelled'], 'labelled change')}, {row['harmful']} harmful")
    data = in_order(part for _, part in parts).between(0, ledger.as_of)
    files = (*(h.path for h in histories), *sources.tables, *sources.labels, *sources.kamei, *sources.issues, *sources.fixes)
    inputs = {name: digest(file) for name, file in told_apart(files).items()}
    path = folder / "dataset.parquet"
    save(data, path, {"feature_set": FEATURE_SET, "as_of": str(day), "inputs": inputs})
    return Gathered(data, path, day, {
        "as_of": str(day), "tables": [row for row, _ in parts], "claims": _account(ledger), "overruled": ledger.overruled,
        "inputs": inputs, "served": len(store.served), "served_elsewhere": _nowhere_else(store, tables),
        "other_feature_set": store.other_set, "unfound": _unfound(ledger, data), "shadow": shadows(store, ledger.as_of),
    })


@dataclass(frozen=True, slots=True)
class _Table:
    """Features of commits. ``ends`` is how long harm was looked for in this history; ``None`` if that is not known."""

    name: str
    rows: pa.Table
    key: str
    ends: float | None


def _day(histories: Sequence[Mined], imported: Sequence[Imported], store: FromStore, today: date) -> date:
    known = (row.claim.known_at for row in imported if row.claim.known_at is not None)
    newest = max((*(h.until for h in histories), *known, store.newest), default=0.0)
    return min(datetime.fromtimestamp(newest, UTC).date(), today) if newest else today


def told_apart(files: Iterable[Path]) -> dict[str, Path]:
    """Name each file by the end of its path: its name alone, and as many folders above it as tell it from the others.

    >>> list(told_apart([Path("/a/x/labels.csv"), Path("/a/y/labels.csv"), Path("/b/fixes.csv"), Path("/b/fixes.csv")]))
    ['fixes.csv', 'x/labels.csv', 'y/labels.csv']
    """
    paths = sorted({file.resolve() for file in files})

    def named(path: Path) -> str:
        ends = ["/".join(path.parts[-depth:]) for depth in range(1, len(path.parts) + 1)]
        return next((end for depth, end in enumerate(ends, 1)
                     if all(other == path or "/".join(other.parts[-depth:]) != end for other in paths)), ends[-1])

    return dict(sorted((named(path), path) for path in paths))


Part = tuple[dict[str, Any], Dataset]


def _mirrored(tables: Sequence[_Table], store: FromStore, named: Mapping[str, str], ledger: _Ledger,
              maturity_days: int) -> Iterator[Part]:
    """Join mined tables with what is known of their changes, apart from those whose answers the store has."""
    served = {row.sha for row in store.served}
    for table in tables:
        labels = {}
        columns = (table.rows.column(name).to_pylist() for name in ("sha", "authored_at"))
        for sha, at in zip(*columns, strict=True):
            label = None if sha in served else ledger.label(sha, named.get(sha, table.key), at)
            if label is not None:
                labels[sha] = label
        part = label_table(table.rows, labels, CANDIDATES)
        if table.ends is not None and table.ends < ledger.as_of - DAY:
            part = part.where(part.at < table.ends - maturity_days * DAY)
        yield _counted(table.name, part, table.rows.num_rows, table.ends), part


def _elsewhere(sources: Sources, store: FromStore, ledger: _Ledger) -> Iterator[Part]:
    """Give the changes that bring their own features: answers of the service, and tables with features and labels."""
    if store.served:
        found = [(row.sha, ledger.label(row.sha, row.repository, row.at)) for row in store.served]
        columns: dict[str, Any] = {"sha": [row.sha for row in store.served], "authored_at": [int(r.at) for r in store.served]}
        for name in CANDIDATES:
            columns[name] = pa.array([row.features.get(name) for row in store.served], pa.float64())
        labels = {sha: label for sha, label in found if label is not None}
        part = label_table(pa.table(columns), labels, CANDIDATES)
        yield _counted("answers of the service", part, len(store.served), None), part
    for path in sources.kamei:
        part = kamei_table(csv.read_csv(path), CANDIDATES, "kamei", known_after_days=KAMEI_LATENCY_DAYS)
        yield _counted(path.name, part, len(part), None), part


def _labelled(settled: Settled, sha: str, repository: str, at: float) -> Label:
    return Label(repository, sha, settled.harm, int(at), None if settled.known_at is None else int(settled.known_at),
                 GROUPS.get(settled.source, settled.source), settled.confidence)


def _counted(name: str, part: Dataset, rows: int, ends: float | None) -> dict[str, Any]:
    return {"name": name, "rows": rows, "labelled": len(part), "harmful": int(part.harm.sum()),
            "looked_until": None if ends is None else str(datetime.fromtimestamp(ends, UTC).date())}


def _account(ledger: _Ledger) -> list[dict[str, Any]]:
    """Count, by source, the claims that were known by the date, and the labels that they decided."""
    said: Counter[tuple[str, bool]] = Counter()
    for claims in ledger.claims.values():
        said.update((c.source, c.harm) for c in claims if c.known_at is None or c.known_at <= ledger.as_of)
    return [{"source": source, "harm": said[source, True], "no_harm": said[source, False],
             "decided_harm": ledger.decided[source, True], "decided_no_harm": ledger.decided[source, False]}
            for source in SOURCES if said[source, True] or said[source, False]]


def _nowhere_else(store: FromStore, tables: Sequence[_Table]) -> int:
    mirrored = {sha for table in tables for sha in table.rows.column("sha").to_pylist()}
    return sum(row.sha not in mirrored for row in store.served)


def _unfound(ledger: _Ledger, data: Dataset) -> int:
    """Count the changes that something is claimed of, and whose features nobody has."""
    found = set(data.sha.tolist())
    return sum(sha not in found for sha, claims in ledger.claims.items() if any(c.harm for c in claims))
