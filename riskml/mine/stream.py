"""The diffs of many commits, in a given order, from a few git processes that read ahead."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import NamedTuple

from riskml.change import Change
from riskml.errors import MalformedDiff, ObjectMissing
from riskml.mine.holes import fill, missing_blobs
from riskml.mine.lines import LineTable
from riskml.mine.prefetch import Prefetch
from riskml.parse import log
from riskml.ports import LogSource

_BATCH = 1024


class _Running(NamedTuple):
    shas: Sequence[str]
    ahead: Prefetch
    knew: int


class Stream:
    """The diffs of some commits, to be gone through once and closed.

    With ``patches=False`` files come without hunks, which costs git a sixth of the time. ``processes`` git processes work ahead
    on a batch each. Blobs that turn out to be missing are added to ``missing``, and their files come as binary.
    """

    def __init__(
        self, source: LogSource, shas: Sequence[str], *, missing: set[str], patches: bool = True, processes: int = 2
    ) -> None:
        self._source = source
        self._missing = missing
        self._patches = patches
        self._processes = processes
        self._waiting = deque(shas[i:i + _BATCH] for i in range(0, len(shas), _BATCH))
        self._running: deque[_Running] = deque()

    def start(self) -> None:
        """Let the gits work from now on; otherwise they begin when the first change is asked for."""
        while self._waiting and len(self._running) < self._processes:
            self._running.append(self._started(self._waiting.popleft()))

    def close(self) -> None:
        """Stop the gits, whatever is still unread."""
        for _, ahead, _ in self._running:
            ahead.close()
        self._running.clear()
        self._waiting.clear()

    def changes(self, lines_of: Callable[[str], int | None]) -> Iterator[Change]:
        """Yield one change per id, in the order of the ids.

        Raises ``ObjectMissing`` when something else than blobs is missing.
        """
        self.start()
        while self._running:
            batch, ahead, knew = self._running[0]
            done = 0
            try:
                for change in log.commits(ahead.read, lines_of=lines_of, patches=self._patches):
                    _check(change, batch, done)
                    yield change
                    done += 1
                _check(None, batch, done)
            except ObjectMissing:
                if not fill(self._source, batch[done:], self._missing, knew, missing_blobs):
                    raise
            self._running.popleft().ahead.close()
            if done < len(batch):
                self._running.appendleft(self._started(batch[done:]))
            self.start()

    def _started(self, batch: Sequence[str]) -> _Running:
        arguments = ("log", "--no-walk=unsorted", "--stdin", *(log.ARGUMENTS if self._patches else log.NAMES))
        knew = len(self._missing)  # before git starts: what is found from here on may be news to it
        return _Running(batch, Prefetch(self._source, arguments, "".join(f"{sha}\n" for sha in batch).encode()), knew)


def stream(
    source: LogSource, shas: Sequence[str], *, lines_of: Callable[[str], int | None], missing: set[str]
) -> Iterator[Change]:
    """Yield one change per id, in the order of the ids, and leave no git behind."""
    with closing(Stream(source, shas, missing=missing)) as reading:
        yield from reading.changes(lines_of)


def measured(
    source: LogSource, shas: Sequence[str], *, missing: set[str], lines: LineTable | None = None
) -> Iterator[Change]:
    """Yield the same changes, parents first, with the lengths of old files wherever a diff on the way told them.

    ``lines`` holds what is known before.
    """
    lines = LineTable() if lines is None else lines
    for change in stream(source, shas, lines_of=lines, missing=missing):
        for diff in change.files:
            lines.learn(diff)
        yield change


def _check(change: Change | None, batch: Sequence[str], done: int) -> None:
    """Make sure that git answered what was asked: each commit once, in order."""
    got = None if change is None else change.head
    wanted = batch[done] if done < len(batch) else None
    if got != wanted:
        raise MalformedDiff("git log left the order it was given", got=got, expected=str(wanted))
