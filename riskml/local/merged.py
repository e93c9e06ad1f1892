"""The changes that a range of a history merged, each as one diff against what it was merged into.

A change is a commit that stands on the first-parent line of the range: a merge commit with all that its branch brought, or a
commit by itself (squashed, rebased or pushed).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from riskml.change import Change, Commit
from riskml.errors import NoMergeBase, ObjectMissing
from riskml.parse import log
from riskml.ports import LogSource

BATCH = 128
"""How many changes are read at once, so that a long range needs no more memory than a short one."""

_HEADERS = ("log", "--no-patch", "--encoding=UTF-8", "--no-notes", "--no-show-signature", "--no-color", "--no-decorate",
            "--date=format:%z", f"--format={log.FORMAT}")
_ONE_BY_ONE = ("log", "--no-walk=unsorted", "--stdin")
_FIRST_PARENT = "--diff-merges=first-parent"


class Line(NamedTuple):
    """The first-parent line of a range, oldest first, each commit with the commits that it brought (itself the last).

    ``idle`` counts merges of what the base of the range has already: they bring nothing.
    """

    units: tuple[tuple[Commit, ...], ...]
    idle: int


def line(source: LogSource, base: str, head: str) -> Line:
    """Return what lies on the first-parent line from ``head`` down to what the full id ``base`` reaches.

    Raises ``NoMergeBase`` where a shallow clone ends before the line reaches the base.
    """
    with source.stream((*_HEADERS, "--reverse", "--topo-order", head, f"^{base}", "--")) as out:
        new = {change.commits[0].sha: change.commits[0] for change in log.commits(out.read, patches=False)}
    down = []
    at: str | None = head
    while at is not None and at in new:
        down.append(at)
        at = next(iter(new[at].parents), None)
    if at is None and source.is_shallow:
        raise NoMergeBase("this shallow clone ends before the release's first change", got=down[-1],
                          expected="more history: `--deepen auto`, or `git fetch --unshallow`")
    order = {sha: place for place, sha in enumerate(new)}
    units, idle, claimed = [], 0, set[str]()
    for sha in reversed(down):
        brought = _brought(sha, new, claimed)
        claimed |= brought
        commit = new[sha]
        if len(commit.parents) > 1 and len(brought) == 1 and not any(p in new for p in commit.parents[1:]):
            idle += 1
        else:
            units.append(tuple(new[c] for c in sorted(brought, key=order.__getitem__)))
    return Line(tuple(units), idle)


def merged(source: LogSource, units: Sequence[tuple[Commit, ...]], *, missing: set[str]) -> Iterator[Change]:
    """Yield the change of each unit of a ``Line``, with the lengths of the old files.

    Blobs that turn out to be missing are added to ``missing``, and their files come as binary.
    """
    for start in range(0, len(units), BATCH):
        batch = units[start:start + BATCH]
        for commits, change in zip(batch, _read(source, [u[-1].sha for u in batch], missing), strict=True):
            yield replace(change, commits=commits, kind="range" if len(commits) > 1 else "commit")


def _brought(sha: str, new: dict[str, Commit], claimed: set[str]) -> set[str]:
    """Return the commits that a commit reaches in the range, and none before it on the line does."""
    found, waiting = set[str](), [sha]
    while waiting:
        at = waiting.pop()
        if at in new and at not in claimed and at not in found:
            found.add(at)
            waiting.extend(new[at].parents)
    return found


def _read(source: LogSource, shas: Sequence[str], missing: set[str]) -> list[Change]:
    args = (*_ONE_BY_ONE, *log.ARGUMENTS, _FIRST_PARENT)
    while True:
        try:
            with source.stream(args, stdin=_lines(shas)) as out:
                return _measured(source, list(log.commits(out.read)))
        except ObjectMissing:
            found = _missing(source, shas) - missing
            if not found:  # it is something else than a blob
                raise
            source.stand_in_for(found)
            missing |= found


def _measured(source: LogSource, changes: list[Change]) -> list[Change]:
    """Count the lines of the old files, which no diff tells."""
    open_ = {d.old_blob for c in changes for d in c.files if d.lines_before is None and not d.binary and not d.submodule}
    lines = source.count_lines(sorted(open_ - {""}))
    return [
        replace(c, files=tuple([replace(d, lines_before=lines.get(d.old_blob)) if d.lines_before is None and d.old_blob in lines
                                else d for d in c.files]))
        for c in changes
    ]


def _missing(source: LogSource, shas: Sequence[str]) -> set[str]:
    """Return the blobs on either side of the changes that git does not have. Reads trees only."""
    with source.stream((*_ONE_BY_ONE, *log.TREES, _FIRST_PARENT), stdin=_lines(shas)) as out:
        blobs = {blob for change in log.commits(out.read, patches=False) for diff in change.files if not diff.submodule
                 for blob in (diff.old_blob, diff.new_blob)}
    with source.stream(("cat-file", "--batch-check"), stdin=_lines(sorted(blobs - {""}))) as out:
        return {row.split()[0].decode("ascii") for row in out if row.endswith(b" missing\n")}


def _lines(names: Sequence[str]) -> bytes:
    return "".join(f"{name}\n" for name in names).encode()
