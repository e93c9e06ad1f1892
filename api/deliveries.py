"""What the bot took on: kept before it is acknowledged, and ended by a row of its own, so that no crash in between loses it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Literal

from api.ledger import Ledger
from api.work import Workers
from riskml.adapters.store import ENDED, DeliveryRow, Store, Submission
from riskml.parse.hooks.offer import Offer

Result = Literal["posted", "edited", "same", "silent", "outdated", "closed", "superseded", "refused", "gave-up"]
"""What came of a delivery: what ``riskml.ci.converse.Said`` says; that the merge request is closed or a draft by now; that a
later delivery of it does the same; that its change or its policy cannot be read; that the platform was away for too long."""

CAME_TO_NOTHING = ("refused", "gave-up")
"""Ends after which the same delivery is worth another try: somebody may have mended what was wrong."""

KEPT = timedelta(days=7)
"""A delivery that is older was left behind by a service that never came back, and is not taken up any more."""


class Deliveries:
    """The rows of the store that the bot works from."""

    def __init__(self, store: Store, ledger: Ledger, readers: Workers, *, clock: Callable[[], datetime],
                 new_id: Callable[[datetime], str]) -> None:
        self._store = store
        self._ledger = ledger
        self._readers = readers
        self._clock = clock
        self._new_id = new_id

    async def accept(self, offer: Offer, told: bytes) -> tuple[DeliveryRow, bool]:
        """Keep what was offered; returns its row, and whether it is new. ``told`` is the delivery as it came.

        The same delivery again is the same row, unless its last try came to nothing: whoever sends that again wants a new one.
        """
        key = tried = f"delivery:{offer.forge}:{hashlib.sha256(told).hexdigest()}"
        while True:
            row, fresh = await self._keep(self._row(offer, tried))
            end = None if fresh else await self._end_of(row)
            if end is None or end.result not in CAME_TO_NOTHING:
                return row, fresh
            tried = f"{key}:{end.id}"

    async def _end_of(self, row: DeliveryRow) -> DeliveryRow | None:
        return await self._readers.run(lambda: self._store.under_key(DeliveryRow, f"{ENDED}{row.id}"))

    async def unfinished(self, *, limit: int) -> list[DeliveryRow]:
        """List what has no end yet, oldest first."""
        since = self._clock() - KEPT
        return await self._readers.run(lambda: self._store.unfinished(since=since, limit=limit))

    async def end(self, row: DeliveryRow, result: Result, *, head: str, why: str | None = None) -> None:
        """Say what came of a delivery; the first word counts. ``head`` is the commit that was looked at in the end."""
        now = self._clock()
        document = {"delivery": row.id} | ({} if why is None else {"why": why[:1000]})
        await self._keep(DeliveryRow(
            id=self._new_id(now), created_at=now, idempotency_key=f"{ENDED}{row.id}", request_digest=None, forge=row.forge,
            repository=row.repository, number=row.number, head=head, result=result, document=json.dumps(document)))

    def _row(self, offer: Offer, key: str) -> DeliveryRow:
        now = self._clock()
        return DeliveryRow(id=self._new_id(now), created_at=now, idempotency_key=key, forge=offer.forge,
                           repository=offer.repository, number=offer.number, head=offer.head, result="accepted")

    async def _keep(self, row: DeliveryRow) -> tuple[DeliveryRow, bool]:
        receipt = await self._ledger.commit(Submission(row))
        assert isinstance(receipt.row, DeliveryRow)  # noqa: S101 - a delivery was submitted
        return receipt.row, receipt.fresh
