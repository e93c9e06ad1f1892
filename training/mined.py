"""What a repository's own history tells: features of every commit, and which commits later ones accuse. Mined once per tip."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from hashlib import sha256
from pathlib import Path

import pyarrow as pa  # type: ignore[import-untyped] # it ships no types
import pyarrow.parquet as pq  # type: ignore[import-untyped] # it ships no types

import riskml.message
import riskml.mine
from riskml.adapters.git import GitRepository
from riskml.counted import counted
from riskml.mine.labels import label
from riskml.mine.table import Columns, write_records
from training.build import Say, finish, is_finished, mined_table, read_table, tip_of
from training.claims import Claim
from training.config import timestamp
from training.dataset import DAY

_LABELS = {"sha": str, "harm": bool, "source": str, "fix_sha": str, "known_at": int, "confidence": float}
NO_LABELS = "none"
"""The variant that asks a history for nothing: its changes are labelled by other sources alone."""


@dataclass(frozen=True, slots=True)
class Mined:
    """One repository, mined. ``until`` (UNIX seconds) is how long harm was looked for here.

    That is its last commit, or, where the history goes on beyond the day that was asked for, the end of that day.
    """

    key: str
    path: Path
    labels: Path | None
    table: pa.Table
    until: float

    def claims(self) -> Iterator[Claim]:
        """Yield what later commits say: an accusation, or that none was found so far."""
        for row in pq.read_table(self.labels).to_pylist() if self.labels is not None else ():
            yield Claim(row["sha"], row["harm"], row["source"] or "szz", row["known_at"], row["confidence"] or 1.0)


def mined(repository: Path, folder: Path, until: date, variant: str, say: Say, *, labelled: Collection[str] = (),
          issues: Sequence[Path] = (), fixes: Sequence[Path] = ()) -> Mined:
    """Mine the history of HEAD up to a day, or keep what is there. ``variant`` of SZZ, or :data:`NO_LABELS`.

    ``labelled`` commits of other branches are mined, too; ``issues`` and ``fixes`` tell which commits repaired a fault.
    """
    path = mined_table(repository, folder, until, say, labelled, issues, fixes)
    git = GitRepository.open(repository)
    labels = None if variant == NO_LABELS else _labels(git, path, variant, say)
    table = read_table(path)
    last = float(max(table.column("committed_at").to_pylist(), default=0))
    goes_on = tip_of(path) != git.resolve("HEAD")
    return Mined(git.key, path, labels, table, timestamp(until) + DAY if goes_on else last)


def _labels(git: GitRepository, table: Path, variant: str, say: Say) -> Path:
    path = table.with_name(f"{table.stem}-{variant}.parquet")
    made_from = {"tip": tip_of(table), "variant": variant, "code": _code()}
    if is_finished(path, made_from):
        say(f"{path.stem}: labels kept")
        return path
    found = label(git, tip_of(table), variant=variant, notice=lambda text: say(f"{path.stem}: {text}"))
    write_records(((x.sha, x.harm, x.source, x.fix_sha, x.known_at, x.confidence) for x in found), path,
                  Columns(_LABELS, {"riskml.labels": f"szz-{variant}"}))
    finish(path, made_from)
    say(f"{path.stem}: {counted(len(found), 'commit')}, {sum(x.harm for x in found)} of them harmful")
    return path


@cache
def _code() -> str:
    """Hash what decides about labels: another algorithm under the same name makes other labels."""
    files = [*sorted(Path(riskml.mine.__file__).parent.glob("*.py")), Path(riskml.message.__file__)]
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
