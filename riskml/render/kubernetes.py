"""A plain Kubernetes Deployment: the fields of a rolling update, as a part to apply on top of the Deployment that exists.

``kubectl apply --server-side --field-manager riskml -f -`` owns these fields and no other; ``kubectl patch --type merge`` works
too.
"""

from __future__ import annotations

from riskml.plan import Plan
from riskml.render.manifest import resource, stage_notes, stream
from riskml.render.refusal import refuse
from riskml.render.stages import label

TARGET = "kubernetes"
STEPS = {"rolling": ("25%", 0), "full": ("100%", 0)}
"""Strategy → (maxSurge, maxUnavailable): a rolling release replaces a quarter at a time, a full one everything at once."""


def render(plan: Plan, *, min_ready_s: int = 30, progress_deadline_s: int = 600) -> str:
    """Render the Deployment's strategy; a held plan is paused.

    ``min_ready_s`` is how long a new pod must be ready before the next ones follow, ``progress_deadline_s`` how long the whole
    may stand still before it counts as failed.
    """
    if plan.strategy not in STEPS:
        what = "a Deployment replaces pods and moves no traffic"
        refuse(TARGET, "unsupported_strategy", what, where="strategy", got=plan.strategy)
    surge, unavailable = STEPS[plan.strategy]
    update = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}
    held = plan.stages[0].approval == "manual"
    remarks = ["Apply on top of the existing Deployment: kubectl apply --server-side --field-manager riskml -f -"]
    if plan.stages[0].gates or plan.rollback.rules:
        remarks.append("A Deployment watches probes, not gates: render for prometheus too, whose alerts can undo the release.")
    if held:
        remarks.append("Paused, because the plan waits for approval: kubectl rollout resume starts it.")
    spec = {"strategy": update, "minReadySeconds": min_ready_s, "progressDeadlineSeconds": progress_deadline_s, "paused": held}
    name = label(TARGET, plan.subject.service)
    return stream(plan, TARGET, [resource(plan, ("apps/v1", "Deployment"), name, spec, stage_notes(plan))], remarks)
