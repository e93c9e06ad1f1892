"""What Flagger itself checks at every tick: its built-in metrics, and MetricTemplates for the others."""

from __future__ import annotations

from typing import Any, NamedTuple

from riskml.plan import Gate, Plan, Rule
from riskml.render.judge import watched
from riskml.render.manifest import resource
from riskml.render.promql import value_query
from riskml.render.refusal import refuse

TARGET = "flagger"


class Checks(NamedTuple):
    """Entries of ``analysis.metrics``, and the MetricTemplates that they name."""

    metrics: tuple[dict[str, Any], ...] = ()
    templates: tuple[dict[str, Any], ...] = ()


def checks(plan: Plan, *, asks: bool, prometheus: str) -> Checks:
    """Return the metrics of the plan's rollback rules and, if no service is asked, of its gates.

    Flagger has no statistics: a single bad value is a failed check. So where the service judges the gates, Flagger watches the
    hard limits alone.
    """
    metrics, templates = [], []
    for where, check in watched(plan):
        if isinstance(check, Gate) and asks:
            continue
        if isinstance(check, Gate) and check.max_ratio_to_baseline is not None:
            what = "Flagger compares a value with a limit, not with the baseline; let riskml judge"
            path = f"{where}.max_ratio_to_baseline"
            refuse(TARGET, "gate_not_expressible", what, where=path, got=check.max_ratio_to_baseline)
        window = (check.window_s if isinstance(check, Gate) else None) or plan.analysis.interval_s
        entry = _built_in(check)
        if entry is None:
            template = _template(plan, check, where, prometheus, window)
            templates.append(template)
            name = template["metadata"]["name"]
            entry = {"name": name, "templateRef": {"name": name}, "thresholdRange": _healthy(check)}
        metrics.append({**entry, "interval": f"{window}s"})
    return Checks(tuple(metrics), tuple(templates))


def _healthy(check: Gate | Rule) -> dict[str, float]:
    """Return the range of values that pass: a gate says what must hold, a rule what must not."""
    below = check.op.startswith("<") == isinstance(check, Gate)
    return {"max": check.value} if below else {"min": check.value}


def _built_in(check: Gate | Rule) -> dict[str, Any] | None:
    """Return Flagger's own metric of the same meaning: success rate in percent, or the 99th percentile in milliseconds."""
    limit = _healthy(check)
    custom = isinstance(check, Gate) and check.value_query
    if check.metric == "error_rate" and check.unit == "percent" and "max" in limit and not custom:
        return {"name": "request-success-rate", "thresholdRange": {"min": round(100 - limit["max"], 9)}}
    if check.metric == "latency_p99" and check.unit == "milliseconds" and "max" in limit and not custom:
        return {"name": "request-duration", "thresholdRange": limit}
    return None


def _template(plan: Plan, check: Gate | Rule, where: str, prometheus: str, window_s: int) -> dict[str, Any]:
    service = plan.subject.service
    query = value_query(plan, check, f'service="{service}",track="canary"', window_s)
    if query is None:
        refuse(TARGET, "gate_not_expressible", "no query for this metric; give a gate on it a value_query",
               where=f"{where}.metric", got=check.metric)
    kind = check.id if isinstance(check, Gate) else f"limit-{check.metric}"
    name = f"{service}-{kind}".lower().replace("_", "-")
    spec = {"provider": {"type": "prometheus", "address": prometheus}, "query": query}
    return resource(plan, ("flagger.app/v1beta1", "MetricTemplate"), name, spec)
