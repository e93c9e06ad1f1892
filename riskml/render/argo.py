"""Argo Rollouts: one Rollout over an existing Deployment (``workloadRef``), and the AnalysisTemplates that its stages run.

Stage lengths are native: an analysis that cannot end before, or a pause where nothing is watched. Read from its source (v1.10):
changed steps reset a running rollout, so the plan's id sits in an annotation; without a router weights are pods; routes of
``setHeaderRoute`` and ``setMirrorRoute`` must be listed in ``managedRoutes``, stay until a step of the same name without match,
and need pods, which ``setCanaryScale`` gives.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from riskml.errors import UsageError
from riskml.plan import ALL_BP, Plan, Stage
from riskml.render.argo_analysis import arguments, judged, metric_template, verdict_template
from riskml.render.condition import header_tests
from riskml.render.judge import PROMETHEUS_URL, SERVICE_URL, judged_by
from riskml.render.manifest import resource, stage_notes, stream
from riskml.render.refusal import refuse
from riskml.render.stages import audience, audience_bp, label, public_bp, whole_percent

TARGET = "argo"
ROUTERS = ("istio", "none")
DARK_PODS = 1
"""Pods of the new version while it has an audience or mirrored traffic but no weight."""

Step = dict[str, Any]


class _Run(NamedTuple):
    """What the shapes below need to know."""

    plan: Plan
    name: str
    router: str
    replicas: int | None
    asks: bool  # whether riskml's service gives the verdict
    url: str
    prometheus: str


def render(plan: Plan, *, router: str = "istio", replicas: int | None = None, judge: str = "riskml", url: str = SERVICE_URL,
           prometheus: str = PROMETHEUS_URL, stable: str = "stable", canary: str = "canary") -> str:
    """Render the Rollout of a Deployment that has the service's name.

    ``router`` is ``istio`` (a VirtualService and a DestinationRule of the service's name exist, with the subsets ``stable`` and
    ``canary``) or ``none`` (weights are pods, of ``replicas``). ``judge`` is ``riskml`` (verdicts from ``url``) or ``metrics``
    (gates and limits are compared with ``prometheus`` at every interval).
    """
    if router not in ROUTERS:
        raise UsageError("unknown router", where="options.router", got=router, expected=f"one of: {', '.join(ROUTERS)}")
    if plan.strategy == "feature-flag":
        refuse(TARGET, "unsupported_strategy", "Argo Rollouts replaces pods", where="strategy", got=plan.strategy)
    name = label(TARGET, plan.subject.service)
    run = _Run(plan, name, router, replicas, judged_by(TARGET, plan, judge), url, prometheus)
    strategy = _blue_green(run) if plan.strategy == "blue-green" else {"canary": _canary(run, stable, canary)}
    held = plan.stages[0].approval == "manual" and plan.strategy in ("full", "rolling", "blue-green")
    spec = {
        **({"replicas": replicas} if replicas is not None else {}),
        **({"paused": True} if held else {}),
        "workloadRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
        "strategy": strategy,
    }
    rollout = resource(plan, ("argoproj.io/v1alpha1", "Rollout"), name, spec, stage_notes(plan))
    remarks = ["Needs Argo Rollouts 1.8 or later. Apply together with the new image; changed steps reset a running rollout."]
    return stream(plan, TARGET, [*_templates(run), rollout], remarks)


def _canary(run: _Run, stable: str, canary: str) -> dict[str, Any]:
    plan = run.plan
    made: dict[str, Any] = {}
    steps: list[Step] = []
    if plan.strategy in ("full", "rolling"):
        made = {"maxSurge": "100%" if plan.strategy == "full" else "25%", "maxUnavailable": 0}
        if judged(plan, plan.stages[0]):
            made["analysis"] = _analysis(run, plan.stages[0])
        return made
    steps = [step for i in range(len(plan.stages)) for step in _steps(run, i)]
    if plan.strategy == "dark-launch" and plan.stages[-1].traffic_bp != ALL_BP:
        steps.append({"pause": {}})  # after its last step Argo would send all traffic to the new version
    routes = [step[kind]["name"] for step in steps for kind in ("setHeaderRoute", "setMirrorRoute") if kind in step]
    if run.router == "istio":
        made["trafficRouting"] = {
            **({"managedRoutes": [{"name": n} for n in dict.fromkeys(routes)]} if routes else {}),
            "istio": {
                "virtualService": {"name": run.name},
                "destinationRule": {"name": run.name, "canarySubsetName": canary, "stableSubsetName": stable},
            },
        }
    return {**made, "steps": steps}


def _steps(run: _Run, i: int) -> list[Step]:
    """Return the steps of one stage: open it, let it run, judge it, and take its routes away again."""
    stage = run.plan.stages[i]
    opened, closed = _routes(run, i)
    steps: list[Step] = [{"pause": {}}] if stage.approval == "manual" else []
    steps += [*opened, {"setWeight": _weight(run, i)}]
    if i and _fixed_scale(run.plan.stages[i - 1]) and not _fixed_scale(stage):
        steps.append({"setCanaryScale": {"matchTrafficWeight": True}})  # after the weight, or the pods would go and come again
    if judged(run.plan, stage):
        steps.append({"analysis": _analysis(run, stage)})
    elif stage.min_duration_s:
        steps.append({"pause": {"duration": stage.min_duration_s}})
    return steps + closed


def _weight(run: _Run, i: int) -> int:
    stage = run.plan.stages[i]
    where = f"stages[{i}].traffic_bp"
    weight = whole_percent(TARGET, public_bp(stage), where)
    if run.router == "none" and (run.replicas is None or weight * run.replicas % 100):
        pods = "an unknown number of" if run.replicas is None else str(run.replicas)
        what = f"without a router weights are pods, and {weight} % of {pods} pods is no whole number; give the option replicas"
        refuse(TARGET, "too_few_replicas", what, where=where, got=stage.traffic_bp)
    return weight


def _routes(run: _Run, i: int) -> tuple[list[Step], list[Step]]:
    """Return the steps that open an audience or a mirror, and those that close it."""
    stage = run.plan.stages[i]
    who = audience(stage)
    if not who and not stage.mirror_bp:
        return [], []
    code = "audience_unsupported" if who else "mirror_unsupported"
    if run.router == "none":
        refuse(TARGET, code, "needs a router", where=f"stages[{i}].{'audience' if who else 'mirror_bp'}", got=stage.name)
    opened: list[Step] = [{"setCanaryScale": {"replicas": DARK_PODS}}] if _fixed_scale(stage) else []
    closed: list[Step] = []
    if who:
        if audience_bp(stage) != ALL_BP:
            what = "setHeaderRoute sends all of an audience to the new version, not a share"
            refuse(TARGET, code, what, where=f"stages[{i}].traffic_bp", got=stage.traffic_bp)
        for j, test in enumerate(header_tests(TARGET, who, f"stages[{i}]")):
            name = f"{stage.name}-{j}"  # one route a condition, because Argo joins the tests of a route by "and"
            opened.append({"setHeaderRoute": {"name": name, "match": [
                {"headerName": test.name, "headerValue": {test.op: test.value}}]}})
            closed.append({"setHeaderRoute": {"name": name}})
    if stage.mirror_bp:
        share = whole_percent(TARGET, stage.mirror_bp, f"stages[{i}].mirror_bp")
        name = f"mirror-{stage.name}"
        everything = [{"path": {"prefix": "/"}}]
        opened.append({"setMirrorRoute": {"name": name, "percentage": share, "match": everything}})
        closed.append({"setMirrorRoute": {"name": name}})
    return opened, closed


def _fixed_scale(stage: Stage) -> bool:
    """Return whether a stage needs pods of the new version although it has no weight."""
    return not public_bp(stage) and bool(audience(stage) or stage.mirror_bp)


def _blue_green(run: _Run) -> dict[str, Any]:
    stages = run.plan.stages
    if len(stages) != 2:
        what = "blueGreen is one preview and one switch"
        refuse(TARGET, "unsupported_stage", what, where="stages", got=[s.name for s in stages])
    for i, stage in enumerate(stages):
        if audience(stage):
            what = "blueGreen has a preview service, not an audience"
            refuse(TARGET, "audience_unsupported", what, where=f"stages[{i}].audience", got=stage.name)
        if stage.min_duration_s and not judged(run.plan, stage):
            what = "blueGreen has no length of its own, only an analysis that waits"
            refuse(TARGET, "unsupported_stage", what, where=f"stages[{i}].min_duration_s", got=stage.min_duration_s)
    made: dict[str, Any] = {
        "activeService": run.name,
        "previewService": f"{run.name}-preview",
        "autoPromotionEnabled": stages[1].approval == "automatic",
        **({"scaleDownDelaySeconds": run.plan.rollback.drain_s} if run.plan.rollback.drain_s is not None else {}),
    }
    for stage, analysis in zip(stages, ("prePromotionAnalysis", "postPromotionAnalysis"), strict=True):
        if judged(run.plan, stage):
            made[analysis] = _analysis(run, stage)
    return {"blueGreen": made}


def _analysis(run: _Run, stage: Stage) -> dict[str, Any]:
    """Return the analysis of a stage: by verdict, from the start and again after the minimal length; or by metrics."""
    names = [{"templateName": n} for n in _templates_of(run, stage)]
    return {"templates": names, "args": arguments(stage)} if run.asks else {"templates": names}


def _templates_of(run: _Run, stage: Stage) -> list[str]:
    if not run.asks:
        return [f"{run.name}-riskml-{stage.name}"]
    verdict = f"{run.name}-riskml"
    return [verdict, f"{verdict}-after-{stage.min_duration_s}s"] if stage.min_duration_s else [verdict]


def _templates(run: _Run) -> list[dict[str, Any]]:
    """Return every template that a stage names, once."""
    made: dict[str, dict[str, Any]] = {}
    for i, stage in enumerate(run.plan.stages):
        if not judged(run.plan, stage):
            continue
        for delayed, name in enumerate(_templates_of(run, stage)):
            made[name] = (verdict_template(run.plan, name, run.url, stage.min_duration_s if delayed else 0) if run.asks
                          else metric_template(run.plan, i, name, run.prometheus))
    return list(made.values())
