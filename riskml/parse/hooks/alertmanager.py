"""Alertmanager (webhook version 4): an alert that fires is an incident; one that resolves is no success.

A canary that was killed has no series either, so the end of an alert says nothing. Alerts rendered by riskml carry the plan's
id, and whether they only hold (``riskml_action``); others name a change by ``repository`` and ``commit``, or wait for a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from riskml.errors import InputError
from riskml.parse.hooks.told import Told, moment, payload, text

TOOL = "alertmanager"
MOST = 1000


def read(body: bytes, plan_id: str | None = None) -> list[Told]:
    """Read a notification: one message for each alert that fires. ``plan_id`` is for alerts that name no plan themselves."""
    value = payload(body, TOOL)
    alerts = value.get("alerts")
    if not isinstance(alerts, list) or len(alerts) > MOST or not all(isinstance(a, Mapping) for a in alerts):
        raise InputError("not alerts", where="alertmanager: alerts", got=alerts, expected=f"a list of at most {MOST} objects")
    return [found for alert in alerts if (found := _firing(alert, plan_id)) is not None]


def _firing(alert: Mapping[str, Any], plan_id: str | None) -> Told | None:
    if text(alert, "status", tool=TOOL) != "firing":
        return None

    def label(name: str) -> str | None:
        return text(alert, "labels", name, tool=TOOL, optional=True)

    plan = label("riskml_plan_id") or plan_id
    name, action = label("alertname") or "unnamed", label("riskml_action")
    begun = text(alert, "startsAt", tool=TOOL)
    which = label("fingerprint") or text(alert, "fingerprint", tool=TOOL, optional=True) or name
    note = text(alert, "annotations", "summary", tool=TOOL, optional=True, limit=2000)
    harmful = action != "hold"
    return Told(TOOL, (TOOL, plan or "", which, begun or ""), "incident" if harmful else None,
                "halt" if action == "rollback" else "heard", moment(begun), plan, label("repository"),
                label("commit") or label("sha"), note=f"{name}: {note}"[:500] if note else name)
