"""What is made out of a repository: rows of features, or labels. Each recipe says what its table rests on, and writes it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import ClassVar, Literal, Protocol

import riskml.message
import riskml.mine
import riskml.parse
from riskml.adapters.git import GitRepository
from riskml.features.catalogue import FEATURE_SET, Profile
from riskml.issues import Issues
from riskml.mine.labels import label
from riskml.mine.rows import mine
from riskml.mine.table import COLUMNS, Columns, write, write_records

Progress = Callable[[int, int], None]
Notice = Callable[[str], None]


class Recipe(Protocol):
    """Whose ancestors, and what to make of them. It travels to other processes and machines, so it holds plain values only."""

    @property
    def rev(self) -> str:
        """The commit, by a name in each repository."""

    @property
    def issues(self) -> Issues | None:
        """What an issue tracker says, to all repositories alike."""

    def rests_on(self) -> Mapping[str, object]:
        """Return all that decides what a table holds but for the history itself. JSON can hold it."""

    def write(self, source: GitRepository, tip: str, table: Path, progress: Progress | None, notice: Notice) -> str:
        """Write the table, and return what is in it, in words."""


@dataclass(frozen=True, slots=True)
class Rows:
    """A row of features for each commit; see :func:`riskml.mine.rows.mine`."""

    rev: str = "HEAD"
    since: int | None = None
    profile: Profile = "default"
    issues: Issues | None = None

    def rests_on(self) -> Mapping[str, object]:
        """Return the feature set and the options."""
        columns = sha256(" ".join(COLUMNS).encode()).hexdigest()
        return {"table": "rows", "feature_set": FEATURE_SET, "columns": columns, "since": self.since, "profile": self.profile,
                "issues": faults_hash(self.issues)}

    def write(self, source: GitRepository, tip: str, table: Path, progress: Progress | None, notice: Notice) -> str:
        """Mine, and hold no more than a batch of rows at a time."""
        rows = mine(source, tip, since=self.since, profile=self.profile, issues=self.issues, progress=progress, notice=notice)
        count = write(rows, table)
        return f"{count:,} {'row' if count == 1 else 'rows'}"


@dataclass(frozen=True, slots=True)
class Labels:
    """A label for each commit; see :func:`riskml.mine.labels.label`, whose options these are."""

    COLUMNS: ClassVar[Mapping[str, type]] = {
        "sha": str, "harm": bool, "source": str, "fix_sha": str, "known_at": int, "confidence": float,
    }

    rev: str = "HEAD"
    variant: Literal["b", "ag", "ma", "l", "r"] = "ma"
    issues: Issues | None = None
    most_suspects: int | None = None
    most_fixes: int | None = None
    ignore_revs: bool = True

    def rests_on(self) -> Mapping[str, object]:
        """Return the options, and the code: no number tells when an algorithm of the same name began to suspect others."""
        return {"table": "labels", "variant": self.variant, "code": _code(), "issues": faults_hash(self.issues),
                "most_suspects": self.most_suspects, "most_fixes": self.most_fixes, "ignore_revs": self.ignore_revs}

    def write(self, source: GitRepository, tip: str, table: Path, progress: Progress | None, notice: Notice) -> str:
        """Label; the labels of one history are held at once."""
        labels = label(
            source, tip, variant=self.variant, issues=self.issues, most_suspects=self.most_suspects,
            most_fixes=self.most_fixes, ignore_revs=self.ignore_revs, progress=progress, notice=notice,
        )
        cells = ((x.sha, x.harm, x.source, x.fix_sha, x.known_at, x.confidence) for x in labels)
        write_records(cells, table, Columns(self.COLUMNS, {"riskml.labels": f"szz-{self.variant}"}))
        return f"{len(labels):,} {'commit' if len(labels) == 1 else 'commits'}, {sum(x.harm for x in labels):,} of them harmful"


def faults_hash(issues: Issues | None) -> str | None:
    """Hash what a tracker says, whatever the order of its export; ``None`` where it was not asked.

    >>> faults_hash(Issues({"A-1": 5, "A-2": None})) == faults_hash(Issues({"A-2": None, "A-1": 5}))
    True
    """
    return None if issues is None else sha256(json.dumps(sorted(issues.faults.items())).encode()).hexdigest()


def _code() -> str:
    rooms = (riskml.mine, riskml.parse)
    files = [file for room in rooms for file in sorted(Path(str(room.__file__)).parent.glob("*.py"))]
    return sha256(b"".join(file.read_bytes() for file in (*files, Path(riskml.message.__file__)))).hexdigest()
