"""Reading a commit of which git lacks some blobs: a partial clone, a damaged repository."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from riskml.change import Change, FileDiff
from riskml.errors import ObjectMissing
from riskml.parse import log
from riskml.ports import LogSource

_PATHS = 200  # per command line


def rescue(source: LogSource, sha: str, lines_of: Callable[[str], int | None]) -> tuple[Change, tuple[str, ...]]:
    """Read one commit as far as its blobs are there. Returns it, and the ids of the blobs that are missing.

    A file with a missing blob on either side counts as binary: what was done to it is unknown, and said to be.
    """
    try:
        return _read(source, sha, (), lines_of), ()
    except ObjectMissing:
        pass
    with source.stream(["log", "--no-walk", *log.TREES, sha]) as out:
        [change] = log.commits(out.read, patches=False)
    missing = _missing(source, [b for d in change.files if not d.submodule for b in (d.old_blob, d.new_blob) if b])
    dark = [d for d in change.files if d.old_blob in missing or d.new_blob in missing]
    paths = [d.path for d in change.files if d.old_blob not in missing and d.new_blob not in missing]
    files: list[FileDiff] = []
    for start in range(0, len(paths), _PATHS):
        files += _read(source, sha, paths[start:start + _PATHS], lines_of).files
    files += (replace(d, binary=True, lines_before=0 if d.status == "A" else None) for d in dark)
    return replace(change, files=tuple(sorted(files, key=lambda d: d.path))), tuple(sorted(missing))


def _read(source: LogSource, sha: str, paths: Sequence[str], lines_of: Callable[[str], int | None]) -> Change:
    with source.stream(["log", "--no-walk", *log.ARGUMENTS, sha, "--", *paths]) as out:
        found = list(log.commits(out.read, lines_of=lines_of))
    return found[0]


def _missing(source: LogSource, blobs: Sequence[str]) -> frozenset[str]:
    asked = "".join(f"{blob}\n" for blob in dict.fromkeys(blobs)).encode()
    with source.stream(["cat-file", "--batch-check"], stdin=asked) as out:
        return frozenset(line.split()[0].decode("ascii") for line in out if line.endswith(b" missing\n"))
