"""Flagger (read at v1.44, pkg/controller): its webhooks, and what its events say.

Every hook posts name, namespace, phase, checksum and the metadata of the manifest; events add a message and a time. At
``confirm-rollout`` phase and checksum are those of the run *before*, so the plan is found by the metadata alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from riskml.errors import InputError
from riskml.outcome import Happened
from riskml.parse.hooks.told import Signal, Told, payload, text

TOOL = "flagger"
HOOKS = ("confirm-rollout", "pre-rollout", "rollout", "confirm-traffic-increase", "confirm-promotion", "rollback",
         "post-rollout", "event")

MESSAGES: tuple[tuple[re.Pattern[str], Signal, Happened | None], ...] = (
    (re.compile(r"^Advance \S+ canary weight (\d+(?:\.\d+)?)$"), "weight", None),
    (re.compile(r"^Routing all traffic to canary\b"), "switched", None),
    (re.compile(r"^New revision detected! Restarting analysis\b"), "restarted", "superseded"),
    (re.compile(r"^New revision detected!"), "began", None),
    (re.compile(r"^Promotion of \S+ failed, primary not ready"), "heard", "promotion-stuck"),
    (re.compile(r"progress deadline exceeded"), "heard", "deploy-failed"),
    (re.compile(r"^Promotion completed! Canary analysis was skipped\b"), "heard", "promoted-unverified"),
)
"""What an event's message means, first match; any other only shows that events arrive."""

ENDS: dict[str, Happened] = {"Succeeded": "promoted", "Failed": "rolled-back"}
"""The phase of ``post-rollout``. ``Failed`` is also said of a promotion that got stuck; its event tells them apart."""


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a webhook."""

    hook: str
    name: str
    namespace: str
    phase: str
    checksum: str | None
    plan_id: str | None
    plan_digest: str | None
    message: str | None = None
    at: datetime | None = None

    @property
    def target(self) -> str:
        """Name the Canary, across tools."""
        return f"{TOOL}:{self.namespace}/{self.name}"


def read(body: bytes, hook: str) -> Call:
    """Read a call; a body that is none of Flagger's is an ``InputError``."""
    if hook not in HOOKS:
        raise InputError("no such hook", where="flagger", got=hook, expected=f"one of: {', '.join(HOOKS)}")
    value = payload(body, TOOL)
    found = {key: text(value, *path, tool=TOOL, optional=True, limit=2000) for key, path in (
        ("checksum", ("checksum",)), ("plan_id", ("metadata", "plan_id")), ("plan_digest", ("metadata", "plan_digest")),
        ("message", ("metadata", "eventMessage")), ("at", ("metadata", "timestamp")))}
    names = {key: text(value, key, tool=TOOL) or "" for key in ("name", "namespace")}
    phase = text(value, "phase", tool=TOOL, optional=True) or ""
    return Call(hook, names["name"], names["namespace"], phase, found["checksum"], found["plan_id"], found["plan_digest"],
                found["message"], _milliseconds(found["at"]))


def told(call: Call) -> Told | None:
    """Say what an ``event`` or ``post-rollout`` call tells; ``None`` if it is another hook, or not an end."""
    if call.hook == "event":
        return _event(call)
    if call.hook != "post-rollout" or call.phase not in ENDS:
        return None
    return _made(call, ENDS[call.phase], "ended", f"post-rollout: {call.phase}")


def _event(call: Call) -> Told:
    message = call.message or ""
    for pattern, signal, happened in MESSAGES:
        found = pattern.search(message)
        if found:
            weight = float(found[1]) if signal == "weight" else None
            return _made(call, happened, signal, message, weight)
    return _made(call, None, "heard", message)


def _made(call: Call, happened: Happened | None, signal: Signal, note: str, weight: float | None = None) -> Told:
    key = (TOOL, call.target, call.plan_id or "", call.checksum or "", happened or signal)
    return Told(TOOL, key, happened, signal, call.at, call.plan_id, target=call.target, run=call.checksum, weight=weight,
                note=note[:500])


def _milliseconds(value: str | None) -> datetime | None:
    if value is None or not value.isascii() or not value.isdigit() or len(value) > 14:
        return None
    return datetime.fromtimestamp(int(value) / 1000, UTC)
