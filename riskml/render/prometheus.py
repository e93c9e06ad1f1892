"""Prometheus: the plan's gates and rollback rules as alerts, and the Alertmanager route that brings them to the service.

Holds no stages: it stands beside the object that does. A gate's ratio to the baseline is no alert: that needs the statistics of
a verdict. An alert that resolves is no success: a canary that was killed has no series either.
"""

from __future__ import annotations

from typing import Any

from riskml.errors import UsageError
from riskml.plan import Gate, Plan, Rule
from riskml.render.judge import SERVICE_URL, watched
from riskml.render.manifest import dump, headline
from riskml.render.promql import value_query
from riskml.render.refusal import refuse
from riskml.render.stages import label

TARGET = "prometheus"
OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def render(plan: Plan, *, selector: str | None = None, part: str = "rules", url: str = SERVICE_URL) -> str:
    """Render a rule file (``part="rules"``) or a piece of Alertmanager's configuration (``part="alertmanager"``).

    ``selector`` picks the new version's series (``service="NAME",track="canary"``); ``url`` is the service's, for Alertmanager.
    """
    name = label(TARGET, plan.subject.service)
    if part == "alertmanager":
        return f"# {headline(plan, 'alertmanager')}\n" + dump(_alertmanager(plan, url))
    if part != "rules":
        raise UsageError("no such part", where="options.part", got=part, expected="one of: rules, alertmanager")
    selector = selector or f'service="{name}",track="canary"'
    alerts = [_alert(plan, where, check, selector) for where, check in watched(plan)]
    if plan.analysis.on_no_data != "rollback":
        silent = f"absent(http_requests_total{{{selector}}})"
        alerts.append({"alert": "RiskmlNoData", "expr": silent, "for": f"{plan.analysis.interval_s}s",
                       "labels": _labels(plan, "hold"), "annotations": {"summary": f"The new version of {name} has no series"}})
    group = {"name": f"riskml-{plan.plan_id}", "interval": f"{plan.analysis.interval_s}s", "rules": alerts}
    return f"# {headline(plan, TARGET)}\n" + dump({"groups": [group]})


def _alert(plan: Plan, where: str, check: Gate | Rule, selector: str) -> dict[str, Any]:
    window = (check.window_s if isinstance(check, Gate) else None) or plan.analysis.interval_s
    query = value_query(plan, check, selector, window)
    if query is None:
        what = "no query for this metric; give a gate on it a value_query"
        refuse(TARGET, "gate_not_expressible", what, where=f"{where}.metric", got=check.metric)
    bad = OPPOSITE[check.op] if isinstance(check, Gate) else check.op
    severity = (check.severity or "rollback") if isinstance(check, Gate) else "rollback"
    kind = f"Gate{_camel(check.id)}" if isinstance(check, Gate) else f"Limit{_camel(check.metric)}"
    unit = {"percent": " %", "milliseconds": " ms"}.get(check.unit, f" {check.unit}")
    return {
        "alert": f"Riskml{kind}",
        "expr": f"({query}) {bad} {check.value:.12g}",
        "for": f"{window}s",
        "labels": _labels(plan, severity),
        "annotations": {"summary": f"{check.metric} of the new version is {bad} {check.value:.12g}{unit}",
                        "value": "{{ $value }}", "source": where},
    }


def _labels(plan: Plan, severity: str) -> dict[str, str]:
    return {"riskml_plan_id": plan.plan_id, "service": plan.subject.service, "riskml_action": severity}


def _camel(text: str) -> str:
    return "".join(part.capitalize() for part in text.replace("-", "_").split("_"))


def _alertmanager(plan: Plan, url: str) -> dict[str, Any]:
    hook = f"{url.rstrip('/')}/webhooks/alertmanager?plan={plan.plan_id}"
    route = {"receiver": "riskml", "matchers": [f'riskml_plan_id="{plan.plan_id}"'], "group_by": ["alertname"],
             "group_wait": "0s", "group_interval": f"{plan.analysis.interval_s}s"}
    return {"route": {"receiver": "default", "routes": [route]},
            "receivers": [{"name": "default"}, {"name": "riskml", "webhook_configs": [{"url": hook, "send_resolved": True}]}]}
