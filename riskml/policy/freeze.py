"""Windows in which nothing is released on its own, once or every week."""

from __future__ import annotations

from datetime import datetime, timedelta

from riskml.policy.file import FreezeText, Weekly

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEK = 7 * 24 * 60


def frozen_until(window: FreezeText, now: datetime) -> datetime | None:
    """Return when the window that ``now`` lies in ends; ``None`` outside. Its start belongs to it, its end does not."""
    if window.weekly is not None:
        return _weekly_end(window.weekly, now)
    if window.starts is not None and window.ends is not None and window.starts <= now < window.ends:
        return window.ends
    return None


def _weekly_end(weekly: Weekly, now: datetime) -> datetime | None:
    local = now + timedelta(minutes=weekly.utc_offset_minutes)
    minute = local.weekday() * 24 * 60 + local.hour * 60 + local.minute
    start, end = _minute_of_week(weekly.starts), _minute_of_week(weekly.ends)
    if (minute - start) % _WEEK >= (end - start) % _WEEK:
        return None
    left = timedelta(minutes=(end - minute) % _WEEK)
    return now.replace(second=0, microsecond=0) + left


def _minute_of_week(clock: str) -> int:
    day, _, time = clock.partition(" ")
    hour, _, minute = time.partition(":")
    return _DAYS.index(day) * 24 * 60 + int(hour) * 60 + int(minute)
