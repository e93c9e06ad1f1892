"""Group commit: answers that arrive together are written in one transaction, and leave only after it has ended.

One thread takes everything that has queued, commits it, and releases the answers. So a disk flush is paid once for many
requests, nothing that was acknowledged can be lost, and the event loop never waits for a disk. The queue is bounded: when the
store is slower than the traffic, callers are told to come again instead of being kept waiting without end.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from riskml.adapters.store import Receipt, Submission
from riskml.errors import Overloaded, RiskmlError, StoreError, StoreUnwritable

Outcome = Receipt | Exception
Write = Callable[[Sequence[Submission]], Sequence[Outcome]]


@dataclass(frozen=True, slots=True)
class _Waiting:
    submission: Submission
    answer: asyncio.Future[Receipt]


class Ledger:
    """The queue before a store. ``write`` commits many submissions at once and tells how each one went.

    ``capacity`` bounds the submissions that are queued or being written; ``batch`` those of one transaction.
    """

    def __init__(self, write: Write, *, capacity: int, batch: int = 256,
                 observe: Callable[[int], None] = lambda _: None) -> None:
        self._write = write
        self._capacity = capacity
        self._batch = batch
        self._observe = observe
        self._queue: deque[_Waiting] = deque()
        self._pending = 0
        self._closing = False
        self._wake = threading.Condition()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._work, name="riskml-ledger", daemon=True)

    @property
    def pending(self) -> int:
        """Submissions that wait for their commit now."""
        return self._pending

    def start(self) -> None:
        """Begin to write; to be called inside the event loop that will ``commit``."""
        self._loop = asyncio.get_running_loop()
        self._thread.start()

    def close(self) -> None:
        """Write what is queued, then end. Submissions after this are refused."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread.is_alive():
            self._thread.join()

    async def commit(self, submission: Submission) -> Receipt:
        """Wait until the submission is in the store; ``Overloaded`` at once if too many wait already."""
        if self._loop is None or self._closing:
            raise StoreUnwritable("the service is shutting down", expected="another replica, or the next start")
        if self._pending >= self._capacity:
            raise Overloaded("too many answers wait to be stored", got=self._pending, expected=f"fewer than {self._capacity}")
        waiting = _Waiting(submission, self._loop.create_future())
        self._pending += 1
        with self._wake:
            self._queue.append(waiting)
            self._wake.notify()
        return await waiting.answer

    def _work(self) -> None:
        while True:
            with self._wake:
                while not self._queue and not self._closing:
                    self._wake.wait()
                if not self._queue:
                    return
                taken = [self._queue.popleft() for _ in range(min(len(self._queue), self._batch))]
            outcomes = self._written([each.submission for each in taken])
            assert self._loop is not None  # noqa: S101 - start() has set it before the thread ran
            try:
                self._loop.call_soon_threadsafe(self._deliver, taken, outcomes)
            except RuntimeError:  # the loop is closed: nobody is left to hear that their answer is safe
                return

    def _written(self, submissions: list[Submission]) -> Sequence[Outcome]:
        """Commit together; if one of them is at fault, commit each alone so that it fails alone."""
        try:
            return self._write(submissions)
        except Exception as error:  # noqa: BLE001 - the thread must survive; each caller gets the error
            at_fault_together = isinstance(error, StoreUnwritable) or len(submissions) == 1
            if at_fault_together:
                return [error if isinstance(error, RiskmlError) else _unexpected(error)] * len(submissions)
            return [self._written([each])[0] for each in submissions]

    def _deliver(self, taken: list[_Waiting], outcomes: Sequence[Outcome]) -> None:
        self._pending -= len(taken)
        self._observe(len(taken))
        for waiting, outcome in zip(taken, outcomes, strict=True):
            if waiting.answer.done():  # the caller has gone; the row stays
                continue
            if isinstance(outcome, Exception):
                waiting.answer.set_exception(outcome)
            else:
                waiting.answer.set_result(outcome)


def _unexpected(error: Exception) -> StoreError:
    wrapped = StoreError("the store failed", got=type(error).__name__)
    wrapped.__cause__ = error
    return wrapped
