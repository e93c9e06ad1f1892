"""The bot: merge requests that were offered are scored and spoken of, one try after another until it is done.

What was accepted lies in the store. One task looks there when something came, when a try ended, and every half minute: so what
a crash left is taken up at the next start, and what another replica left, after a while. Two that do the same end in one
comment (see ``riskml.ci.converse``). Nothing here is waited for by a request.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import threading
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from api import review
from api.deliveries import Deliveries, Result
from api.metrics import Counter
from api.mirrors import Mirrors
from api.platforms import Platforms
from api.review import Scored
from api.schemas import PredictIn
from api.work import Workers
from riskml.adapters.store import DeliveryRow
from riskml.errors import InputError, PolicyError, RiskmlError, ServiceUnavailable
from riskml.parse.hooks.offer import Offer
from riskml.policy.policy import Policy

LOG = logging.getLogger("riskml.api")
WAITS_S = (15.0, 60.0, 300.0, 900.0, 1800.0, 3600.0)
"""Between two tries of one delivery; the last one repeats."""

GIVE_UP = timedelta(hours=24)
AT_ONCE = 4
_SWEEP_S = 30.0
_LEFT_BEHIND = timedelta(minutes=15)  # by another replica: longer than a try takes
_MOST = 1000
_ROUNDS = 3  # commits that are pushed during one try and still taken up by it

Assess = Callable[[PredictIn, Policy | None], Awaitable[bytes]]


class _Request(NamedTuple):
    """A merge request, by name."""

    forge: str
    repository: str
    number: int


class _Tried(NamedTuple):
    """How often a delivery was tried, and when it is due again (monotonic seconds)."""

    times: int = 0
    due: float = 0.0


class Bot:
    """Belongs to the event loop; talks to platforms and mirrors in threads of its own."""

    def __init__(self, platforms: Platforms, mirrors: Mirrors, deliveries: Deliveries, assess: Assess, *,
                 clock: Callable[[], datetime], counter: Counter) -> None:
        self.platforms = platforms
        self.waits_s: Sequence[float] = WAITS_S
        self.sleep: Callable[[float], None] = self._sleep
        self.unfinished = 0
        self._mirrors = mirrors
        self._deliveries = deliveries
        self._assess = assess
        self._clock = clock
        self._counter = counter
        self._threads = Workers("speaking", threads=AT_ONCE, queue=AT_ONCE)
        self._scoring = asyncio.Lock()  # one at a time: the miners are there for those who wait for an answer
        self._stopping = threading.Event()
        self._wake = asyncio.Event()
        self._mine: set[str] = set()
        self._tried: dict[str, _Tried] = {}
        self._busy: dict[_Request, asyncio.Task[None]] = {}
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, with what was left unfinished."""
        if self.platforms.on:
            self._loop = asyncio.create_task(self._run())

    def close(self) -> None:
        """Leave what is under way: it is taken up at the next start."""
        self._stopping.set()
        for task in (*self._busy.values(), *filter(None, [self._loop])):
            task.cancel()
        self._threads.close()

    async def accept(self, offer: Offer, told: bytes) -> tuple[DeliveryRow, bool]:
        """Take something on; it is stored when this returns. ``told`` is the delivery: the same again is the same work."""
        row, fresh = await self._deliveries.accept(offer, told)
        if fresh:
            self._mine.add(row.id)
            self._wake.set()
        return row, fresh

    async def _run(self) -> None:
        first = True
        while True:
            try:
                await self._dispatch(everything=first)
                first = False
            except Exception:  # the store may be away; the next look may succeed
                LOG.exception("the bot could not look for its work")
            now = time.monotonic()
            # what is overdue waits for a try to end, which wakes us
            due = min((tried.due - now for tried in self._tried.values() if tried.due > now), default=_SWEEP_S)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), min(_SWEEP_S, max(0.01, due)))
            self._wake.clear()

    async def _dispatch(self, *, everything: bool) -> None:
        """Start what is due: of each merge request the newest delivery, which does for the earlier ones."""
        rows = await self._deliveries.unfinished(limit=_MOST)
        self.unfinished = len(rows)
        ids, left = {row.id for row in rows}, self._clock() - _LEFT_BEHIND
        self._tried = {id_: tried for id_, tried in self._tried.items() if id_ in ids}  # another replica may have ended some
        self._mine |= {row.id for row in rows if everything or row.created_at < left}
        newest: dict[_Request, DeliveryRow] = {}
        for row in rows:
            request = _Request(row.forge, row.repository, row.number)
            if row.id not in self._mine or request in self._busy or not self.platforms.speaks(row.forge):
                continue
            if request in newest:
                await self._end(newest[request], "superseded", newest[request].head)
            newest[request] = row
        for request, row in newest.items():
            if self._tried.get(row.id, _Tried()).due <= time.monotonic() and len(self._busy) < AT_ONCE:
                self._busy[request] = asyncio.create_task(self._try(request, row))

    async def _try(self, request: _Request, row: DeliveryRow) -> None:
        try:
            await self._visit_and_end(request, row)
        except Exception as error:  # noqa: BLE001 - whatever failed is tried again
            self._later(row, error)
        finally:
            del self._busy[request]
            self._wake.set()

    async def _visit_and_end(self, request: _Request, row: DeliveryRow) -> None:
        try:
            result, head = await self._visit(request, row)
        except (InputError, PolicyError) as error:  # what was offered cannot be read, today or tomorrow
            await self._end(row, "refused", row.head, str(error))
        except (RiskmlError, OSError) as error:
            if self._clock() - row.created_at < GIVE_UP:
                raise
            await self._end(row, "gave-up", row.head, str(error))
        else:
            await self._end(row, result, head)

    async def _visit(self, request: _Request, row: DeliveryRow) -> tuple[Result, str]:
        """Look, score and speak, again if something was pushed meanwhile; tells what came of it, and of which commit."""
        mirror, ref = self._mirrors.find(request.repository), self.platforms.ref(request.forge, request.number)
        told = row.head
        for _ in range(_ROUNDS):
            def prepare(told: str = told) -> review.Material | None:
                with self.platforms.request(*request, sleep=self.sleep) as talk:
                    offered = review.look(talk, told, self.sleep)
                    if not offered.ready:
                        return None
                    review.begin(talk, offered)
                    return review.gather(talk, offered, request.repository, mirror, ref, key=f"bot:{row.id}",
                                         stopping=self._stopping)

            material = await self._threads.run(prepare)
            if material is None:
                return "closed", told
            async with self._scoring:
                scored = [Scored(name, await self._assess(asked, material.policy)) for name, asked in material.requests.items()]
            said = await self._threads.run(partial(self._say, request, material, scored))
            if said != "outdated":
                return said, material.offered.head
            told = material.offered.head
        return "outdated", told

    def _say(self, request: _Request, material: review.Material, scored: Sequence[Scored]) -> Result:
        with self.platforms.request(*request, sleep=self.sleep) as talk:
            return review.tell(talk, material, scored, sleep=self.sleep, chance=random.random)

    async def _end(self, row: DeliveryRow, result: Result, head: str, why: str | None = None) -> None:
        await self._deliveries.end(row, result, head=head, why=why)
        self._mine.discard(row.id)
        self._tried.pop(row.id, None)
        self._counter.add(row.forge, result)
        LOG.log(logging.WARNING if why else logging.INFO, "merge request", extra={"fields": {
            "forge": row.forge, "repository": row.repository, "number": row.number, "head": head, "result": result,
            **({} if why is None else {"why": why[:500]})}})

    def _later(self, row: DeliveryRow, error: Exception) -> None:
        """Try again, each time after a longer while."""
        times = self._tried.get(row.id, _Tried()).times
        wait_s = self.waits_s[min(times, len(self.waits_s) - 1)] * (0.5 + random.random())  # noqa: S311 - only spreads tries
        self._tried[row.id] = _Tried(times + 1, time.monotonic() + wait_s)
        known = isinstance(error, RiskmlError | OSError)
        LOG.warning("merge request: later", exc_info=None if known else error, extra={"fields": {
            "forge": row.forge, "repository": row.repository, "number": row.number, "tries": times + 1,
            "wait_s": round(wait_s, 1), "why": str(error)[:500]}})

    def _sleep(self, seconds: float) -> None:
        if self._stopping.wait(seconds):
            raise ServiceUnavailable("the service is shutting down", expected="the next start")
