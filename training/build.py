"""From repositories and labels to one dataset. A repository that was mined before is not mined again.

A finished table is recognised by what made it: the tip that was mined, the feature set, and the hash of its bytes, kept in a
small file beside it. Whatever does not fit is mined anew, so an interrupted build goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path

import pyarrow.csv as csv  # type: ignore[import-untyped] # it ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped] # it ships no types

from riskml.adapters.git import GitRepository
from riskml.errors import ArtifactMismatch, InputError
from riskml.features.catalogue import FEATURE_SET, NAMES
from riskml.mine import finished as notes
from riskml.mine.finished import digest
from riskml.mine.rows import mine
from riskml.mine.table import write
from training.dataset import in_order, kamei_table, label_table, save
from training.labels import Label, read_apachejit
from training.recipe import CANDIDATES

Say = Callable[[str], None]
KAMEI_LATENCY_DAYS = 365
"""Tables that bring their own labels do not tell when a harm became known; this is what is assumed."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What to build from: repositories to mine, tables mined before, label files, and tables with features and labels."""

    repositories: Sequence[Path] = ()
    tables: Sequence[Path] = ()
    labels: Sequence[Path] = ()
    kamei: Sequence[Path] = ()


def build(inputs: Inputs, folder: Path, observed_until: date, say: Say) -> Path:
    """Mine what is not mined yet, join it with the labels, and write ``folder/dataset.parquet``. Returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (inputs.labels or inputs.kamei):
        raise InputError("nothing to learn from", expected="--labels with --repository or --table, or --kamei")
    mined = [mined_table(path, folder / "tables", observed_until, say) for path in inputs.repositories]
    labels = _labels(inputs.labels)
    parts = []
    for path in (*mined, *inputs.tables):
        part = label_table(_mined(path), labels, CANDIDATES)
        say(f"{path.name}: {len(part)} labelled changes")
        parts.append(part)
    for path in inputs.kamei:
        part = kamei_table(csv.read_csv(path), CANDIDATES, "kamei", known_after_days=KAMEI_LATENCY_DAYS)
        say(f"{path.name}: {len(part)} changes with features of their own")
        parts.append(part)
    data = in_order(parts)
    target = folder / "dataset.parquet"
    found = set(data.sha.tolist())
    save(data, target, {
        "feature_set": FEATURE_SET, "labels_without_change": sum(sha not in found for sha in labels),
        "inputs": {path.name: digest(path) for path in sorted((*mined, *inputs.tables, *inputs.labels, *inputs.kamei))},
    })
    repositories = len(set(data.repository.tolist()))
    say(f"{target.name}: {len(data)} changes, {int(data.harm.sum())} harmful, of {repositories} repositories")
    return target


def mined_table(repository: Path, folder: Path, until: date, say: Say) -> Path:
    """Mine the history of HEAD up to a day into a table, or keep the one that is there."""
    folder.mkdir(parents=True, exist_ok=True)
    git = GitRepository.open(repository)
    tips = git.rev_list(["-1", f"--before={until.isoformat()}T23:59:59Z", git.resolve("HEAD")])
    if not tips:
        raise InputError("no commit early enough", where=str(repository), expected=f"a commit of {until} or before")
    tip = tips[0]
    table = folder / f"{git.key.replace('/', '+')}-{tip[:12]}.parquet"  # two checkouts may have one name, never one tip
    made_from = {"tip": tip, "feature_set": FEATURE_SET, "features": sha256(" ".join(NAMES).encode()).hexdigest()}
    if notes.finished(table, made_from, note=_note(table)):
        say(f"{table.stem}: kept, mined before")
        return table
    rows = write(mine(git, tip, notice=lambda text: say(f"{table.stem}: {text}")), table)
    notes.finish(table, made_from, note=_note(table))
    say(f"{table.stem}: {rows} commits mined")
    return table


def _note(table: Path) -> Path:
    return table.with_suffix(".json")


def _labels(paths: Iterable[Path]) -> dict[str, Label]:
    return {label.sha: label for path in paths for label in read_apachejit(path)}


def _mined(path: Path) -> pq.Table:
    table = pq.read_table(path)
    made_with = (table.schema.metadata or {}).get(b"riskml.feature_set")
    if made_with != str(FEATURE_SET).encode():
        raise ArtifactMismatch("a table of another feature set", where=str(path), got=made_with,
                               expected=f"feature set {FEATURE_SET}, as riskml mine writes it")
    return table
