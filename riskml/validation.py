"""What a feature must prove while it is released: limits, a load test, and the shares that the team wants to step through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]


@dataclass(frozen=True, slots=True)
class Criterion:
    """One limit: ``metric op value``, in percent of requests (``error_rate``) or in milliseconds (``latency_p95``)."""

    metric: str
    op: Literal["<", "<="]
    value: float
    unit: Literal["percent", "milliseconds"]

    def looser_than(self, op: str, value: float) -> bool:
        """Return whether this limit admits a value that ``op value`` does not.

        >>> limit = Criterion("latency_p95", "<=", 800, "milliseconds")
        >>> limit.looser_than("<", 800), limit.looser_than("<=", 800), limit.looser_than("<", 900)
        (True, False, False)
        """
        return self.value > value or (self.value == value and self.op == "<=" and op == "<")


@dataclass(frozen=True, slots=True)
class LoadTest:
    """Load to put on one path: so many users, started at ``spawn_rate`` a second, each sending one request a second.

    ``body`` is sent as it is, as ``content_type``; ``None`` sends none.
    """

    users: int
    spawn_rate: float
    duration_s: int
    endpoint: str
    method: Method = "GET"
    body: str | None = None
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Step:
    """One share of the traffic, in basis points, and how long it lasts at least, in seconds."""

    traffic_bp: int
    duration_s: int


@dataclass(frozen=True, slots=True)
class Validation:
    """A feature to release: what it is called, the path it serves, its limits, its load test and its shares.

    ``load_test`` is ``None`` and ``steps`` is empty where the file says nothing of them. The last of ``steps`` is everybody.
    """

    feature: str
    api: str
    criteria: tuple[Criterion, ...]
    load_test: LoadTest | None = None
    steps: tuple[Step, ...] = ()
