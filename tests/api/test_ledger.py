"""Group commit: nothing is acknowledged before it is written, nothing waits without bound, nobody pays for another's fault."""

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import pytest

from api.ledger import Ledger, Outcome
from riskml.adapters.store import PlanRow, Receipt, Submission
from riskml.errors import Conflict, Overloaded, StoreError, StoreUnwritable


def submission(name: str = "p") -> Submission:
    """Make something to write."""
    return Submission(PlanRow(id=name, created_at=datetime(2026, 11, 24, tzinfo=UTC), assessment_id=None, document="{}"))


class Writer:
    """A store that remembers its batches and can be held shut."""

    def __init__(self, fails: Callable[[Sequence[Submission]], Exception | None] = lambda _: None) -> None:
        self.batches: list[list[str]] = []
        self.open = threading.Event()
        self.open.set()
        self._fails = fails

    def __call__(self, submissions: Sequence[Submission]) -> list[Outcome]:
        """Write a batch."""
        self.open.wait(timeout=10)
        error = self._fails(submissions)
        if error is not None:
            raise error
        self.batches.append([s.row.id for s in submissions])
        return [Conflict("taken") if s.row.id == "taken" else Receipt(s.row, fresh=True) for s in submissions]


def run(writer: Writer, work: Callable[[Ledger], object], **settings: int) -> object:
    """Run a coroutine function with a ledger in front of the writer."""
    async def main() -> object:
        """Live in an event loop of its own."""
        ledger = Ledger(writer, **({"capacity": 100} | settings))  # type: ignore[arg-type] # integers by keyword
        ledger.start()
        try:
            return await work(ledger)  # type: ignore[misc] # a coroutine function
        finally:
            writer.open.set()
            await asyncio.to_thread(ledger.close)
    return asyncio.run(main())


def test_an_answer_waits_for_its_commit():
    """While the store is shut, no answer leaves; when it opens, all do."""
    writer = Writer()

    async def work(ledger: Ledger) -> None:
        """Play it through."""
        writer.open.clear()
        waiting = [asyncio.create_task(ledger.commit(submission(str(n)))) for n in range(5)]
        await asyncio.sleep(0.05)
        assert not any(task.done() for task in waiting)
        assert writer.batches == []
        writer.open.set()
        assert [r.row.id for r in await asyncio.gather(*waiting)] == ["0", "1", "2", "3", "4"]
    run(writer, work)


def test_what_queues_during_a_commit_is_committed_together():
    """Fifty waiting answers cost one transaction, not fifty; no batch is larger than allowed."""
    writer = Writer()

    async def work(ledger: Ledger) -> None:
        """Play it through."""
        writer.open.clear()
        first = asyncio.create_task(ledger.commit(submission("first")))
        await asyncio.sleep(0.05)
        rest = [asyncio.create_task(ledger.commit(submission(str(n)))) for n in range(50)]
        await asyncio.sleep(0.05)
        writer.open.set()
        await asyncio.gather(first, *rest)
    run(writer, work, batch=40)
    assert [len(batch) for batch in writer.batches] == [1, 40, 10]


def test_a_full_queue_refuses_at_once_and_says_when_to_come_again():
    """Load is shed before it piles up; the refused submission is not written later either."""
    writer = Writer()

    async def work(ledger: Ledger) -> None:
        """Play it through."""
        writer.open.clear()
        waiting = [asyncio.create_task(ledger.commit(submission(str(n)))) for n in range(3)]
        await asyncio.sleep(0.01)
        began = time.monotonic()
        with pytest.raises(Overloaded) as refusal:
            await ledger.commit(submission("late"))
        assert time.monotonic() - began < 0.5
        assert refusal.value.retry_after_s >= 1
        writer.open.set()
        await asyncio.gather(*waiting)
        assert (await ledger.commit(submission("again"))).fresh
    run(writer, work, capacity=3)
    assert sorted(name for batch in writer.batches for name in batch) == ["0", "1", "2", "again"]


def test_a_conflict_is_told_to_its_own_caller_alone():
    """Strangers in one batch do not share their fate."""
    async def work(ledger: Ledger) -> list[object]:
        """Play it through."""
        return await asyncio.gather(*(ledger.commit(submission(n)) for n in ("a", "taken", "b")), return_exceptions=True)
    results = run(Writer(), work)
    assert isinstance(results, list)
    assert [type(r).__name__ for r in results] == ["Receipt", "Conflict", "Receipt"]


def test_one_poisonous_row_does_not_sink_its_batch():
    """When a batch fails for another reason than the store itself, each is tried alone."""
    def poisoned(submissions: Sequence[Submission]) -> Exception | None:
        return StoreError("the store refused a row") if any(s.row.id == "bad" for s in submissions) else None

    async def work(ledger: Ledger) -> list[object]:
        """Play it through."""
        return await asyncio.gather(*(ledger.commit(submission(n)) for n in ("a", "bad", "b")), return_exceptions=True)
    results = run(Writer(poisoned), work)
    assert isinstance(results, list)
    assert [type(r).__name__ for r in results] == ["Receipt", "StoreError", "Receipt"]


def test_a_store_that_cannot_be_written_fails_everybody_and_is_used_again_later():
    """No answer leaves unstored; when the disk is back, so is the service."""
    broken = [True]
    writer = Writer(lambda _: StoreUnwritable("the store cannot be used", got="disk full") if broken[0] else None)

    async def work(ledger: Ledger) -> None:
        """Play it through."""
        results = await asyncio.gather(*(ledger.commit(submission(str(n))) for n in range(3)), return_exceptions=True)
        assert [type(r) for r in results] == [StoreUnwritable] * 3
        broken[0] = False
        assert (await ledger.commit(submission("back"))).fresh
        assert ledger.pending == 0
    run(writer, work)


def test_an_unforeseen_failure_is_told_and_survived():
    """A fault in the store's code becomes an error of each caller; the writer's thread lives on."""
    faults = [ZeroDivisionError("oops")]

    async def work(ledger: Ledger) -> None:
        """Play it through."""
        with pytest.raises(StoreError, match="ZeroDivisionError"):
            await ledger.commit(submission())
        assert (await ledger.commit(submission())).fresh
    run(Writer(lambda _: faults.pop() if faults else None), work)


def test_a_caller_that_left_is_no_trouble():
    """Its row is written; the others get their answers."""
    writer = Writer()

    async def work(ledger: Ledger) -> None:
        """Play it through."""
        writer.open.clear()
        leaver = asyncio.create_task(ledger.commit(submission("leaver")))
        stayer = asyncio.create_task(ledger.commit(submission("stayer")))
        await asyncio.sleep(0.05)
        leaver.cancel()
        writer.open.set()
        assert (await stayer).fresh
    run(writer, work)
    assert sorted(name for batch in writer.batches for name in batch) == ["leaver", "stayer"]


def test_closing_writes_what_is_queued_and_refuses_what_comes_after():
    """A stop loses nothing."""
    writer = Writer()

    async def work(ledger: Ledger) -> None:
        """Play it through."""
        writer.open.clear()
        waiting = [asyncio.create_task(ledger.commit(submission(str(n)))) for n in range(3)]
        await asyncio.sleep(0.05)
        closing = asyncio.create_task(asyncio.to_thread(ledger.close))
        await asyncio.sleep(0.05)
        with pytest.raises(StoreUnwritable, match="shutting down"):
            await ledger.commit(submission("late"))
        writer.open.set()
        await closing
        assert all(r.fresh for r in await asyncio.gather(*waiting))
    run(writer, work)
