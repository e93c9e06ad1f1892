"""Which versions have been champion, one after the other: a log that only grows, and what it says of now.

A promotion puts a version on top, a rollback takes the top away. So two rollbacks go back two versions, and a promotion after a
rollback does not bring the one that was taken back with it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from riskml.errors import StoreError

KEPT = 300
"""Events that are kept: more would not fit into one tag of the registry."""


@dataclass(frozen=True, slots=True)
class Event:
    """One change of champion. ``at`` is an ISO time; ``found`` is a champion that somebody named by hand."""

    at: str
    what: Literal["promoted", "rolled back", "found"]
    version: int
    why: str


def reign(events: Sequence[Event]) -> tuple[int, ...]:
    """Give the versions from the first champion that a rollback can reach to the present one.

    >>> told = [Event("2026-01-01", "promoted", n, "") for n in (1, 2, 4)]
    >>> reign(told)
    (1, 2, 4)
    >>> reign([*told, Event("2026-02-01", "rolled back", 2, "")])
    (1, 2)
    >>> reign([*told, Event("2026-02-01", "rolled back", 2, ""), Event("2026-03-01", "promoted", 5, "")])
    (1, 2, 5)
    """
    line: list[int] = []
    for event in events:
        if event.what == "rolled back" and event.version in line[:-1]:
            line.pop()
            while line[-1] != event.version:
                line.pop()
        elif not line or line[-1] != event.version:
            line.append(event.version)
    return tuple(line)


def write(events: Sequence[Event]) -> str:
    """Write the log as JSON, the oldest event first."""
    return json.dumps([asdict(event) for event in events[-KEPT:]])


def read(text: str | None) -> tuple[Event, ...]:
    """Read the log. :raises StoreError: for one that was altered by hand beyond reading.

    >>> read(write([Event("2026-01-01", "promoted", 1, "first")]))[0].version
    1
    >>> read(None)
    ()
    """
    try:
        return tuple(Event(**event) for event in json.loads(text or "[]"))
    except (TypeError, ValueError) as problem:
        raise StoreError("the history of champions cannot be read", where="the registered model's tag", got=text,
                         expected="what riskml wrote there") from problem
