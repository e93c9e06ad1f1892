"""The diffs of many commits, in a given order, from a few git processes that read ahead."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
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


def stream(
    source: LogSource, shas: Sequence[str], *, lines_of: Callable[[str], int | None], missing: set[str], patches: bool = True,
    processes: int = 2,
) -> Iterator[Change]:
    """Yield one change per id, in the order of the ids.

    With ``patches=False`` files come without hunks, which costs git a sixth of the time. ``processes`` git processes work ahead
    on a batch each. Blobs that turn out to be missing are added to ``missing``, and their files come as binary.

    Raises ``ObjectMissing`` when something else than blobs is missing.
    """
    waiting = deque(shas[i:i + _BATCH] for i in range(0, len(shas), _BATCH))
    running: deque[_Running] = deque()
    arguments = ("log", "--no-walk=unsorted", "--stdin", *(log.ARGUMENTS if patches else log.NAMES))

    def start(batch: Sequence[str]) -> _Running:
        knew = len(missing)  # before git starts: what is found from here on may be news to it
        return _Running(batch, Prefetch(source, arguments, "".join(f"{sha}\n" for sha in batch).encode()), knew)

    try:
        while waiting or running:
            while waiting and len(running) < processes:
                running.append(start(waiting.popleft()))
            batch, ahead, knew = running[0]
            done = 0
            try:
                for change in log.commits(ahead.read, lines_of=lines_of, patches=patches):
                    _check(change, batch, done)
                    yield change
                    done += 1
                _check(None, batch, done)
            except ObjectMissing:
                if not fill(source, batch[done:], missing, knew, missing_blobs):
                    raise
            running.popleft().ahead.close()
            if done < len(batch):
                running.appendleft(start(batch[done:]))
    finally:
        for _, ahead, _ in running:
            ahead.close()


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
