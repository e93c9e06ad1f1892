"""Which blobs of some commits the repository lacks: a partial clone, a damaged one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from riskml.parse import combined, log
from riskml.ports import LogSource

_COMMAND = ("log", "--no-walk=unsorted", "--stdin")


def missing_blobs(source: LogSource, shas: Sequence[str]) -> frozenset[str]:
    """Return the blobs on either side of the commits' changes that git does not have. Reads trees only."""
    with source.stream([*_COMMAND, *log.TREES], stdin=_lines(shas)) as out:
        return _absent(source, {blob for change in log.commits(out.read, patches=False) for diff in change.files
                                if not diff.submodule for blob in (diff.old_blob, diff.new_blob)})


def missing_in_merges(source: LogSource, shas: Sequence[str]) -> frozenset[str]:
    """Return the blobs that git does not have of files in which merges differ from every parent. Reads trees only."""
    with source.stream([*_COMMAND, *combined.COMBINED_NAMES], stdin=_lines(shas)) as out:
        return _absent(source, {blob for _, files in combined.combined(out.read) for file in files
                                for blob in (file.blob, *(blob for _, blob in file.parents))})


def _absent(source: LogSource, blobs: set[str]) -> frozenset[str]:
    blobs.discard("")
    if not blobs:
        return frozenset()
    with source.stream(["cat-file", "--batch-check"], stdin=_lines(sorted(blobs))) as out:
        return frozenset(line.split()[0].decode("ascii") for line in out if line.endswith(b" missing\n"))


def _lines(names: Iterable[str]) -> bytes:
    return "".join(f"{name}\n" for name in names).encode()
