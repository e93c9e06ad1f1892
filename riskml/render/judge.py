"""Who judges the gates of a rendered release: riskml's service, asked over HTTP, or the tool itself from metrics."""

from __future__ import annotations

from collections.abc import Iterator

from riskml.errors import UsageError
from riskml.plan import Gate, Plan, Rule
from riskml.render.refusal import refuse

SERVICE_URL = "http://riskml.riskml.svc"
PROMETHEUS_URL = "http://prometheus.monitoring.svc:9090"
JUDGES = ("riskml", "metrics")


def judged_by(target: str, plan: Plan, judge: str) -> bool:
    """Return whether riskml's service judges, after checking that the plan's ``fail_mode`` can be kept."""
    if judge not in JUDGES:
        raise UsageError("no such judge", where="options.judge", got=judge, expected=f"one of: {', '.join(JUDGES)}")
    if judge == "riskml" and plan.fail_mode == "open":
        what = f"{target} holds, or rolls back, while the service does not answer"
        refuse(target, "gate_not_expressible", what, where="fail_mode", got=plan.fail_mode)
    return judge == "riskml"


def verdict_url(url: str, plan_id: str, stage: str) -> str:
    """Return where the verdict on a stage is read."""
    return f"{url.rstrip('/')}/plans/{plan_id}/verdict?stage={stage}"


def flagger_hook_url(url: str, hook: str) -> str:
    """Return where Flagger asks. Every hook has a path of its own: for ``rollback`` an answer of 200 means "roll back now"."""
    return f"{url.rstrip('/')}/webhooks/flagger/{hook}"


def watched(plan: Plan) -> Iterator[tuple[str, Gate | Rule]]:
    """Yield what a tool that judges by itself must check, each with its path: rollback rules, then gates that a stage uses."""
    for i, rule in enumerate(plan.rollback.rules):
        yield f"rollback.rules[{i}]", rule
    used = {g for s in plan.stages for g in s.gates}
    for i, gate in enumerate(plan.gates):
        if gate.id in used:
            yield f"gates[{i}]", gate
