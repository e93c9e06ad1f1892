"""Freeze windows, once and weekly."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from riskml.policy.file import FreezeText, Weekly
from riskml.policy.freeze import frozen_until

ONCE = FreezeText("x", datetime(2026, 12, 20, tzinfo=UTC), datetime(2027, 1, 2, tzinfo=UTC))
WEEKEND = FreezeText("x", weekly=Weekly("fri 16:00", "mon 08:00"))
BERLIN = FreezeText("x", weekly=Weekly("fri 16:00", "mon 08:00", utc_offset_minutes=60))


@pytest.mark.parametrize(
    ("window", "now", "end"),
    [
        (ONCE, datetime(2026, 12, 19, 23, 59, 59, tzinfo=UTC), None),
        (ONCE, datetime(2026, 12, 20, tzinfo=UTC), datetime(2027, 1, 2, tzinfo=UTC)),
        (ONCE, datetime(2027, 1, 2, tzinfo=UTC), None),
        (WEEKEND, datetime(2026, 11, 27, 15, 59, 59, tzinfo=UTC), None),
        (WEEKEND, datetime(2026, 11, 27, 16, 0, tzinfo=UTC), datetime(2026, 11, 30, 8, tzinfo=UTC)),
        (WEEKEND, datetime(2026, 11, 29, 12, 30, 7, tzinfo=UTC), datetime(2026, 11, 30, 8, tzinfo=UTC)),
        (WEEKEND, datetime(2026, 11, 30, 7, 59, tzinfo=UTC), datetime(2026, 11, 30, 8, tzinfo=UTC)),
        (WEEKEND, datetime(2026, 11, 30, 8, tzinfo=UTC), None),
        (BERLIN, datetime(2026, 11, 27, 15, 0, tzinfo=UTC), datetime(2026, 11, 30, 7, tzinfo=UTC)),
        (BERLIN, datetime(2026, 11, 30, 7, 0, tzinfo=UTC), None),
    ],
)
def test_a_window_holds_from_its_first_minute_to_before_its_end(
    window: FreezeText, now: datetime, end: datetime | None
) -> None:
    """The start belongs to the window, the end does not; a weekly one may cross the end of the week."""
    assert frozen_until(window, now) == end
