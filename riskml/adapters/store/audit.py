"""The audit chain: one link per row, each holding the hash of the one before, so that the past cannot be edited unnoticed.

A link is ``sha256([seq, at, kind, subject, digest, previous])`` over canonical JSON. ``digest`` covers every column of the row
that it vouches for. Changing, removing or slipping in a row or a link breaks the chain at that place. What a chain alone
cannot show is that its *end* was cut off: keep the head that ``verify`` reports somewhere else, and give it as ``anchor``.
(The idea is that of Haber and Stornetta, 1991: time-stamping by linking.)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from riskml.adapters.store.tables import iso

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of the chain; ``seq`` counts from 1 without a gap."""

    seq: int
    at: datetime
    kind: str
    subject: str
    digest: str
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class AuditReport:
    """The result of a verification. ``broken_at`` is the ``seq`` of the first link that does not hold, ``why`` says how."""

    links: int
    head: str
    broken_at: int | None = None
    why: str | None = None

    @property
    def ok(self) -> bool:
        """Whether every link holds."""
        return self.why is None


def link_hash(seq: int, at: datetime, kind: str, subject: str, digest: str, previous: str) -> str:
    """Hash the content of a link."""
    content = json.dumps([seq, iso(at), kind, subject, digest, previous], separators=(",", ":"))
    return hashlib.sha256(content.encode()).hexdigest()


def extend(seq: int, head: str, facts: Iterable[tuple[datetime, str, str, str]]) -> Iterator[Link]:
    """Chain ``(at, kind, subject, digest)`` facts after link ``seq`` whose hash is ``head``.

    >>> from datetime import UTC
    >>> new_year = datetime(2026, 1, 1, tzinfo=UTC)
    >>> first, second = extend(0, GENESIS, [(new_year, "plan", "p-1", "aa"), (new_year, "plan", "p-2", "bb")])
    >>> first.seq, second.seq, second.previous == first.hash
    (1, 2, True)
    """
    for at, kind, subject, digest in facts:
        seq += 1
        link = Link(seq, at, kind, subject, digest, head, link_hash(seq, at, kind, subject, digest, head))
        head = link.hash
        yield link


def first_break(links: Iterable[Link], anchor: tuple[int, str] | None = None) -> AuditReport:
    """Follow the chain from its start; with ``anchor`` (seq, hash) also check that it passes through that known point."""
    seq, head, anchored = 0, GENESIS, anchor is None
    for link in links:
        if link.seq != seq + 1:
            return AuditReport(seq, head, link.seq, f"link {seq + 1} is missing")
        if link.previous != head:
            return AuditReport(seq, head, link.seq, "the hash of the link before is not the one recorded here")
        if link.hash != link_hash(link.seq, link.at, link.kind, link.subject, link.digest, link.previous):
            return AuditReport(seq, head, link.seq, "the content of the link was changed")
        seq, head = link.seq, link.hash
        if anchor is not None and seq == anchor[0]:
            if head != anchor[1]:
                return AuditReport(seq, head, seq, "the chain was rewritten: its hash at the anchor is another")
            anchored = True
    if not anchored:
        return AuditReport(seq, head, seq + 1, "the end of the chain was cut off before the anchor")
    return AuditReport(seq, head)
