"""The diffs of many commits, in a given order, from a few git processes that read ahead."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence

from riskml.change import Change
from riskml.errors import MalformedDiff, ObjectMissing
from riskml.mine.prefetch import Prefetch
from riskml.mine.rescue import rescue
from riskml.parse import log
from riskml.ports import LogSource

_BATCH = 1024
_COMMAND = ("log", "--no-walk=unsorted", "--stdin")


def stream(
    source: LogSource, shas: Sequence[str], *, lines_of: Callable[[str], int | None], patches: bool = True, processes: int = 2,
    missing: Callable[[str, tuple[str, ...]], None] = lambda _sha, _blobs: None,
) -> Iterator[Change]:
    """Yield one change per id, in the order of the ids.

    With ``patches=False`` files come without hunks, which costs git a sixth of the time. ``processes`` git processes work ahead
    on a batch each. ``missing`` is told the commits of which blobs are missing, and which blobs; such a commit comes with those
    files as binary.
    """
    waiting = deque(shas[i:i + _BATCH] for i in range(0, len(shas), _BATCH))
    running: deque[tuple[Sequence[str], Prefetch]] = deque()

    arguments = (*_COMMAND, *(log.ARGUMENTS if patches else log.NAMES))

    def start(batch: Sequence[str]) -> tuple[Sequence[str], Prefetch]:
        return batch, Prefetch(source, arguments, "".join(f"{sha}\n" for sha in batch).encode())

    try:
        while waiting or running:
            while waiting and len(running) < processes:
                running.append(start(waiting.popleft()))
            batch, ahead = running[0]
            done = 0
            try:
                for change in log.commits(ahead.read, lines_of=lines_of, patches=patches):
                    _check(change, batch, done)
                    yield change
                    done += 1
                _check(None, batch, done)
            except ObjectMissing:
                change, blobs = rescue(source, batch[done], lines_of)
                if blobs:
                    missing(batch[done], blobs)
                yield change
                done += 1
            running.popleft()[1].close()
            if done < len(batch):
                running.appendleft(start(batch[done:]))
    finally:
        for _, ahead in running:
            ahead.close()


def _check(change: Change | None, batch: Sequence[str], done: int) -> None:
    """Make sure that git answered what was asked: each commit once, in order."""
    got = None if change is None else change.head
    wanted = batch[done] if done < len(batch) else None
    if got != wanted:
        raise MalformedDiff("git log left the order it was given", got=got, expected=str(wanted))
