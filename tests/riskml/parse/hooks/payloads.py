"""Payloads as the tools send them, written down from their sources and documentation."""

from __future__ import annotations

import json
from typing import Any


def flagger(phase: str = "Progressing", *, checksum: str = "85d557f47b", plan_id: str | None = "p-canary",
            message: str | None = None, at_ms: int | None = None, **metadata: str) -> bytes:
    """Make a call of Flagger's: events carry a message and a time in milliseconds, as text."""
    about = dict(metadata) | ({} if plan_id is None else {"plan_id": plan_id})
    if message is not None:
        about |= {"eventMessage": message, "eventType": "Normal", "timestamp": str(at_ms or 1_795_435_200_000)}
    sent = {"name": "product", "namespace": "prod", "phase": phase, "checksum": checksum, "metadata": about}
    return json.dumps(sent).encode()


def argo(event: str, message: str | None = None, *, revision: str = "7", plan_id: str = "p-canary") -> bytes:
    """Make a notification by the template of docs/outcomes.md."""
    return json.dumps({"event": event, "plan_id": plan_id, "name": "product", "namespace": "prod", "revision": revision,
                       "message": message}).encode()


def alert(status: str = "firing", *, at: str = "2026-11-23T12:30:00Z", **labels: str) -> dict[str, Any]:
    """Make one alert."""
    return {"status": status, "labels": {"alertname": "RiskmlLimitErrorRate"} | labels, "startsAt": at,
            "annotations": {"summary": "error_rate of the new version is > 5 %"}, "endsAt": "0001-01-01T00:00:00Z",
            "generatorURL": "http://prometheus:9090/graph?g0.expr=x", "fingerprint": "aa11" + labels.get("riskml_plan_id", "")}


def alertmanager(*alerts: dict[str, Any]) -> bytes:
    """Make a notification of Alertmanager, version 4."""
    return json.dumps({"version": "4", "groupKey": '{}:{alertname="RiskmlLimitErrorRate"}', "truncatedAlerts": 0,
                       "status": "firing", "receiver": "riskml", "groupLabels": {"alertname": "RiskmlLimitErrorRate"},
                       "commonLabels": {}, "commonAnnotations": {}, "externalURL": "http://alertmanager:9093",
                       "alerts": list(alerts)}).encode()


def github(state: str = "success", *, sha: str = "abcdef1234567" + "0" * 27, repository: str = "acme/shop",
           environment: str = "production", deployment: int = 42, payload: object = "") -> bytes:
    """Make a ``deployment_status`` delivery."""
    return json.dumps({
        "action": "created",
        "deployment_status": {"id": 77, "state": state, "created_at": "2026-11-23T12:30:00Z", "environment": environment,
                              "updated_at": "2026-11-23T12:30:00Z", "description": ""},
        "deployment": {"id": deployment, "sha": sha, "ref": "main", "environment": environment, "payload": payload},
        "repository": {"id": 1, "full_name": repository}, "sender": {"login": "octocat"},
    }).encode()


def gitlab(status: str = "success", *, sha: str = "abcdef1234567" + "0" * 27, environment: str = "production") -> bytes:
    """Make a delivery of the deployment hook."""
    return json.dumps({
        "object_kind": "deployment", "status": status, "status_changed_at": "2026-11-23 13:30:00 +0100", "deployment_id": 15,
        "deployable_id": 796, "deployable_url": "http://gitlab/acme/shop/-/jobs/796", "environment": environment,
        "environment_tier": environment, "short_sha": sha[:8], "commit_url": f"http://gitlab/acme/shop/-/commit/{sha}",
        "project": {"id": 30, "path_with_namespace": "acme/shop"}, "ref": "main", "user": {"username": "root"},
        "commit_title": "Add new file",
    }).encode()


def pull_request(*, action: str = "opened", head: Any = "a" * 40, repository: Any = "acme/shop", number: Any = 7,
                 state: str = "open", draft: bool = False, changes: Any = None, at: str = "2026-11-23T12:30:00Z") -> bytes:
    """Make a ``pull_request`` delivery, from a fork."""
    return json.dumps({
        "action": action, "number": number, "repository": {"id": 1, "full_name": repository}, "sender": {"login": "octocat"},
        "pull_request": {"id": 9, "number": number, "state": state, "draft": draft, "updated_at": at,
                         "head": {"sha": head, "ref": "pay", "repo": {"full_name": "octocat/shop"}},
                         "base": {"sha": "b" * 40, "ref": "main", "repo": {"full_name": repository}}},
    } | ({} if changes is None else {"changes": changes})).encode()


def merge_request(*, action: str = "open", head: str = "a" * 40, repository: str = "acme/team/shop", state: str = "opened",
                  at: str = "2026-11-23 12:30:00 UTC", changes: Any = None, **attributes: Any) -> bytes:
    """Make a merge request hook."""
    return json.dumps({
        "object_kind": "merge_request", "event_type": "merge_request", "user": {"username": "root", "email": "[REDACTED]"},
        "project": {"id": 1, "path_with_namespace": repository}, "changes": changes or {},
        "object_attributes": {"iid": 7, "state": state, "action": action, "updated_at": at, "draft": False,
                              "work_in_progress": False, "last_commit": {"id": head}, "source_branch": "pay",
                              "target_branch": "main"} | attributes,
    }).encode()
