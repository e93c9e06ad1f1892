"""Work that takes longer than the event loop may stand still: done by few threads, with a short queue before them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from riskml.errors import Overloaded

Result = TypeVar("Result")


class Workers:
    """``threads`` at work and at most ``queue`` waiting; one more is refused at once, because waiting longer helps nobody.

    ``retry_after_s`` is what a refused caller is told.
    """

    def __init__(self, name: str, *, threads: int, queue: int, retry_after_s: int = 1) -> None:
        self._name = name
        self._limit = threads + queue
        self._retry_after_s = retry_after_s
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix=f"riskml-{name}")
        self._pending = 0

    @property
    def pending(self) -> int:
        """Calls at work or waiting now."""
        return self._pending

    async def run(self, work: Callable[[], Result], turn: asyncio.Lock | None = None) -> Result:
        """Do the work in a thread; ``Overloaded`` if too much waits already. Work with the same ``turn`` is done one by one."""
        if self._pending >= self._limit:
            raise Overloaded(f"too much {self._name} is waiting", got=self._pending, expected=f"fewer than {self._limit}",
                             retry_after_s=self._retry_after_s)
        self._pending += 1
        task = asyncio.ensure_future(self._do(work, turn))
        task.add_done_callback(self._done)
        return await asyncio.shield(task)  # a caller that leaves does not make room: the thread is still at work

    async def _do(self, work: Callable[[], Result], turn: asyncio.Lock | None) -> Result:
        loop = asyncio.get_running_loop()
        if turn is None:
            return await loop.run_in_executor(self._pool, work)
        async with turn:
            return await loop.run_in_executor(self._pool, work)

    def _done(self, task: asyncio.Task[Result]) -> None:
        self._pending -= 1
        if not task.cancelled():
            task.exception()  # seen, also when the caller has left

    def close(self) -> None:
        """End the threads when their work is done; what waits is dropped."""
        self._pool.shutdown(wait=True, cancel_futures=True)
