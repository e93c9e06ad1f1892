"""GitHub: ``deployment_status``. A deployment that succeeded went out; nobody says that it was looked at."""

from __future__ import annotations

from riskml.outcome import Happened
from riskml.parse.hooks.told import Told, moment, payload, text

TOOL = "github"

STATES: dict[str, Happened] = {"success": "promoted-unverified", "failure": "deploy-failed", "error": "deploy-failed"}
"""Which states are outcomes. ``inactive`` only means that a later deployment is there; the others are still under way."""

NOT_PRODUCTION = ("staging", "stage", "test", "testing", "dev", "development", "preview", "review", "qa", "ci")


def read(body: bytes, event: str) -> Told | None:
    """Read a delivery; ``None`` for other events, other states, and environments that users do not see."""
    if event != "deployment_status":
        return None
    value = payload(body, TOOL)
    state = text(value, "deployment_status", "state", tool=TOOL) or ""
    environment = text(value, "deployment", "environment", tool=TOOL, optional=True) or ""
    if state not in STATES or not in_production(environment):
        return None
    repository = text(value, "repository", "full_name", tool=TOOL)
    deployment = text(value, "deployment", "id", tool=TOOL)
    plan_id = text(value, "deployment", "payload", "riskml_plan_id", tool=TOOL, optional=True)
    at = text(value, "deployment_status", "created_at", tool=TOOL, optional=True)
    return Told(TOOL, (TOOL, repository or "", deployment or "", STATES[state]), STATES[state], "ended", moment(at), plan_id,
                repository, text(value, "deployment", "sha", tool=TOOL), target=f"{TOOL}:{repository}/{environment}",
                run=deployment, note=f"deployment {deployment} to {environment}: {state}")


def in_production(environment: str) -> bool:
    """Return whether users see an environment, judged by its name; one that says nothing counts as seen.

    >>> in_production("production"), in_production("Review/pay-42"), in_production("eu-west")
    (True, False, True)
    """
    return environment.lower().partition("/")[0] not in NOT_PRODUCTION
