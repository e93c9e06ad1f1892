"""Commits in their order, each with where the lines it removed came from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from riskml.change import Change
from riskml.counted import counted
from riskml.errors import RepositoryError
from riskml.history import ordered
from riskml.mine.holes import named
from riskml.mine.lines import LineTable
from riskml.mine.merges import merges
from riskml.mine.provenance import Provenance, Removal
from riskml.mine.stream import measured
from riskml.mine.tail import measure_old, start_of_last
from riskml.mine.walk import walk
from riskml.ports import LogSource

_REPORT_EVERY = 64


class Traced:
    """The ancestors of a tip with their removed lines, to be gone through once.

    ``provenance`` has taken in every commit that came so far, looking through those of ``ignored`` (full ids); ``missing``
    collects the blobs that git lacks. ``shas`` are the ids of all ancestors, ``headers`` the commits that come: with ``last``,
    only so many that are no merges, at the end. Lines from before them are nobody's then.

    Raises ``RepositoryError`` for a shallow clone, in which the first commit seems to have written everything.
    """

    def __init__(
        self, source: LogSource, tip: str, progress: Callable[[int, int], None] | None = None, ignored: Collection[str] = (),
        *, last: int | None = None,
    ) -> None:
        if source.is_shallow:
            raise RepositoryError("a shallow clone does not tell who wrote its lines", where="history", got="a shallow clone",
                                  expected="the whole history: git fetch --unshallow, or fetch-depth: 0 in CI")
        self.source = source
        headers = ordered(walk(source, source.resolve(tip)))
        self.shas = [header.sha for header in headers]
        self.headers = headers if last is None else headers[start_of_last(last, headers):]
        self.provenance = Provenance(self.headers, ignored)
        self.missing: set[str] = set()
        self._progress = progress
        self._doings = merges(source, [h.sha for h in self.headers if len(h.parents) > 1], missing=self.missing)

    def __iter__(self) -> Iterator[tuple[Change, list[Removal]]]:
        coming, lines = [h.sha for h in self.headers], LineTable()
        if len(coming) < len(self.shas):
            measure_old(self.source, coming, lines)
        for change in measured(self.source, coming, missing=self.missing, lines=lines):
            yield change, self.enter(change)

    def enter(self, change: Change) -> list[Removal]:
        """Take in the next commit of ``headers``, and return where its removed lines came from: for whoever reads the diffs."""
        merge = next(self._doings) if len(change.commits[-1].parents) > 1 else None
        removals = self.provenance.enter(change, merge)
        done = len(self.provenance.shas)
        if self._progress is not None and (done % _REPORT_EVERY == 0 or done == len(self.headers)):
            self._progress(done, len(self.headers))
        return removals

    def notices(self) -> Iterator[str]:
        """Say what could not be traced, if anything."""
        if self.missing:
            holes = counted(len(self.missing), "blob is", "blobs are")
            yield f"{holes} missing; nobody is suspected for their lines ({named(self.missing)})"
