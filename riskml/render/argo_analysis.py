"""AnalysisTemplates of Argo Rollouts: the service's verdict as a web metric, or the gates as Prometheus metrics.

A stage is one analysis that runs from its first second, so that a bad version is undone at once and not at the end of a pause.
Its minimal length is native all the same: a second metric starts after it (``initialDelay``), or the metrics are counted.
"""

from __future__ import annotations

from typing import Any

from riskml.plan import Gate, Plan, Rule, Stage
from riskml.render.judge import verdict_url
from riskml.render.manifest import PLAN_ID, resource
from riskml.render.promql import value_query
from riskml.render.refusal import refuse

TARGET = "argo"
FOR_EVER = 100_000
"""A limit that no run reaches. Argo has no word for "unlimited", and its default of 0 inconclusive answers pauses a rollout."""


def judged(plan: Plan, stage: Stage) -> bool:
    """Return whether a stage has anything to watch: gates, or time in which a rollback rule may fire."""
    return bool(stage.gates or (plan.rollback.rules and stage.min_duration_s))


def verdict_template(plan: Plan, name: str, url: str, delay_s: int = 0) -> dict[str, Any]:
    """Return the template that asks the service about a stage until the answer is promote or rollback.

    An answer of hold is neither success nor failure, so Argo calls it inconclusive and asks again. A failed call is an Error,
    and more than ``consecutiveErrorLimit`` of them in a row abort the rollout: so an outage of the service holds instead.
    Needs Argo Rollouts 1.8 (``consecutiveSuccessLimit``), without which an inline analysis would not end.
    """
    metric = {
        "name": f"riskml-verdict-after-{delay_s}s" if delay_s else "riskml-verdict",
        "interval": f"{plan.analysis.interval_s}s",
        **({"initialDelay": f"{delay_s}s"} if delay_s else {}),
        "successCondition": 'result == "promote"',
        "failureCondition": 'result == "rollback"',
        "failureLimit": 0,
        "inconclusiveLimit": FOR_EVER,
        "consecutiveErrorLimit": FOR_EVER,
        "consecutiveSuccessLimit": 1,
        "provider": {"web": {"url": verdict_url(url, "{{args.plan-id}}", "{{args.stage}}"), "timeoutSeconds": 10,
                             "jsonPath": "{$.verdict}"}},
    }
    return _template(plan, name, [metric], ["plan-id", "stage"])


def metric_template(plan: Plan, i: int, name: str, prometheus: str) -> dict[str, Any]:
    """Return the template that compares the gates of stage ``i`` and the plan's limits with Prometheus, at every interval.

    No data, or NaN, is neither success nor failure: inconclusive, which pauses the rollout when it happens as often as a failed
    check would roll it back.
    """
    stage, every = plan.stages[i], plan.analysis.interval_s
    if stage.min_duration_s % every:
        what = f"no multiple of the interval, {every} s"
        refuse(TARGET, "duration_not_multiple", what, where=f"stages[{i}].min_duration_s", got=stage.min_duration_s)
    checks: list[tuple[str, Gate | Rule]] = [(f"rollback.rules[{k}]", r) for k, r in enumerate(plan.rollback.rules)]
    checks += [(f"gates[{k}]", g) for k, g in enumerate(plan.gates) if g.id in stage.gates]
    metrics = []
    for where, check in checks:
        said = f"result[0] {check.op} {check.value:.12g}"
        good, bad = (said, f"!({said})") if isinstance(check, Gate) else (f"!({said})", said)
        known = "len(result) > 0 && !isNaN(result[0])"
        metrics.append({
            "name": check.id if isinstance(check, Gate) else f"limit-{check.metric}",
            "interval": f"{every}s",
            "count": stage.min_duration_s // every + 1,
            "successCondition": f"{known} && {good}",
            "failureCondition": f"{known} && {bad}",
            "failureLimit": plan.analysis.max_failed_checks - 1,
            **({"inconclusiveLimit": plan.analysis.max_failed_checks - 1} if plan.analysis.on_no_data != "rollback" else {}),
            "provider": {"prometheus": {"address": prometheus, "query": _query(plan, check, where)}},
        })
    return _template(plan, name, metrics, [])


def arguments(stage: Stage) -> list[dict[str, Any]]:
    """Return what a step passes to the verdict's templates.

    The plan's id comes from the Rollout's annotation, because a literal in a step would make every new plan a new list of
    steps, which resets a running rollout.
    """
    plan_id = {"name": "plan-id", "valueFrom": {"fieldRef": {"fieldPath": f"metadata.annotations['{PLAN_ID}']"}}}
    return [plan_id, {"name": "stage", "value": stage.name}]


def _query(plan: Plan, check: Gate | Rule, where: str) -> str:
    if isinstance(check, Gate) and check.max_ratio_to_baseline is not None:
        what = "a Prometheus metric is compared with a limit, not with the baseline; let riskml judge"
        refuse(TARGET, "gate_not_expressible", what, where=f"{where}.max_ratio_to_baseline", got=check.max_ratio_to_baseline)
    window = (check.window_s if isinstance(check, Gate) else None) or plan.analysis.interval_s
    query = value_query(plan, check, f'service="{plan.subject.service}",track="canary"', window)
    if query is None:
        what = "no query for this metric; give a gate on it a value_query"
        refuse(TARGET, "gate_not_expressible", what, where=f"{where}.metric", got=check.metric)
    return query


def _template(plan: Plan, name: str, metrics: list[dict[str, Any]], names: list[str]) -> dict[str, Any]:
    args = {"args": [{"name": n} for n in names]} if names else {}
    return resource(plan, ("argoproj.io/v1alpha1", "AnalysisTemplate"), name, {**args, "metrics": metrics})
