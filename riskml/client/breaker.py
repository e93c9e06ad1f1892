"""A circuit breaker: after too many failures, stop asking for a while and fail at once instead.

The semantics are those of resilience4j 2.4 (``CircuitBreaker``), so that what its users know holds here:

* CLOSED lets everything through. Once the window holds ``minimum_calls`` results and their failure rate is at or above
  ``threshold_percent``, the breaker opens.
* OPEN refuses. An attempt *strictly later* than ``wait_s`` after opening turns it to HALF_OPEN and is let through.
* HALF_OPEN lets ``half_open_calls`` attempts through. Once ``min(minimum_calls, half_open_calls)`` results are in, their
  failure rate decides: at or above the threshold it opens again, below it closes with an empty window.

A *count* window holds the last ``window`` results. A *time* window holds those of the last ``window`` whole seconds of the
clock, the running one included: it drops a second at a time, never a single result.

The clock is a parameter, in seconds; nothing here sleeps or calls.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from math import floor
from typing import Literal

from riskml.errors import UsageError

State = Literal["CLOSED", "OPEN", "HALF_OPEN"]


@dataclass(frozen=True, slots=True)
class BreakerSettings:
    """When a breaker opens and closes. The limits of each value are resilience4j's.

    ``window`` is results (``kind="count"``) or seconds (``kind="time"``), at least 1. ``threshold_percent`` lies in (0, 100].
    ``minimum_calls`` and ``half_open_calls`` are at least 1. A count window can never hold more than ``window`` results, so
    ``minimum_calls`` counts as ``window`` there if it is larger. ``wait_s`` is at least one millisecond.
    """

    kind: Literal["count", "time"] = "count"
    window: int = 20
    threshold_percent: float = 50.0
    minimum_calls: int = 10
    half_open_calls: int = 3
    wait_s: float = 30.0

    def __post_init__(self) -> None:
        if self.kind not in ("count", "time"):
            raise UsageError("unknown kind of window", where="kind", got=self.kind, expected="'count' or 'time'")
        if not 0 < self.threshold_percent <= 100:
            raise UsageError("threshold out of range", where="threshold_percent", got=self.threshold_percent,
                             expected="above 0 and at most 100")
        for name in ("window", "minimum_calls", "half_open_calls"):
            if getattr(self, name) < 1:
                raise UsageError("too small", where=name, got=getattr(self, name), expected="at least 1")
        if not self.wait_s >= 0.001:
            raise UsageError("too short", where="wait_s", got=self.wait_s, expected="at least 0.001 seconds")


class _CountWindow:
    """The last ``size`` results."""

    def __init__(self, size: int, minimum: int) -> None:
        self._results: deque[bool] = deque(maxlen=size)
        self._minimum = min(size, minimum)

    def record(self, failed: bool, now: float) -> None:  # noqa: ARG002 - one shape for both windows
        self._results.append(failed)

    def failure_rate(self, now: float) -> float | None:  # noqa: ARG002 - one shape for both windows
        total = len(self._results)
        return None if total < self._minimum else 100.0 * sum(self._results) / total


class _TimeWindow:
    """The results of the last ``size`` whole seconds, as one pair (failed, all) a second."""

    def __init__(self, size: int, minimum: int) -> None:
        self._size = size
        self._minimum = minimum
        self._seconds: deque[tuple[int, int, int]] = deque()

    def record(self, failed: bool, now: float) -> None:
        second = floor(now)
        self._drop(second)
        if self._seconds and self._seconds[-1][0] == second:
            _, bad, total = self._seconds.pop()
        else:
            bad = total = 0
        self._seconds.append((second, bad + failed, total + 1))

    def failure_rate(self, now: float) -> float | None:
        self._drop(floor(now))
        total = sum(entry[2] for entry in self._seconds)
        return None if total < self._minimum else 100.0 * sum(entry[1] for entry in self._seconds) / total

    def _drop(self, second: int) -> None:
        while self._seconds and self._seconds[0][0] <= second - self._size:
            self._seconds.popleft()


class CircuitBreaker:
    """Decides whether to call, from how recent calls went. Safe to share between threads.

    >>> clock = [0.0]
    >>> settings = BreakerSettings(window=2, minimum_calls=2, half_open_calls=1, wait_s=5)
    >>> breaker = CircuitBreaker(settings, clock=lambda: clock[0])
    >>> for _ in range(2):
    ...     assert breaker.allow()
    ...     breaker.record(failed=True)
    >>> breaker.state, breaker.allow(), breaker.retry_after_s
    ('OPEN', False, 5.0)
    >>> clock[0] = 5.1
    >>> breaker.allow(), breaker.state
    (True, 'HALF_OPEN')
    """

    def __init__(self, settings: BreakerSettings | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.settings = settings or BreakerSettings()
        self._clock = clock
        self._lock = threading.Lock()
        self._state: State = "CLOSED"
        self._window: _CountWindow | _TimeWindow = self._closed_window()
        self._opened_at = 0.0
        self._trials = 0

    @property
    def state(self) -> State:
        """The state as of the last attempt or result: time alone changes nothing."""
        return self._state

    @property
    def failure_rate(self) -> float | None:
        """Failures in the current window, in percent; ``None`` while it holds fewer results than needed."""
        with self._lock:
            return self._window.failure_rate(self._clock())

    @property
    def retry_after_s(self) -> float:
        """Seconds until the breaker could let an attempt through; 0 unless it is open."""
        with self._lock:
            return max(0.0, self._opened_at + self.settings.wait_s - self._clock()) if self._state == "OPEN" else 0.0

    def allow(self) -> bool:
        """Whether to make the call now. Each ``True`` must be followed by exactly one ``record`` or ``release``."""
        with self._lock:
            if self._state == "OPEN" and self._clock() > self._opened_at + self.settings.wait_s:
                self._state = "HALF_OPEN"
                self._window = _CountWindow(self.settings.half_open_calls, self.settings.minimum_calls)
                self._trials = self.settings.half_open_calls
            if self._state == "HALF_OPEN":
                if self._trials == 0:
                    return False
                self._trials -= 1
                return True
            return self._state == "CLOSED"

    def record(self, *, failed: bool) -> None:
        """Tell how a call that was allowed ended. Results that arrive while the breaker is open are too late to count."""
        with self._lock:
            if self._state == "OPEN":
                return
            now = self._clock()
            self._window.record(failed, now)
            rate = self._window.failure_rate(now)
            if rate is None:
                return
            if rate >= self.settings.threshold_percent:
                self._state, self._opened_at = "OPEN", now
            elif self._state == "HALF_OPEN":
                self._state, self._window = "CLOSED", self._closed_window()

    def release(self) -> None:
        """Give back an allowed call that was not made, or that says nothing of the service (the caller's own mistake)."""
        with self._lock:
            if self._state == "HALF_OPEN":
                self._trials = min(self._trials + 1, self.settings.half_open_calls)

    def _closed_window(self) -> _CountWindow | _TimeWindow:
        shape = _CountWindow if self.settings.kind == "count" else _TimeWindow
        return shape(self.settings.window, self.settings.minimum_calls)
