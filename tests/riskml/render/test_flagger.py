"""Flagger gets what its scheduler will run as the plan means it, or a refusal."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from riskml.errors import RenderRefused, UsageError
from riskml.plan import Analysis, Gate, Plan, Rule, Stage, from_json
from riskml.render import render

TESTS = Path(__file__).parents[2]
FSIM = TESTS.parents[1] / "shared" / "tools" / "fsim.py"


@pytest.fixture
def plan() -> Plan:
    """Return a canary of 1, 10, 50 and 100 %."""
    return from_json(json.loads((TESTS / "golden" / "plans" / "canary.json").read_text()))


def simple(plan: Plan, *stages: Stage, gates: tuple[Gate, ...] = (), **more: object) -> Plan:
    """Return the plan with other stages and gates."""
    first = next((s.traffic_bp for s in stages if s.traffic_bp), 0)
    return replace(plan, stages=stages, gates=gates, initial_traffic_bp=first, **more).validate()


def canary(text: str) -> dict:
    """Return the Canary of a stream."""
    return next(d for d in yaml.safe_load_all(text) if d["kind"] == "Canary")


def refused(plan: Plan, **options: str) -> tuple[str, str]:
    """Return the code and the path of a refusal."""
    with pytest.raises(RenderRefused) as caught:
        render(plan, "flagger", **options)
    return caught.value.reason, caught.value.where


def test_every_hook_has_a_path_of_its_own(plan):
    """The rollback hook means "roll back now" by 200, so no other hook may share its path."""
    hooks = canary(render(plan, "flagger", url="https://risk.test/"))["spec"]["analysis"]["webhooks"]
    assert {h["url"] for h in hooks} == {f"https://risk.test/webhooks/flagger/{h['type']}" for h in hooks}
    assert all(h["metadata"]["plan_id"] == plan.plan_id for h in hooks)


def test_the_hard_limits_are_flaggers_own_metrics(plan):
    """5 % errors and 1000 ms become the built-in success rate and duration; the gates stay with the service."""
    metrics = canary(render(plan, "flagger"))["spec"]["analysis"]["metrics"]
    assert {m["name"]: m["thresholdRange"] for m in metrics} == {
        "request-success-rate": {"min": 95}, "request-duration": {"max": 1000}}


def test_flagger_alone_takes_stages_of_one_interval(plan):
    """Without the service every stage lasts one interval, and gates become metrics, by a template where none is built in."""
    orders = Gate("orders", "failed_orders", "<", 2, "percent", value_query="q")
    gates = (Gate("p95", "latency_p95", "<", 300, "milliseconds"), orders)
    stages = (Stage("a", 100, 60, gates=("p95", "orders")), Stage("b", 5_000, 60), Stage("all", 10_000, 0))
    docs = list(yaml.safe_load_all(render(simple(plan, *stages, gates=gates), "flagger", judge="metrics")))
    analysis = docs[-1]["spec"]["analysis"]
    assert [d["kind"] for d in docs] == ["MetricTemplate", "MetricTemplate", "Canary"]
    assert analysis["stepWeights"] == [1, 50]
    assert "webhooks" not in analysis
    assert "0.95" in docs[0]["spec"]["query"]
    assert docs[1]["spec"]["query"] == "q"
    assert refused(plan, judge="metrics") == ("duration_not_multiple", "stages[0].min_duration_s")


@pytest.mark.parametrize(("gate", "path"), [
    (Gate("err", "error_rate", "<", 1, "percent", max_ratio_to_baseline=2.0), "gates[0].max_ratio_to_baseline"),
    (Gate("odd", "cart_errors", "<", 1, "count"), "gates[0].metric"),
])
def test_gates_that_flagger_cannot_check_are_refused(plan, gate, path):
    """A comparison with the baseline needs the service; an unknown metric needs a query."""
    stages = (Stage("a", 100, 60, gates=(gate.id,)), Stage("all", 10_000, 0))
    assert refused(simple(plan, *stages, gates=(gate,)), judge="metrics") == ("gate_not_expressible", path)


def test_a_rule_without_a_query_is_refused(plan):
    """A rollback rule on a metric that nobody can query is not dropped."""
    odd = replace(plan, rollback=replace(plan.rollback, rules=(Rule("cart_errors", ">", 3, "count"),)))
    assert refused(odd) == ("gate_not_expressible", "rollback.rules[0].metric")


def test_what_a_run_cannot_hold_is_refused_with_its_path(plan):
    """Each limit of Flagger's scheduler has its code: clock, growing weights, dwell after the switch, empty steps, mirrors."""
    end = Stage("all", 10_000, 0)
    assert refused(replace(plan, analysis=Analysis(5, 5))) == ("interval_below_minimum", "analysis.interval_s")
    twice = simple(plan, Stage("a", 100, 60), Stage("b", 100, 60), end)
    assert refused(twice) == ("weights_not_increasing", "stages[1].traffic_bp")
    assert refused(simple(plan, Stage("a", 0, 60), Stage("b", 100, 60), end)) == ("unsupported_stage", "stages[0].traffic_bp")
    mirrored = simple(plan, Stage("a", 100, 60, mirror_bp=10_000), end)
    assert refused(mirrored) == ("mirror_unsupported", "stages[0].mirror_bp")
    switch = simple(plan, Stage("preview", 0, 90), Stage("switch", 10_000, 600), strategy="blue-green")
    assert refused(switch) == ("duration_not_multiple", "stages[0].min_duration_s")
    longer = simple(plan, Stage("preview", 0, 60), Stage("switch", 10_000, 600), strategy="blue-green")
    assert refused(longer, judge="metrics") == ("unsupported_stage", "stages[1].min_duration_s")
    asked = simple(plan, Stage("a", 100, 60), Stage("b", 500, 60, approval="manual"), end)
    assert refused(asked, judge="metrics") == ("unsupported_stage", "stages[1].approval")
    assert refused(replace(plan, fail_mode="open")) == ("gate_not_expressible", "fail_mode")


