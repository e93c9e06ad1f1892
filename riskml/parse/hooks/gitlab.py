"""GitLab: the deployment hook. The full id of the commit stands only at the end of its address."""

from __future__ import annotations

import re

from riskml.outcome import Happened
from riskml.parse.hooks.github import in_production
from riskml.parse.hooks.told import Told, moment, payload, text

TOOL = "gitlab"

STATES: dict[str, Happened] = {"success": "promoted-unverified", "failed": "deploy-failed", "canceled": "superseded"}
"""Which statuses are outcomes; ``created`` and ``running`` are still under way."""

_SHA = re.compile(r"/commit/([0-9a-f]{7,64})$")


def read(body: bytes) -> Told | None:
    """Read a delivery; ``None`` for other hooks, other statuses, and environments that users do not see."""
    value = payload(body, TOOL)
    if value.get("object_kind") != "deployment":
        return None
    status = text(value, "status", tool=TOOL) or ""
    environment = text(value, "environment", tool=TOOL, optional=True) or ""
    tier = text(value, "environment_tier", tool=TOOL, optional=True) or environment
    if status not in STATES or not in_production(tier):
        return None
    repository, deployment = text(value, "project", "path_with_namespace", tool=TOOL), text(value, "deployment_id", tool=TOOL)
    found = _SHA.search(text(value, "commit_url", tool=TOOL, optional=True, limit=2000) or "")
    head = found[1] if found else text(value, "short_sha", tool=TOOL, optional=True)
    at = text(value, "status_changed_at", tool=TOOL, optional=True)
    return Told(TOOL, (TOOL, repository or "", deployment or "", STATES[status]), STATES[status], "ended", moment(at), None,
                repository, head, target=f"{TOOL}:{repository}/{environment}", run=deployment,
                note=f"deployment {deployment} to {environment}: {status}")
