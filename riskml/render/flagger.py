"""Flagger: one Canary, and MetricTemplates where its built-in metrics do not do.

From its source (v1.44, pkg/controller/scheduler.go): one loop ticks every ``interval``, every step lasts one tick, and the step
is found by its value, so weights are whole percents that strictly grow. Lengths of our own come from the webhook
``confirm-traffic-increase``, which the service answers with 409 until the stage's verdict is promote. ``threshold`` counts
failed checks over the whole run, not in a row.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from riskml.errors import UsageError
from riskml.plan import ALL_BP, Plan, Stage
from riskml.render.flagger_metrics import Checks, checks
from riskml.render.judge import PROMETHEUS_URL, SERVICE_URL, flagger_hook_url, judged_by
from riskml.render.manifest import resource, stage_notes, stream
from riskml.render.refusal import refuse
from riskml.render.stages import audience, label, whole_percent

TARGET = "flagger"
PROVIDERS = ("istio", "gatewayapi:v1", "gatewayapi:v1beta1", "kubernetes")
MINIMUM_INTERVAL_S = 10
GATES = ("confirm-rollout", "confirm-traffic-increase", "confirm-promotion", "rollback", "post-rollout", "event")


class _Run(NamedTuple):
    """What the shapes below need to know."""

    plan: Plan
    provider: str
    asks: bool  # whether riskml's service answers the webhooks
    interval_s: int


def render(plan: Plan, *, provider: str = "istio", port: int = 80, judge: str = "riskml", url: str = SERVICE_URL,
           prometheus: str = PROMETHEUS_URL, deployment: str | None = None) -> str:
    """Render the Canary of a Deployment (``deployment``, the service's name) whose Service listens on ``port``.

    ``judge`` is ``riskml`` (webhooks at ``url`` decide when a stage is over) or ``metrics`` (Flagger decides, from its metrics
    and those of ``prometheus``; then every stage must last one interval). ``provider`` is Flagger's name for the router.
    """
    if provider not in PROVIDERS:
        raise UsageError("unknown provider", where="options.provider", got=provider, expected=f"one of: {', '.join(PROVIDERS)}")
    name = label(TARGET, plan.subject.service)
    asks = judged_by(TARGET, plan, judge)
    if plan.strategy in ("rolling", "feature-flag"):
        what = "Flagger shifts traffic between two versions"
        refuse(TARGET, "unsupported_strategy", what, where="strategy", got=plan.strategy)
    interval_s = plan.analysis.interval_s
    if interval_s < MINIMUM_INTERVAL_S:
        what = "Flagger ticks every 10 s at most"
        refuse(TARGET, "interval_below_minimum", what, where="analysis.interval_s", got=interval_s)
    run = _Run(plan, provider, asks, interval_s)
    if not asks:
        _refuse_what_only_a_service_can(plan)
    shape = {"full": _full, "blue-green": _blue_green, "canary": _canary, "dark-launch": _dark}[plan.strategy](run)
    unwatched = plan.strategy == "full" or (plan.strategy == "blue-green" and asks)
    found = Checks() if unwatched else checks(plan, asks=asks, prometheus=prometheus)
    analysis = {"interval": f"{interval_s}s", "threshold": plan.analysis.max_failed_checks, **shape}
    if found.metrics:
        analysis["metrics"] = list(found.metrics)
    if asks:
        analysis["webhooks"] = [_webhook(plan, hook, url) for hook in GATES]
    spec: dict[str, Any] = {
        "provider": provider,
        "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": deployment or name},
        "service": {"port": port},
        **({"skipAnalysis": True} if plan.strategy == "full" else {}),
        **({"suspend": True} if plan.stages[0].approval == "manual" and not asks else {}),
        "analysis": analysis,
    }
    canary = resource(plan, ("flagger.app/v1beta1", "Canary"), name, spec, stage_notes(plan))
    return stream(plan, TARGET, [*found.templates, canary], _remarks(run))


def _full(run: _Run) -> dict[str, Any]:
    if run.plan.stages[0].gates:
        what = "a release without analysis checks nothing"
        refuse(TARGET, "gate_not_expressible", what, where="stages[0].gates", got=list(run.plan.stages[0].gates))
    return {"iterations": 1}  # the schema wants a shape; skipAnalysis passes it by


def _blue_green(run: _Run) -> dict[str, Any]:
    stages = run.plan.stages
    if len(stages) != 2:
        what = "Flagger's blue/green is one preview and one switch"
        refuse(TARGET, "unsupported_stage", what, where="stages", got=[s.name for s in stages])
    _refuse_audience(stages)
    if (stages[1].min_duration_s or stages[1].gates) and not run.asks:
        what = "only the webhook confirm-promotion can hold the switched version"
        refuse(TARGET, "unsupported_stage", what, where="stages[1].min_duration_s", got=stages[1].min_duration_s)
    return {"iterations": _ticks(run, stages[0], "stages[0]")}


def _canary(run: _Run) -> dict[str, Any]:
    if run.provider == "kubernetes":
        refuse(TARGET, "missing_router", "the provider kubernetes has no weights", where="options.provider", got=run.provider)
    steps: list[int] = []
    _refuse_audience(run.plan.stages)
    for i, stage in enumerate(run.plan.stages):
        where = f"stages[{i}].traffic_bp"
        if stage.mirror_bp:
            what = "Flagger mirrors for one tick only, or not at all, before weights"
            refuse(TARGET, "mirror_unsupported", what, where=f"stages[{i}].mirror_bp", got=stage.mirror_bp)
        if stage.traffic_bp == ALL_BP and not stage.gates and not stage.min_duration_s and stage is run.plan.stages[-1]:
            break  # the promotion itself
        weight = whole_percent(TARGET, stage.traffic_bp, where)
        if weight == 0:
            refuse(TARGET, "unsupported_stage", "a step without traffic", where=where, got=stage.traffic_bp)
        if steps and weight <= steps[-1]:
            what = "Flagger finds its step by the weight"
            refuse(TARGET, "weights_not_increasing", what, where=where, got=stage.traffic_bp)
        if not run.asks and stage.min_duration_s != run.interval_s:
            what = f"without webhooks every step lasts one interval of {run.interval_s} s"
            refuse(TARGET, "duration_not_multiple", what, where=f"stages[{i}].min_duration_s", got=stage.min_duration_s)
        steps.append(weight)
    return {"stepWeights": steps}


def _dark(run: _Run) -> dict[str, Any]:
    stages = run.plan.stages
    ends_live = len(stages) == 2 and stages[1].traffic_bp == ALL_BP and not stages[1].mirror_bp
    if (len(stages) != 1 and not ends_live) or stages[0].traffic_bp:
        what = "Flagger mirrors once, for all iterations, and may then promote"
        refuse(TARGET, "unsupported_stage", what, where="stages", got=[s.name for s in stages])
    _refuse_audience(stages)
    where, share = "stages[0].mirror_bp", stages[0].mirror_bp or 0
    if run.provider == "kubernetes" or (share != ALL_BP and run.provider != "istio"):
        what = f"{run.provider} does not mirror this share"
        refuse(TARGET, "mirror_unsupported", what, where=where, got=share)
    if not run.asks:
        what = "after the mirrored iterations Flagger promotes, unless the webhook confirm-promotion holds"
        refuse(TARGET, "unsupported_stage", what, where="options.judge", got="metrics")
    weight = {} if share == ALL_BP else {"mirrorWeight": whole_percent(TARGET, share, where)}
    return {"iterations": _ticks(run, stages[0], "stages[0]"), "mirror": True, **weight}


def _ticks(run: _Run, stage: Stage, where: str) -> int:
    if stage.min_duration_s % run.interval_s or not stage.min_duration_s:
        what = f"no positive multiple of the interval, {run.interval_s} s"
        refuse(TARGET, "duration_not_multiple", what, where=f"{where}.min_duration_s", got=stage.min_duration_s)
    return stage.min_duration_s // run.interval_s


def _refuse_audience(stages: tuple[Stage, ...]) -> None:
    for i, stage in enumerate(stages):
        if audience(stage):
            what = "Flagger routes by header or by weight, not one after the other"
            refuse(TARGET, "audience_unsupported", what, where=f"stages[{i}].audience", got=stage.name)


def _refuse_what_only_a_service_can(plan: Plan) -> None:
    for i, stage in enumerate(plan.stages):
        if stage.approval == "manual" and i:
            what = "without webhooks nobody can be asked in the middle of a run"
            refuse(TARGET, "unsupported_stage", what, where=f"stages[{i}].approval", got=stage.approval)


def _webhook(plan: Plan, hook: str, url: str) -> dict[str, Any]:
    made: dict[str, Any] = {"name": f"riskml-{hook}", "type": hook, "url": flagger_hook_url(url, hook)}
    if hook in ("post-rollout", "event"):
        made["retries"] = 3  # they are sent once, and carry the outcome
    return {**made, "timeout": "10s", "metadata": {"plan_id": plan.plan_id, "plan_digest": plan.digest}}


def _remarks(run: _Run) -> list[str]:
    if run.plan.strategy == "full":
        return []
    ticks = sum(s.min_duration_s for s in run.plan.stages) // run.interval_s
    limit = run.plan.analysis.max_failed_checks
    said = [f"Flagger counts failed checks over the whole run: {limit} of at least {ticks} roll back."]
    if run.plan.strategy == "blue-green":
        said.append("The preview has no users, and Flagger counts a metric without values as failed: send it test traffic"
                    + (", which the service judges." if run.asks else "."))
    if run.plan.strategy == "canary" and run.asks:
        said.append("A stage is over when confirm-traffic-increase answers 200; the service keeps its length and its verdict.")
    return said
