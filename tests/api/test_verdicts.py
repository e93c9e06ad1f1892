"""Verdicts over HTTP: what deploy tools poll, what is remembered, and the switch."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
from starlette.testclient import TestClient

from tests.api.conftest import PLANS, World
from tests.riskml.parse.hooks.payloads import flagger


def test_a_release_without_data_holds(world: World):
    """Always 200 with the keys that tools read; silence is not health."""
    answer = world.verdict("p1")
    assert list(answer) == ["verdict", "reason", "stage", "evidence", "missing", "next_check_s"]
    assert (answer["verdict"], answer["stage"], answer["next_check_s"]) == ("hold", "p1", 60)
    assert answer["reason"] == "no data for err, p99"
    assert answer["missing"]["data"] == ["err", "p99"]


def test_a_healthy_release_is_promoted_stage_by_stage(world: World):
    """Promote only after the minimal length and proof; then the next stage is the one in force."""
    world.verdict("p1")
    world.healthy("p1", 59)
    assert world.verdict("p1")["verdict"] == "hold"
    world.clock.forward(seconds=60)
    world.minute("p1", 59, (0, 120))
    assert world.verdict("p1")["verdict"] == "promote"
    after = world.verdict()
    assert (after["stage"], after["verdict"]) == ("p10", "hold")
    behind = world.verdict("p1")
    assert (behind["verdict"], behind["reason"]) == ("promote", "passed: stage p10 is in force")


def test_a_stage_that_has_not_its_turn_holds_and_does_not_begin(world: World):
    """Being asked about a later stage neither starts its clock nor skips one."""
    assert world.verdict("p50")["reason"] == "stage p50 has not begun: p10 is not passed"
    assert world.verdict()["stage"] == "p1"


def test_a_rollback_switches_the_release_off_for_good(world: World):
    """Ten times the errors: rollback; it stays off when the numbers are better, for every stage, and in what is rendered."""
    world.verdict("p1")
    for n in range(6):
        world.clock.forward(seconds=60)
        world.minute("p1", n, (12, 120))
    answer = world.verdict("p1")
    assert answer["verdict"] == "rollback"
    for n in range(6, 10):
        world.clock.forward(seconds=60)
        world.minute("p1", n, (0, 120))
    assert world.verdict("p1")["reason"].startswith("halted: ")
    assert world.verdict("all")["verdict"] == "rollback"
    decisions = [row.decision for row in world.store.verdicts(world.plan_id)]
    assert "rollback" in decisions


def targeting(world: World, stage: str = "current") -> str:
    """Return the rule that a rendered flag names."""
    text = world.client.get(f"/plans/{world.plan_id}/render", params={"target": "flagd", "stage": stage}).text
    return json.loads(text)["flags"]["product"]["targeting"]["if"][1]["$ref"]


def test_a_rendered_flag_follows_the_verdict(world: World):
    """``stage=current`` is the stage in force, goes on after a promotion, and switches off when halted."""
    assert targeting(world) == "p1"
    world.verdict("p1")
    world.healthy("p1", 60)
    assert world.verdict("p1")["verdict"] == "promote"
    assert targeting(world) == "p10"
    halted = world.client.post(f"/plans/{world.plan_id}/halt", json={"reason": "the phone rings"}).json()["halted"]
    assert halted == "the phone rings"
    assert targeting(world) == "rollback"
    assert targeting(world, "p1") == "p1", "a stage that is asked for by name is rendered as such"


def test_a_halt_needs_no_body_and_keeps_its_first_reason(world: World):
    """Whoever is in a hurry sends nothing; a second halt changes nothing."""
    url = f"/plans/{world.plan_id}/halt"
    assert world.client.post(url).json()["halted"] == "switched off by hand"
    assert world.client.post(url, json={"reason": "again"}).json()["halted"] == "switched off by hand"
    assert world.verdict("p1")["verdict"] == "rollback"


def test_a_held_plan_starts_only_when_approved(make_world: Callable[..., World]):
    """What waits for a person is watched, but neither promoted nor rendered; approval opens it."""
    stages = json.loads((PLANS / "canary.json").read_text())["stages"]
    stages[0]["approval"] = "manual"
    world = make_world(change={"stages": stages, "hold": ["tests failed"]})
    assert targeting(world) == "rollback"
    world.verdict("p1")
    world.healthy("p1", 61)
    assert world.verdict("p1")["reason"] == "waits for approval of stage p1: tests failed"
    assert targeting(world) == "rollback"
    assert world.client.post("/plans/p-canary/approve", json={"stage": "p1"}).json()["approved"] == ["p1"]
    assert targeting(world) == "p1"
    assert world.verdict("p1")["verdict"] == "promote"


def test_a_window_is_kept_once(world: World):
    """The same window again changes nothing; measured otherwise it is a conflict; overlapping ones count requests twice."""
    url = f"/plans/{world.plan_id}/observations"
    one = {"stage": "p1", "metric": "error_rate", "arm": "canary", "start_s": 0, "window_s": 60, "total": 10, "bad": 1}
    assert world.client.post(url, json={"observations": [one]}).json() == {"kept": 1}
    assert world.client.post(url, json={"observations": [one]}).json() == {"kept": 0}
    answer = world.client.post(url, json={"observations": [one | {"bad": 2}]})
    assert (answer.status_code, answer.json()["title"]) == (409, "the window was measured otherwise before")
    answer = world.client.post(url, json={"observations": [one | {"start_s": 30}]})
    assert (answer.status_code, answer.json()["title"]) == (422, "windows overlap")
    assert world.client.post(url, json=one).json() == {"kept": 0}, "one window needs no list"
    assert world.client.post(url, json=one | {"start_s": 60}).json() == {"kept": 1}
    assert len(world.store.observations(world.plan_id, run=0)) == 2


@pytest.mark.parametrize(("change", "where"), [
    ({"bad": 11}, "bad"), ({"stage": "p2"}, "observations[0].stage"), ({"arm": "both"}, "observations[0].arm"),
    ({"total": -1}, "observations[0].total"), ({"totl": 1}, "observations[0].totl"),
])
def test_measures_that_make_no_sense_are_refused_by_name(world: World, change: dict[str, object], where: str):
    """Which key, and what would be right."""
    one = {"stage": "p1", "metric": "error_rate", "arm": "canary", "start_s": 0, "window_s": 60, "total": 10, "bad": 1}
    answer = world.client.post(f"/plans/{world.plan_id}/observations", json={"observations": [one | change]})
    assert (answer.status_code, answer.json()["where"]) == (422, where)


def test_the_first_report_of_a_stage_tells_when_it_began(world: World):
    """A tool that only posts counts needs no other call."""
    world.clock.forward(seconds=60)
    world.minute("p1", 0, (0, 120))
    found = world.client.get(f"/plans/{world.plan_id}/progress").json()
    assert found["stage"] == "p1"
    assert found["since"] == (world.clock.now - timedelta(seconds=60)).isoformat().replace("+00:00", "Z")


def test_windows_from_before_the_stage_was_seen_do_not_count(world: World):
    """Let through at noon, routes moved twenty minutes later: a canary without traffic until then is no wrong split."""
    world.client.post("/webhooks/flagger/confirm-traffic-increase", content=flagger())
    for n in range(20):
        world.clock.forward(seconds=60)
        world.minute("p1", n, (0, 0), (12, 12_000))
    now = int(world.clock.now.timestamp() * 1000)
    world.client.post("/webhooks/flagger/event", content=flagger(message="Advance product.prod canary weight 1", at_ms=now))
    for n in range(20, 80):
        world.clock.forward(seconds=60)
        world.minute("p1", n, (0, 120), (12, 11_880))
        if n == 70:
            assert "of its minimal length" in world.verdict("p1")["reason"]
    world.clock.forward(seconds=60)
    assert world.verdict("p1")["verdict"] == "promote"


def test_an_unknown_plan_is_a_404_and_an_unknown_stage_names_the_known(world: World):
    """A wrong address is told apart from a hold."""
    assert world.client.get("/plans/p-nine/verdict").status_code == 404
    answer = world.client.get(f"/plans/{world.plan_id}/verdict", params={"stage": "p2"})
    assert (answer.status_code, answer.json()["expected"]) == (422, "one of: p1, p10, p50, all, current")


GATE = {"id": "err", "metric": "error_rate", "op": "<", "value": 1, "unit": "percent"}


def windows(bad: int, minutes: int = 20) -> list[dict[str, object]]:
    """Make minutes of a canary alone."""
    return [{"stage": "stage", "metric": "error_rate", "arm": "canary", "start_s": 60 * (n + 1), "window_s": 60, "total": 1000,
             "bad": bad} for n in range(minutes)]


@pytest.mark.parametrize(("bad", "decision"), [(0, "promote"), (50, "rollback")])
def test_gates_alone_can_be_judged_without_keeping_anything(client: TestClient, bad: int, decision: str):
    """Gates and counts in, a verdict out."""
    answer = client.post("/verdict", json={"gates": [GATE], "observations": windows(bad)})
    assert (answer.status_code, answer.json()["verdict"]) == (200, decision)


def test_a_verdict_needs_a_plan_or_gates(client: TestClient):
    """Neither, both, or a gate that is none: refused by name."""
    assert client.post("/verdict", json={"observations": []}).json()["expected"] == "either plan (with stage), or gates"
    answer = client.post("/verdict", json={"gates": [GATE | {"op": "="}], "observations": []}).json()
    assert (answer["where"], answer["got"]) == ("gates[0].op", "=")
