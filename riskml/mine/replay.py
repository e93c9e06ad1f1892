"""A history told again: each change, with what its base knew, while the history grows by it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace

from riskml.change import Change, FileDiff
from riskml.history import Header, History, View, ordered
from riskml.history.order import keys
from riskml.mine.lines import LineTable
from riskml.mine.stream import Stream
from riskml.mine.tail import count_blobs, measure_old, start_of_last
from riskml.ports import LogSource


class Replay:
    """Feeds commits to a history, each at its place.

    ``lines`` are the lengths of blobs that are known so far. With ``merges_are_measured`` somebody else adds those that merges
    wrote, before their children come.

    ``missing`` collects the blobs that git lacks (a partial clone), ``affected`` counts commits whose contents they hide, and
    ``unmeasured`` the files whose length before the change stayed unknown although they are text. ``settled`` is False while
    commits that the history had before wait to be told again, behind new ones that belong before them: no moment to keep it.
    """

    def __init__(self, source: LogSource, history: History, *, merges_are_measured: bool = False) -> None:
        self.source = source
        self.history = history
        self.merges_are_measured = merges_are_measured
        self.lines = LineTable()
        self.missing: set[str] = set()
        self.affected = 0
        self.unmeasured = 0
        self.settled = True

    def run(
        self, headers: Sequence[Header], *, last: int | None = None, since: int | None = None
    ) -> Iterator[tuple[Change, View | None]]:
        """Yield the commits of ``headers`` (parents before children) in order, with what the first parent of each knew.

        With ``last``, only so many that are no merges, at the end, are read with their contents; with ``since`` (UNIX seconds),
        none whose settled time is before it. The others have no hunks, and come without a view; that saves most of the time. A
        commit is in the history by the time the next one comes.
        """
        history = self.history
        known = {p: history.key(p) for header in headers for p in header.parents if p in history}
        order = ordered((h for h in headers if h.sha not in history), known)
        key = keys(headers, known)
        waiting = iter(history.rewind(history.place(key[order[0].sha])) if order else ())
        next_told = next(waiting, None)
        self.settled = next_told is None
        names_only = 0 if last is None else start_of_last(last, order)
        if since is not None:
            names_only = max(names_only, sum(key[h.sha].settled < since for h in order))
        for number, change in enumerate(self._read(order, names_only, bool(known))):
            if self.missing:
                self.affected += any(diff.old_blob in self.missing or diff.new_blob in self.missing for diff in change.files)
            while next_told is not None and next_told.key < key[change.commits[0].sha]:
                history.tell(next_told)
                next_told = next(waiting, None)
            self.settled = next_told is None
            yield change, history.view(change.base) if number >= names_only else None
            history.append(change)
        while next_told is not None:
            history.tell(next_told)
            next_told = next(waiting, None)
        self.settled = True

    def _read(self, order: Sequence[Header], names_only: int, goes_on: bool) -> Iterator[Change]:
        """Yield the changes of some commits, the first ones without hunks; ``goes_on``: after commits that came before."""
        bare, full = [h.sha for h in order[:names_only]], [h.sha for h in order[names_only:]]
        names = Stream(self.source, bare, patches=False, missing=self.missing)
        patches = Stream(self.source, full, missing=self.missing)
        with closing(names), closing(patches):
            (names if bare else patches).start()  # git has a second core to work on while the lines are counted
            if not self.merges_are_measured:
                self._measure_merges([h.sha for h in order[names_only:] if len(h.parents) > 1])
            if bare or goes_on:
                measure_old(self.source, full, self.lines)
            yield from names.changes(self.lines)
            for change in patches.changes(self.lines):
                yield self._measured(change)

    def _measured(self, change: Change) -> Change:
        """Fill in the lengths that no diff told of (a text that used to be binary), and learn those of the new blobs."""
        unknown = [diff.old_blob for diff in change.files if _is_unmeasured(diff)]
        if unknown:
            counted = self.source.count_lines(unknown)
            self.unmeasured += len(unknown) - len(counted)
            files = [replace(d, lines_before=counted.get(d.old_blob)) if _is_unmeasured(d) else d for d in change.files]
            change = replace(change, files=tuple(files))
        for diff in change.files:
            self.lines.learn(diff)
        return change

    def _measure_merges(self, merges: Sequence[str]) -> None:
        """Count the lines of what merges wrote themselves: blobs that differ from those of every parent."""
        if not merges:
            return
        args = ["log", "--no-walk=unsorted", "--stdin", "--format=", "--raw", "-c", "--no-renames", "--no-abbrev"]
        blobs = set()
        with self.source.stream(args, stdin=_stdin(merges)) as out:
            for line in out:
                parents = len(line) - len(line.lstrip(b":"))
                if parents > 1:
                    fields = line.partition(b"\t")[0].split(b" ")
                    if fields[parents].startswith(b"10"):  # a file, no link, no submodule
                        blobs.add(fields[2 * parents + 1].decode("ascii"))
        count_blobs(self.source, blobs, self.lines)


def _stdin(shas: Sequence[str]) -> bytes:
    return "".join(f"{sha}\n" for sha in shas).encode()


def _is_unmeasured(diff: FileDiff) -> bool:
    return diff.lines_before is None and not diff.binary and not diff.submodule
