"""The end of a history, read alone: where it begins, and how long the files were that it finds there."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from riskml.history import Header
from riskml.mine.lines import LineTable
from riskml.parse import log
from riskml.ports import LogSource

_COUNTED_AT_ONCE = 4096


def start_of_last(count: int, headers: Sequence[Header]) -> int:
    """Return the index from which on there are so many headers of commits that are no merges.

    >>> start_of_last(1, [Header("a", (), 1), Header("b", ("a",), 2), Header("c", ("a", "b"), 3)])
    1
    """
    for index in range(len(headers) - 1, -1, -1):
        count -= len(headers[index].parents) < 2
        if count < 0:
            return index + 1
    return 0


def measure_old(source: LogSource, shas: Sequence[str], lines: LineTable) -> None:
    """Count the lines of the old blobs of some commits that none of them wrote."""
    if not shas:
        return
    old, new = set(), set()
    names = "".join(f"{sha}\n" for sha in shas).encode()
    with source.stream(["log", "--no-walk=unsorted", "--stdin", *log.TREES], stdin=names) as out:
        for change in log.commits(out.read, patches=False):
            for diff in change.files:
                if not diff.submodule:
                    old.add(diff.old_blob)
                    new.add(diff.new_blob)
    count_blobs(source, old - new - {""}, lines)


def count_blobs(source: LogSource, blobs: Collection[str], lines: LineTable) -> None:
    """Count the lines of blobs, some at once."""
    ids = sorted(blobs)
    for start in range(0, len(ids), _COUNTED_AT_ONCE):
        lines.update(source.count_lines(ids[start:start + _COUNTED_AT_ONCE]))