def test_a_last_stage_that_lasts_is_a_step(plan):
    """100 % is left to the promotion only if nothing happens there; else it is a step that the service can hold."""
    watched = simple(plan, Stage("a", 100, 60), Stage("all", 10_000, 600))
    assert canary(render(watched, "flagger"))["spec"]["analysis"]["stepWeights"] == [1, 100]


def test_a_held_plan_without_the_service_is_suspended(plan):
    """Nobody would ask for approval, so the Canary does not run at all."""
    held = simple(plan, Stage("a", 100, 60, approval="manual"), Stage("all", 10_000, 0), hold=("tests failed",))
    assert canary(render(held, "flagger", judge="metrics"))["spec"]["suspend"] is True
    assert "suspend" not in canary(render(held, "flagger"))["spec"]


@pytest.mark.parametrize("options", [{"provider": "gatewayapi"}, {"judge": "nobody"}, {"port": "eighty"}, {"colour": "red"}])
def test_options_that_do_not_exist_are_named(plan, options):
    """A wrong option or value is a usage error that lists the legal ones."""
    with pytest.raises(UsageError, match=next(iter(options))):
        render(plan, "flagger", **options)


@pytest.mark.skipif(not FSIM.exists(), reason="the re-enactment of Flagger's scheduler is not beside the checkout")
def test_flaggers_scheduler_walks_the_plans_stages(plan):
    """Driven by Flagger's scheduler, the rendered weights are reached in order, each held as long as the service holds it."""
    spec = importlib.util.spec_from_file_location("fsim", FSIM)
    fsim = importlib.util.module_from_spec(spec)
    with contextlib.redirect_stdout(io.StringIO()):
        spec.loader.exec_module(fsim)
    analysis = canary(render(plan, "flagger"))["spec"]["analysis"]
    hold = {100 * w: s.min_duration_s // 60 for w, s in zip(analysis["stepWeights"], plan.stages, strict=False)}
    asked: dict[int, int] = {}

    def service(hook: str, _phase: str, run) -> int:
        if hook == "rollback":
            return 404
        if hook == "confirm-traffic-increase" and run.w:
            asked[run.w] = asked.get(run.w, 0) + 1
            return 200 if asked[run.w] >= hold[100 * run.w] else 409
        return 200

    run = fsim.Canary(threshold=analysis["threshold"], stepWeights=analysis["stepWeights"],
                      hooks=[h["type"] for h in analysis["webhooks"]], gate=service)
    run.new, weights = True, []
    for _ in range(400):
        run.tick()
        weights.append(run.w)
    assert run.phase == "Succeeded"
    ticks = {w: weights.count(w) for w in dict.fromkeys(weights) if w}
    assert list(ticks) == [1, 10, 50]
    assert ticks[1] >= 60
    assert ticks[10] >= 60
    assert ticks[50] >= 30


def test_a_preview_without_users_is_not_failed_for_its_silence():
    """Flagger counts a metric without values as a failed check, so the service judges the preview, and a remark says why."""
    plan = from_json(json.loads((TESTS / "golden" / "plans" / "blue-green.json").read_text()))
    text = render(plan, "flagger")
    assert "metrics" not in canary(text)["spec"]["analysis"]
    assert "test traffic" in text
