"""Spinnaker: a pipeline that deploys the objects of each stage, waits, and asks the service for the verdict.

The webhook stage polls: ``promote`` is success, ``rollback`` is terminal, anything else means still running, which is our hold.
It runs beside the stage's wait, so that a bad version is undone at once. After a terminal verdict the pipeline goes on, but
every later stage is switched off except the one that deploys the state before the release, and a last check fails the pipeline.
A refused connection is terminal in Spinnaker too, so ``url`` should lead through something that retries.
"""

from __future__ import annotations

import json
from typing import Any

import yaml

from riskml.plan import Plan, Stage
from riskml.render import istio, kubernetes
from riskml.render.judge import SERVICE_URL, judged_by, verdict_url
from riskml.render.refusal import refuse
from riskml.render.stages import ROLLBACK, label

TARGET = "spinnaker"

Step = dict[str, Any]


class _Pipeline:
    """Stages in the making: what the next one waits for, and which verdicts it depends on."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.after: list[str] = []
        self.verdicts: list[str] = []

    def then(self, *parallel: Step) -> None:
        """Add stages that run side by side when everything before them is done, unless a verdict was bad."""
        allowed = {"stageEnabled": {"type": "expression", "expression": f"${{{self.good()}}}"}} if self.verdicts else {}
        added = []
        for step in parallel:
            ref = str(len(self.steps) + 1)
            self.steps.append({"refId": ref, "requisiteStageRefIds": self.after, **allowed, **step})
            added.append(ref)
        self.after = added or self.after
        self.verdicts += [s["name"] for s in parallel if s["type"] == "webhook"]

    def good(self) -> str:
        """Return the expression that every verdict so far was promote."""
        return " && ".join(f"#stage('{name}').status.toString() == 'SUCCEEDED'" for name in self.verdicts)


def render(plan: Plan, *, application: str | None = None, account: str = "kubernetes", url: str = SERVICE_URL) -> str:
    """Render the pipeline's JSON. ``application`` and ``account`` are Spinnaker's; verdicts come from ``url``."""
    app = application or label(TARGET, plan.subject.service)
    if plan.strategy == "feature-flag":
        refuse(TARGET, "unsupported_strategy", "Spinnaker deploys; it turns no flags", where="strategy", got=plan.strategy)
    judged_by(TARGET, plan, "riskml")
    moves = plan.strategy not in kubernetes.STEPS

    def deploy(stage: str) -> Step:
        text = istio.render(plan, stage=stage) if moves else kubernetes.render(plan)
        return {"type": "deployManifest", "name": f"open {stage}", "cloudProvider": "kubernetes", "account": account,
                "source": "text", "manifests": list(yaml.safe_load_all(text)), "moniker": {"app": app}}

    pipeline = _Pipeline()
    for stage in plan.stages:
        if stage.approval == "manual":
            ask = {"type": "manualJudgment", "name": f"approve {stage.name}", "judgmentInputs": [], "failPipeline": True}
            pipeline.then(ask)
        pipeline.then(deploy(stage.name))
        pipeline.then(*_watch(plan, stage, url))
    if pipeline.verdicts:
        good = pipeline.good()
        if moves:
            bad = {"type": "expression", "expression": f"${{!({good})}}"}
            pipeline.then({**deploy(ROLLBACK), "name": ROLLBACK, "stageEnabled": bad})
        check = {"type": "expression", "failPipeline": True, "context": {"expression": f"${{{good}}}"}}
        always = {"type": "expression", "expression": "${true}"}
        pipeline.then({"type": "checkPreconditions", "name": "outcome", "preconditions": [check], "stageEnabled": always})
    made = {"application": app, "name": f"riskml-{plan.plan_id}", "description": f"Digest {plan.digest}",
            "keepWaitingPipelines": False, "limitConcurrent": True, "stages": pipeline.steps}
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def _watch(plan: Plan, stage: Stage, url: str) -> list[Step]:
    """Return what runs while a stage is open: its minimal length, and beside it the verdict."""
    steps: list[Step] = []
    if stage.min_duration_s:
        steps.append({"type": "wait", "name": f"wait {stage.name}", "waitTime": stage.min_duration_s})
    if stage.gates or (plan.rollback.rules and stage.min_duration_s):
        where = verdict_url(url, plan.plan_id, stage.name)
        steps.append({"type": "webhook", "name": f"verdict {stage.name}", "method": "GET", "url": where,
                      "waitForCompletion": True, "statusUrlResolution": "getMethod", "statusJsonPath": "$.verdict",
                      "progressJsonPath": "$.reason", "successStatuses": "promote", "terminalStatuses": "rollback",
                      "failPipeline": False, "continuePipeline": True})
    return steps
