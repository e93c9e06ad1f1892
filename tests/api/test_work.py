"""Long work: few threads, a short queue, turns for what must not overlap."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable

import pytest

from api.work import Workers
from riskml.errors import Overloaded


def run(work: Callable[[Workers], Awaitable[None]], **settings: int) -> None:
    """Run a coroutine function with workers."""
    async def main() -> None:
        """Live in an event loop of its own."""
        workers = Workers("mining", **({"threads": 2, "queue": 1} | settings))
        try:
            await work(workers)
        finally:
            await asyncio.to_thread(workers.close)
    asyncio.run(main())


def test_work_is_done_in_a_thread_and_its_result_or_error_comes_back():
    """The event loop does not stand still, and errors arrive where they belong."""
    async def work(workers: Workers) -> None:
        """Play it through."""
        assert await workers.run(lambda: threading.current_thread().name) != threading.main_thread().name
        with pytest.raises(ZeroDivisionError):
            await workers.run(lambda: 1 // 0)
        assert workers.pending == 0
    run(work)


def test_beyond_threads_and_queue_work_is_refused_at_once():
    """The fourth of three is told to come again, and when; afterwards there is room."""
    async def work(workers: Workers) -> None:
        """Play it through."""
        release = threading.Event()
        under_way = [asyncio.create_task(workers.run(lambda: release.wait(10))) for _ in range(3)]
        await asyncio.sleep(0.05)
        with pytest.raises(Overloaded, match="too much mining is waiting") as refusal:
            await workers.run(lambda: None)
        assert refusal.value.retry_after_s == 7
        release.set()
        await asyncio.gather(*under_way)
        await workers.run(lambda: None)
    run(work, retry_after_s=7)


def test_a_caller_that_leaves_makes_no_room_until_the_thread_is_free():
    """Impatient callers cannot pile work up behind the limit."""
    async def work(workers: Workers) -> None:
        """Play it through."""
        release = threading.Event()
        task = asyncio.create_task(workers.run(lambda: release.wait(10)))
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.sleep(0.05)
        assert workers.pending == 1
        release.set()
        await asyncio.sleep(0.2)
        assert workers.pending == 0
    run(work)


def test_work_with_the_same_turn_does_not_overlap():
    """Two requests about one repository mine it one after the other; another repository need not wait."""
    async def work(workers: Workers) -> None:
        """Play it through."""
        turn, busy, overlaps = asyncio.Lock(), [0], [0]

        def step() -> None:
            """Count who is at work together."""
            busy[0] += 1
            overlaps[0] += busy[0] > 1
            time.sleep(0.05)
            busy[0] -= 1
        await asyncio.gather(*(workers.run(step, turn) for _ in range(3)))
        assert overlaps == [0]
    run(work, threads=3)
