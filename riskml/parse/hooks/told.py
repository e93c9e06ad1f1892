"""What a webhook told: one record for all tools. Made from bytes alone; the caller knows the time and the plans."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from riskml.errors import InputError
from riskml.outcome import Happened

Signal = Literal["heard", "began", "weight", "switched", "restarted", "halt", "ended"]
"""What a message says of the release itself: that the tool reports at all, that a new revision was taken up, that it has a
share of the traffic, all of it, that another revision took its place, that it must be switched off, that it is over."""


@dataclass(frozen=True, slots=True)
class Told:
    """One message, understood.

    ``key`` names what makes a repeated message the same. ``at`` is when it happened, ``None`` if the tool does not say.
    ``target`` is the tool's name of what it deploys, ``run`` its name of the attempt. ``happened`` is ``None`` for a message
    that is no outcome; ``signal`` says what it means for the release.
    """

    source: str
    key: tuple[str, ...]
    happened: Happened | None = None
    signal: Signal = "heard"
    at: datetime | None = None
    plan_id: str | None = None
    repository: str | None = None
    head: str | None = None
    target: str | None = None
    run: str | None = None
    weight: float | None = None
    note: str | None = None
    confidence: float | None = None


def payload(body: bytes, tool: str) -> Mapping[str, Any]:
    """Read a body that must be one JSON object."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise InputError("not a payload", where=f"{tool}: the body", got=body[:80].decode("utf-8", "replace"),
                         expected="one JSON object")
    return value


def text(value: Mapping[str, Any], *path: str, tool: str, optional: bool = False, limit: int = 255) -> str | None:
    """Return the text under some keys; a missing or wrong one is refused by its path, unless it is optional."""
    where = ".".join(path)
    here: Any = value
    for name in path:
        here = here.get(name) if isinstance(here, Mapping) else None
    if isinstance(here, (int, float)) and not isinstance(here, bool):
        here = str(here)
    if here is None or here == "":
        if optional:
            return None
        raise InputError("missing key", where=f"{tool}: {where}", expected="text")
    if not isinstance(here, str) or len(here) > limit or "\0" in here:
        raise InputError("wrong value", where=f"{tool}: {where}", got=here, expected=f"text of at most {limit} characters")
    return here


def moment(value: str | None) -> datetime | None:
    """Read a time with a zone, as forges and alerts write them; ``None`` for anything else.

    >>> moment("2026-11-24T10:00:00Z"), moment("2026-11-24 10:00:00 +0200").isoformat(), moment("yesterday")
    (datetime.datetime(2026, 11, 24, 10, 0, tzinfo=datetime.timezone.utc), '2026-11-24T08:00:00+00:00', None)
    """
    for form in (None, "%Y-%m-%d %H:%M:%S %z", "%Y-%m-%d %H:%M:%S UTC"):
        try:
            found = datetime.fromisoformat(value or "") if form is None else datetime.strptime(value or "", form)  # noqa: DTZ007 - a form with its zone
        except ValueError:
            continue
        if form is not None and form.endswith("UTC"):
            found = found.replace(tzinfo=UTC)
        if found.tzinfo is not None:
            return found.astimezone(UTC)
    return None
