"""Which blobs of some commits the repository lacks: a partial clone, a damaged one."""

from __future__ import annotations

from collections.abc import Sequence

from riskml.parse import log
from riskml.ports import LogSource


def missing_blobs(source: LogSource, shas: Sequence[str]) -> frozenset[str]:
    """Return the blobs on either side of the commits' changes that git does not have. Reads trees only."""
    blobs: dict[str, None] = {}
    with source.stream(["log", "--no-walk=unsorted", "--stdin", *log.TREES], stdin=_lines(shas)) as out:
        for change in log.commits(out.read, patches=False):
            for diff in change.files:
                if not diff.submodule:
                    blobs[diff.old_blob] = blobs[diff.new_blob] = None
    blobs.pop("", None)
    if not blobs:
        return frozenset()
    with source.stream(["cat-file", "--batch-check"], stdin=_lines(tuple(blobs))) as out:
        return frozenset(line.split()[0].decode("ascii") for line in out if line.endswith(b" missing\n"))


def _lines(names: Sequence[str]) -> bytes:
    return "".join(f"{name}\n" for name in names).encode()
