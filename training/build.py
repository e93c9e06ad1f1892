"""From repositories and labels to one dataset. A repository that was mined before is not mined again.

A finished table is recognised by what made it: the tip that was mined, the feature set, and the hash of its bytes, kept in a
small file beside it. Whatever does not fit is mined anew, so an interrupted build goes on where it stopped.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path

import pyarrow.csv as csv  # type: ignore[import-untyped] # it ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped] # it ships no types

from riskml.adapters.git import GitRepository
from riskml.counted import counted
from riskml.errors import ArtifactMismatch, InputError
from riskml.features.catalogue import FEATURE_SET, Profile
from riskml.mine import finished as notes
from riskml.mine.finished import digest as digest  # other files of training take it from here
from riskml.mine.rows import mine
from riskml.mine.table import COLUMNS, write
from training.dataset import in_order, kamei_table, label_table, save
from training.faults import told
from training.imported import read as read_labels
from training.labels import Label
from training.partitions import name_of, partitions
from training.recipe import CANDIDATES, EVERY

Say = Callable[[str], None]
_FULL = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
KAMEI_LATENCY_DAYS = 365
"""Tables that bring their own labels do not tell when a harm became known; this is what is assumed."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What to build from: repositories to mine, tables mined before, label files, and tables with features and labels.

    ``issues`` are a tracker's exports, ``fixes`` lists of commits that repaired a reported fault: one or the other tells which.
    """

    repositories: Sequence[Path] = ()
    tables: Sequence[Path] = ()
    labels: Sequence[Path] = ()
    kamei: Sequence[Path] = ()
    issues: Sequence[Path] = ()
    fixes: Sequence[Path] = ()
    profile: Profile = "default"


def build(inputs: Inputs, folder: Path, observed_until: date, say: Say) -> Path:
    """Mine what is not mined yet, join it with the labels, and write ``folder/dataset.parquet``. Returns its path."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (inputs.labels or inputs.kamei):
        raise InputError("nothing to learn from", expected="--labels with --repository or --table, or --kamei")
    label_files = [part for path in inputs.labels for part in partitions(path)]
    labels = _labels(label_files)
    mined = [mined_table(path, folder / "tables", observed_until, say, labels, inputs.issues, inputs.fixes, inputs.profile)
             for path in inputs.repositories]
    names = EVERY if inputs.profile == "people" else CANDIDATES
    parts = []
    tables = [*mined, *(part for path in inputs.tables for part in partitions(path))]
    for path in tables:
        table = read_table(path)
        part = label_table(table, _dated(labels, table, name_of(path)), names)
        say(f"{name_of(path)}: {len(part)} labelled changes")
        parts.append(part)
    for path in inputs.kamei:
        part = kamei_table(csv.read_csv(path), names, "kamei", known_after_days=KAMEI_LATENCY_DAYS)
        say(f"{path.name}: {counted(len(part), 'change')} with features of their own")
        parts.append(part)
    data = in_order(parts)
    target = folder / "dataset.parquet"
    found = set(data.sha.tolist())
    save(data, target, {
        "feature_set": FEATURE_SET, "labels_without_change": sum(sha not in found for sha in labels),
        "inputs": {f"{name_of(path)}{path.suffix}": digest(path) for path in sorted((*tables, *inputs.kamei))}
        | {f"labels {name_of(path)}{path.suffix}": digest(path) for path in sorted(label_files)},
    })
    repositories = len(set(data.repository.tolist()))
    say(f"{target.name}: {counted(len(data), 'change')}, {int(data.harm.sum())} harmful, of "
        f"{counted(repositories, 'repository', 'repositories')}")
    return target


