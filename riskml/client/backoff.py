"""How long to wait before trying again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime


@dataclass(frozen=True, slots=True)
class Backoff:
    """Exponential backoff with full jitter (Brooker 2015): the n-th wait is anywhere in ``[0, min(most_s, first_s · 2ⁿ)]``.

    So clients that failed together do not come back together.
    """

    first_s: float = 0.25
    most_s: float = 10.0

    def wait_s(self, attempt: int, chance: float, asked_s: float | None = None) -> float:
        """Return the wait after attempt ``attempt`` (from 0). What the service asked for is the least; jitter comes on top.

        >>> Backoff(first_s=1, most_s=10).wait_s(2, 0.5), Backoff(first_s=1).wait_s(0, 0.5, asked_s=7)
        (2.0, 7.5)
        """
        jitter = chance * min(self.most_s, self.first_s * 2.0 ** min(attempt, 60))
        return jitter + (asked_s or 0.0)


def retry_after(headers: Mapping[str, str], now: Callable[[], float]) -> float | None:
    """Read ``Retry-After``, in either of its forms, as seconds from ``now`` (UNIX seconds); ``None`` if absent or unreadable.

    >>> retry_after({"retry-after": "3"}, lambda: 0.0)
    3.0
    >>> retry_after({"retry-after": "Thu, 01 Jan 1970 00:00:09 GMT"}, lambda: 4.0)
    5.0
    """
    text = headers.get("retry-after", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now())
    except (ValueError, OverflowError):
        return None
