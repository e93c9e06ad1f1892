"""Argo Rollouts: a notification whose body is the template of docs/outcomes.md.

An aborted rollout was rolled back; whether because of the change is in its message. Analysis runs are no outcome: the one of a
superseded revision ends ``Successful`` although it proved nothing.
"""

from __future__ import annotations

import re

from riskml.errors import InputError
from riskml.outcome import Happened
from riskml.parse.hooks.told import Signal, Told, moment, payload, text

TOOL = "argo"

EVENTS: dict[str, tuple[Signal, Happened | None]] = {
    "completed": ("ended", "promoted"),
    "aborted": ("ended", "rolled-back"),
    "updated": ("began", None),
    "step-completed": ("heard", None),
    "paused": ("heard", None),
    "analysis-failed": ("heard", None),
    "analysis-error": ("heard", None),
    "analysis-running": ("heard", None),
}
"""What the template's ``event`` may be, and what it says."""

_NOT_THE_CHANGE = re.compile(r"ProgressDeadlineExceeded|assessed Error|timed out progressing", re.IGNORECASE)
_BY_METRIC = re.compile(r"assessed Failed", re.IGNORECASE)
BY_HAND = 0.6
"""How sure it is that a rollout which a person aborted did harm."""


def read(body: bytes) -> Told:
    """Read a notification; a body of another shape is an ``InputError`` that names the key."""
    value = payload(body, TOOL)
    event = text(value, "event", tool=TOOL) or ""
    if event not in EVENTS:
        raise InputError("unknown event", where="argo: event", got=event, expected=f"one of: {', '.join(EVENTS)}")
    signal, happened = EVENTS[event]
    name, namespace = text(value, "name", tool=TOOL), text(value, "namespace", tool=TOOL)
    message = text(value, "message", tool=TOOL, optional=True, limit=4000) or ""
    confidence = None
    if happened == "rolled-back" and _NOT_THE_CHANGE.search(message):
        happened = "deploy-failed"
    elif happened == "rolled-back" and not _BY_METRIC.search(message):
        confidence = BY_HAND
    target, plan_id = f"{TOOL}:{namespace}/{name}", text(value, "plan_id", tool=TOOL, optional=True)
    revision = text(value, "revision", tool=TOOL, optional=True)
    key = (TOOL, target, plan_id or "", revision or "", happened or event)
    return Told(TOOL, key, happened, signal, moment(text(value, "at", tool=TOOL, optional=True)), plan_id, target=target,
                run=revision, note=f"{event}: {message}"[:500], confidence=confidence)