def mined_table(repository: Path, folder: Path, until: date, say: Say, labelled: Collection[str] = (),
                issues: Sequence[Path] = (), fixes: Sequence[Path] = (), profile: Profile = "default") -> Path:
    """Mine the history of HEAD up to a day into a table, or keep the one that is there.

    Commits that are ``labelled`` but on other branches are mined, too, with what they stand on.
    """
    folder.mkdir(parents=True, exist_ok=True)
    git = GitRepository.open(repository)
    tips = git.rev_list(["-1", f"--before={until.isoformat()}T23:59:59Z", git.resolve("HEAD")])
    if not tips:
        raise InputError("no commit early enough", where=str(repository), expected=f"a commit of {until} or before")
    tip = tips[0]
    also = _elsewhere(git, tip, labelled)
    known = told(issues, fixes, git)
    table = folder / f"{git.key.replace('/', '+')}-{tip[:12]}.parquet"  # two checkouts may have one name, never one tip
    made_from = {"tip": tip, "feature_set": FEATURE_SET, "columns": _hash(COLUMNS), "also": _hash(also), "profile": profile,
                 "faults": None if known is None else _hash(sorted(known.faults))}
    if is_finished(table, made_from):
        say(f"{table.stem}: kept, mined before")
        return table
    found = mine(git, tip, also=also, issues=known, profile=profile, notice=lambda text: say(f"{table.stem}: {text}"))
    rows = write(found, table)
    finish(table, made_from)
    say(f"{table.stem}: {counted(rows, 'commit')} mined"
        + ("" if known is None else f", {counted(len(known.faults), 'reported fault')}"))
    return table


def _elsewhere(git: GitRepository, tip: str, labelled: Collection[str]) -> list[str]:
    """Find the labelled commits that the repository holds but ``tip`` does not reach."""
    if not labelled:
        return []
    stdin = "".join(f"{sha}\n" for sha in sorted(labelled) if _FULL.fullmatch(sha)).encode()
    here = git.rev_list(["--no-walk=unsorted", "--ignore-missing", "--stdin"], stdin=stdin)
    reached = set(git.rev_list([tip]))
    return sorted(sha for sha in here if sha not in reached)


def _hash(texts: Iterable[str]) -> str:
    return sha256(" ".join(texts).encode()).hexdigest()


def finish(table: Path, made_from: Mapping[str, object]) -> None:
    """Note beside a table that it is whole, and what it was made from."""
    notes.finish(table, made_from, note=_note(table))


def is_finished(table: Path, made_from: Mapping[str, object]) -> bool:
    """Whether a table is whole, unaltered, and made from exactly this."""
    return notes.finished(table, made_from, note=_note(table)) is not None


def tip_of(table: Path) -> str:
    """Return the commit that a finished table was mined from."""
    return str(notes.read(table, note=_note(table))["tip"])


def read_table(path: Path) -> pq.Table:
    """Read a mined table. :raises ArtifactMismatch: for one of another feature set."""
    table = pq.read_table(path)
    made_with = (table.schema.metadata or {}).get(b"riskml.feature_set")
    if made_with != str(FEATURE_SET).encode():
        raise ArtifactMismatch("a table of another feature set", where=str(path), got=made_with,
                               expected=f"feature set {FEATURE_SET}, as riskml mine writes it")
    return table


def _note(table: Path) -> Path:
    return table.with_suffix(".json")


def _labels(paths: Iterable[Path]) -> dict[str, Label]:
    """Read label files; a time or a repository that a file does not tell is left open."""
    return {
        row.claim.sha: Label(
            row.repository or "", row.claim.sha, row.claim.harm, -1 if row.authored_at is None else int(row.authored_at),
            None if row.claim.known_at is None or not row.claim.harm else int(row.claim.known_at),
            row.claim.origin or row.claim.source, row.claim.confidence)
        for path in paths for row in read_labels(path)}


def _dated(labels: Mapping[str, Label], table: pq.Table, name: str) -> dict[str, Label]:
    """Fill in from the mined table what labels leave open, for the changes that it holds."""
    at = dict(zip(table.column("sha").to_pylist(), table.column("authored_at").to_pylist(), strict=True))
    return {sha: replace(label, authored_at=at[sha] if label.authored_at < 0 else label.authored_at,
                         repository=label.repository or name)
            for sha, label in labels.items() if sha in at}
