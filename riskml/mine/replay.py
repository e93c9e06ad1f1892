"""A history told again: each change, with what its base knew, while the history grows by it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from riskml.change import Change, FileDiff
from riskml.history import Header, History, View
from riskml.mine.lines import LineTable
from riskml.mine.stream import stream
from riskml.ports import LogSource

_COUNTED_AT_ONCE = 4096


class Replay:
    """Feeds commits to a history in their order.

    ``unreadable`` collects the blobs that git lacks (a partial clone), by the commit that needed them; ``unmeasured`` counts
    files whose length before the change stayed unknown although they are text.
    """

    def __init__(self, source: LogSource, history: History, lines: LineTable | None = None) -> None:
        self.source = source
        self.history = history
        self.lines = lines or LineTable()
        self.unreadable: dict[str, tuple[str, ...]] = {}
        self.unmeasured = 0

    def run(self, headers: Sequence[Header]) -> Iterator[tuple[Change, View]]:
        """Yield each commit of ``headers`` (sorted as ``riskml.history.ordered`` does) with the view of its first parent.

        A commit is in the history by the time the next one comes.
        """
        self._measure_merges([h.sha for h in headers if len(h.parents) > 1])
        history, learn = self.history, self.lines.learn
        changes = stream(self.source, [h.sha for h in headers], lines_of=self.lines, missing=self._missing)
        for read in changes:
            change = self._measured(read)
            for diff in change.files:
                learn(diff)
            yield change, history.view(change.base)
            history.append(change)

    def _missing(self, sha: str, blobs: tuple[str, ...]) -> None:
        self.unreadable[sha] = blobs

    def _measured(self, change: Change) -> Change:
        """Count the lines of old blobs that no diff told of: a text that used to be binary, a side of a merge."""
        unknown = [diff.old_blob for diff in change.files if _is_unmeasured(diff)]
        if not unknown:
            return change
        counted = self.source.count_lines(unknown)
        self.unmeasured += len(unknown) - len(counted)
        files = [replace(d, lines_before=counted.get(d.old_blob)) if _is_unmeasured(d) else d for d in change.files]
        return replace(change, files=tuple(files))

    def _measure_merges(self, merges: Sequence[str]) -> None:
        """Count the lines of what merges wrote themselves: blobs that differ from those of every parent."""
        args = ["log", "--no-walk=unsorted", "--stdin", "--format=", "--raw", "-c", "--no-renames", "--no-abbrev", "--root"]
        for start in range(0, len(merges), _COUNTED_AT_ONCE):
            blobs = set()
            chosen = merges[start:start + _COUNTED_AT_ONCE]
            with self.source.stream(args, stdin="".join(f"{sha}\n" for sha in chosen).encode()) as out:
                for line in out:
                    parents = len(line) - len(line.lstrip(b":"))
                    if parents > 1:
                        fields = line.partition(b"\t")[0].split(b" ")
                        blobs.add((fields[parents], fields[2 * parents + 1]))
            self.lines.update(self.source.count_lines(sorted(b.decode("ascii") for m, b in blobs if m.startswith(b"10"))))


def _is_unmeasured(diff: FileDiff) -> bool:
    return diff.lines_before is None and not diff.binary and not diff.submodule
