"""What is made out of a repository: rows of features, or labels. Each recipe says what its table rests on, and writes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import ClassVar, Literal, Protocol

import riskml.message
import riskml.mine
import riskml.parse
from riskml.adapters.git import GitRepository
from riskml.features.catalogue import FEATURE_SET, NAMES, Profile
from riskml.mine.labels import label
from riskml.mine.rows import mine
from riskml.mine.table import Columns, write, write_records

Progress = Callable[[int, int], None]
Notice = Callable[[str], None]


class Recipe(Protocol):
    """Whose ancestors, and what to make of them. It travels to other processes and machines, so it holds plain values only."""

    @property
    def rev(self) -> str:
        """The commit, by a name in each repository."""

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

    def rests_on(self) -> Mapping[str, object]:
        """Return the feature set and the options."""
        features = sha256(" ".join(NAMES).encode()).hexdigest()
        return {"table": "rows", "feature_set": FEATURE_SET, "features": features, "since": self.since, "profile": self.profile}

    def write(self, source: GitRepository, tip: str, table: Path, progress: Progress | None, notice: Notice) -> str:
        """Mine, and hold no more than a batch of rows at a time."""
        count = write(mine(source, tip, since=self.since, profile=self.profile, progress=progress, notice=notice), table)
        return f"{count:,} {'row' if count == 1 else 'rows'}"


@dataclass(frozen=True, slots=True)
class Labels:
    """A label for each commit; see :func:`riskml.mine.labels.label`."""

    COLUMNS: ClassVar[Mapping[str, type]] = {
        "sha": str, "harm": bool, "source": str, "fix_sha": str, "known_at": int, "confidence": float,
    }

    rev: str = "HEAD"
    variant: Literal["b", "ag", "ma", "l", "r"] = "ma"

    def rests_on(self) -> Mapping[str, object]:
        """Return the algorithm, and its code: no number tells when the same name began to suspect others."""
        return {"table": "labels", "variant": self.variant, "code": _code()}

    def write(self, source: GitRepository, tip: str, table: Path, progress: Progress | None, notice: Notice) -> str:
        """Label; the labels of one history are held at once."""
        labels = label(source, tip, variant=self.variant, progress=progress, notice=notice)
        cells = ((x.sha, x.harm, x.source, x.fix_sha, x.known_at, x.confidence) for x in labels)
        write_records(cells, table, Columns(self.COLUMNS, {"riskml.labels": f"szz-{self.variant}"}))
        return f"{len(labels):,} {'commit' if len(labels) == 1 else 'commits'}, {sum(x.harm for x in labels):,} of them harmful"


def _code() -> str:
    rooms = (riskml.mine, riskml.parse)
    files = [file for room in rooms for file in sorted(Path(str(room.__file__)).parent.glob("*.py"))]
    return sha256(b"".join(file.read_bytes() for file in (*files, Path(riskml.message.__file__)))).hexdigest()
