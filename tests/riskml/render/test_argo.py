"""Argo Rollouts gets steps that cannot end early, and analyses that hold when the service holds or is away."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from riskml.errors import RenderRefused, UsageError
from riskml.plan import Gate, Plan, Stage, from_json
from riskml.render import render

PLANS = Path(__file__).parents[2] / "golden" / "plans"


def plan_named(name: str) -> Plan:
    """Read one of the sample plans."""
    return from_json(json.loads((PLANS / f"{name}.json").read_text()))


def parts(text: str) -> tuple[dict, dict[str, dict]]:
    """Return the Rollout, and the templates by name."""
    docs = list(yaml.safe_load_all(text))
    return docs[-1], {d["metadata"]["name"]: d["spec"] for d in docs[:-1]}


def test_a_verdict_is_three_valued():
    """Promote succeeds, rollback fails at once, hold and an outage go on asking for ever."""
    _, templates = parts(render(plan_named("canary"), "argo", url="http://risk.test"))
    (metric,) = templates["product-riskml"]["metrics"]
    assert metric["successCondition"] == 'result == "promote"'
    assert (metric["failureCondition"], metric["failureLimit"]) == ('result == "rollback"', 0)
    assert metric["inconclusiveLimit"] >= 100_000
    assert metric["consecutiveErrorLimit"] >= 100_000
    assert metric["consecutiveSuccessLimit"] == 1
    assert metric["provider"]["web"]["url"] == "http://risk.test/plans/{{args.plan-id}}/verdict?stage={{args.stage}}"


def test_steps_do_not_name_the_plan():
    """Two plans of one shape have equal steps, so that a new plan does not reset a running rollout."""
    one, _ = parts(render(plan_named("canary"), "argo"))
    two, _ = parts(render(replace(plan_named("canary"), plan_id="p-other"), "argo"))
    assert one["spec"] == two["spec"]
    assert one["metadata"] != two["metadata"]


def test_a_stage_is_watched_from_its_first_second():
    """The verdict is asked at once and again after the minimal length; both must say promote."""
    rollout, templates = parts(render(plan_named("canary"), "argo"))
    names = [t["templateName"] for t in rollout["spec"]["strategy"]["canary"]["steps"][1]["analysis"]["templates"]]
    assert [templates[n]["metrics"][0].get("initialDelay") for n in names] == [None, "3600s"]


def test_metrics_are_counted_over_the_stage():
    """Without the service, gates and limits are compared at every interval until the length is over."""
    plan = plan_named("canary")
    gates = (Gate("p95", "latency_p95", "<", 300, "milliseconds"),)
    plan = replace(plan, gates=gates, stages=(Stage("a", 100, 600, gates=("p95",)), plan.stages[-1]))
    _, templates = parts(render(plan, "argo", judge="metrics"))
    metrics = {m["name"]: m for m in templates["product-riskml-a"]["metrics"]}
    assert set(metrics) == {"limit-error_rate", "limit-latency_p99", "p95"}
    assert {(m["interval"], m["count"]) for m in metrics.values()} == {("60s", 11)}
    assert metrics["p95"]["successCondition"] == "len(result) > 0 && !isNaN(result[0]) && result[0] < 300"
    assert metrics["limit-error_rate"]["failureCondition"] == "len(result) > 0 && !isNaN(result[0]) && result[0] > 5"


@pytest.mark.parametrize(("stage", "options", "code", "where"), [
    (Stage("a", 100, 90), {"judge": "metrics"}, "duration_not_multiple", "stages[0].min_duration_s"),
    (Stage("a", 100, 60, mirror_bp=50), {}, "unsupported_precision", "stages[0].mirror_bp"),
    (Stage("a", 100, 60), {"router": "none"}, "too_few_replicas", "stages[0].traffic_bp"),
])
def test_what_argo_cannot_do_is_refused_with_its_path(stage, options, code, where):
    """Lengths between intervals, mirrors below a percent and shares of an unknown number of pods are refused."""
    plan = plan_named("canary")
    plan = replace(plan, stages=(stage, plan.stages[-1]), gates=(), initial_traffic_bp=stage.traffic_bp)
    with pytest.raises(RenderRefused) as caught:
        render(plan, "argo", **options)
    assert (caught.value.reason, caught.value.where) == (code, where)


def test_a_share_of_an_audience_is_refused():
    """A header route sends everybody who fits to the new version; 10 % of them cannot be said."""
    plan = plan_named("canary-internal")
    part = replace(plan.stages[0], traffic_bp=1_000)
    with pytest.raises(RenderRefused, match="audience_unsupported"):
        render(replace(plan, stages=(part, *plan.stages[1:]), initial_traffic_bp=1_000), "argo")


def test_a_dark_launch_never_goes_live_by_itself():
    """After the last step Argo would promote, so the last step is a pause without end."""
    rollout, _ = parts(render(plan_named("dark"), "argo"))
    assert rollout["spec"]["strategy"]["canary"]["steps"][-1] == {"pause": {}}


def test_a_held_release_without_steps_is_paused():
    """Full, rolling and blue-green releases have no step in which to wait, so the Rollout is paused."""
    plan = plan_named("rolling")
    held = replace(plan, stages=(replace(plan.stages[0], approval="manual"),), hold=("frozen",))
    assert parts(render(held, "argo"))[0]["spec"]["paused"] is True


def test_an_unknown_router_is_named():
    """A router that riskml does not render for is a usage error with the known ones."""
    with pytest.raises(UsageError, match="istio, none"):
        render(plan_named("canary"), "argo", router="nginx")


def test_pods_stay_between_an_audience_and_the_first_share():
    """The fixed number of pods ends after the next weight is set, so that the new version is not scaled to nothing."""
    rollout, _ = parts(render(plan_named("canary-internal"), "argo"))
    steps = rollout["spec"]["strategy"]["canary"]["steps"]
    kinds = [next(iter(s)) for s in steps]
    assert kinds[:4] == ["setCanaryScale", "setHeaderRoute", "setWeight", "analysis"]
    assert kinds[4:] == ["setHeaderRoute", "setWeight", "setCanaryScale", "analysis", "setWeight"]
    assert steps[6] == {"setCanaryScale": {"matchTrafficWeight": True}}
