"""Flagger's gates, asked as its scheduler asks: in its order, with its phases, tick by tick."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest

from riskml.plan import from_json
from tests.api.conftest import PLANS, World
from tests.riskml.parse.hooks.payloads import flagger

TRAFFIC = 120_000  # requests a minute
LENGTHS = {"p1": 12, "p10": 8, "p50": 5, "all": 0}  # minutes


@pytest.fixture
def world(make_world: Callable[..., World]) -> World:
    """Start a service that has the sample canary, with shorter stages."""
    stages = json.loads((PLANS / "canary.json").read_text())["stages"]
    return make_world(change={"stages": [s | {"min_duration_s": 60 * LENGTHS[s["name"]]} for s in stages]})


@dataclass
class Flagger:
    """Flagger's scheduler (v1.44), as far as it calls us: a tick a minute, weights or iterations, and its events."""

    world: World
    weights: tuple[int, ...] = ()
    iterations: int = 0
    phase: str = "Initialized"
    weight: int = 0
    done: int = 0
    routes_fail: int = 0
    silent: bool = False
    load: int = 0  # requests a minute that tests send to the canary
    answers: list[tuple[str, int, str]] = field(default_factory=list)

    def call(self, hook: str, **more: str) -> bool:
        """Call a webhook; a status up to 202 is a success."""
        body = flagger(self.phase, plan_id=self.world.plan_id, **more)
        answer = self.world.client.post(f"/webhooks/flagger/{hook}", content=body)
        self.answers.append((hook, answer.status_code, answer.text))
        assert answer.status_code not in (204, 422, 429)
        assert answer.status_code < 500
        assert "\n" not in answer.text
        return answer.status_code <= 202

    def event(self, message: str) -> None:
        """Tell an event, unless none is configured."""
        if not self.silent:
            now = int(self.world.clock.now.timestamp() * 1000)
            self.world.client.post("/webhooks/flagger/event", content=flagger(
                self.phase, plan_id=self.world.plan_id, message=message, at_ms=now))

    def tick(self) -> None:
        """Do what one interval of the scheduler does."""
        self.world.clock.forward(seconds=60)
        if self.phase in ("Initialized", "Waiting"):
            if self.call("confirm-rollout"):
                self.phase = "Progressing"
                self.event("New revision detected! Scaling up product.prod")
            else:
                self.phase = "Waiting"
            return
        if self.phase in ("Progressing", "WaitingPromotion") and self.call("rollback"):
            self.end("Failed")
        elif self.phase == "Promoting":
            self.end("Succeeded")
        elif self.phase in ("Progressing", "WaitingPromotion"):
            self.iterate() if self.iterations else self.step()

    def step(self) -> None:
        """Move the weight, or promote."""
        if self.phase == "Progressing" and not self.call("confirm-traffic-increase"):
            return
        if self.weight < self.weights[-1]:
            if self.routes_fail:
                self.routes_fail -= 1
                return
            self.weight = next(w for w in self.weights if w > self.weight)
            self.event(f"Advance product.prod canary weight {self.weight}")
        elif self.call("confirm-promotion"):
            self.phase = "Promoting"
        else:
            self.phase = "WaitingPromotion"

    def iterate(self) -> None:
        """Count checks of the preview, then switch, then promote."""
        if self.done < self.iterations:
            self.done += 1
        elif not self.call("confirm-promotion"):
            self.phase, self.done = "WaitingPromotion", self.iterations - 1 if self.weight == 0 else self.done
        elif self.weight == 0:
            self.phase, self.weight = "Progressing", 100
            self.event("Routing all traffic to canary product.prod")
        else:
            self.phase = "Promoting"

    def end(self, phase: str) -> None:
        """Finish the run."""
        self.phase, self.weight = phase, 0 if phase == "Failed" else 100
        self.call("post-rollout")


def measured(world: World, stage: str, run: Flagger, bad: float = 0.0) -> None:
    """Post the minute that has just passed, at the weight that Flagger has."""
    since = world.client.get(f"/plans/{world.plan_id}/progress").json()["since"]
    start = int((world.clock.now - datetime.fromisoformat(since)).total_seconds()) // 60 - 1
    if start >= 0:
        canary = TRAFFIC * run.weight // 100 or run.load
        world.minute(stage, start, (round(canary * bad), canary), (min(TRAFFIC // 1000, TRAFFIC - canary), TRAFFIC - canary))


def stage_of(world: World) -> str | None:
    """Ask which stage is in force."""
    return world.client.get(f"/plans/{world.plan_id}/progress").json()["stage"]


def until(world: World, run: Flagger, ticks: int, bad: Callable[[str], float] = lambda _: 0.0) -> list[int]:
    """Let Flagger tick, with measurements in between; returns the weight after each tick."""
    weights = []
    for _ in range(ticks):
        stage = stage_of(world)
        world.clock.forward(seconds=-1)  # the minute is measured just before the tick
        world.clock.forward(seconds=60)
        if stage is not None:
            measured(world, stage, run, bad(stage))
        world.clock.forward(seconds=-59)
        run.tick()
        weights.append(run.weight)
        if run.phase in ("Succeeded", "Failed"):
            break
    return weights


@pytest.mark.parametrize("silent", [False, True], ids=["events", "no events"])
def test_a_healthy_canary_keeps_each_stages_length_and_is_promoted(world: World, silent: bool) -> None:
    """12, 8 and 5 minutes: lengths that Flagger does not have come from the gate, which lets it through once a stage."""
    run = Flagger(world, weights=(1, 10, 50), silent=silent)
    weights = until(world, run, 200)
    assert run.phase == "Succeeded"
    assert [weights.count(w) in (n, n + 1, n + 2) for w, n in ((1, 12), (10, 8), (50, 5))] == [True] * 3, weights
    assert world.outcomes() == ["promoted"]
    rollbacks = [status for hook, status, _ in run.answers if hook == "rollback"]
    assert set(rollbacks) == {409}, "an answer of 200 here would undo the release"


def test_a_bad_canary_is_rolled_back_by_the_rollback_hook(world: World) -> None:
    """Errors from the second stage on: the inverted hook says 200 only then; the release stays off for the next try."""
    run = Flagger(world, weights=(1, 10, 50))
    until(world, run, 200, bad=lambda stage: 0.2 if stage == "p10" else 0.0)
    assert run.phase == "Failed"
    assert [status for hook, status, _ in run.answers if hook == "rollback"].count(200) == 1
    assert world.outcomes() == ["rolled-back"]
    again = Flagger(world, weights=(1, 10, 50))
    again.tick()
    assert again.answers[-1][:2] == ("confirm-rollout", 409)
    assert "halted" in again.answers[-1][2]


def test_the_same_stage_is_not_granted_twice(world: World) -> None:
    """A retried question gets the same answer; the next tick is judged anew."""
    run = Flagger(world, weights=(1, 10, 50))
    run.tick()
    assert run.call("confirm-traffic-increase")
    world.clock.forward(seconds=5)
    assert run.call("confirm-traffic-increase")
    assert stage_of(world) == "p1"
    world.clock.forward(seconds=60)
    assert not run.call("confirm-traffic-increase")
    assert stage_of(world) == "p1"


def test_routes_that_were_not_moved_are_moved_in_the_end(world: World) -> None:
    """Flagger was let through and failed to set the weight: measured silence of the canary lets it through again, once more."""
    run = Flagger(world, weights=(1, 10, 50), routes_fail=1)
    weights = until(world, run, 8)
    assert 1 in weights
    assert stage_of(world) == "p1"


def test_somebody_who_looks_at_the_verdict_starts_nothing(world: World) -> None:
    """A dashboard that polls before Flagger begins neither holds it at weight 0 nor lets a plan outlive its expiry."""
    assert world.verdict("p1")["verdict"] == "hold"
    world.clock.forward(minutes=30)
    run = Flagger(world, weights=(1, 10, 50))
    run.tick()
    run.tick()
    assert run.weight == 1
    assert (stage_of(world), run.answers[-1][1]) == ("p1", 200)
    run.tick()
    assert (run.weight, "of its minimal length" in run.answers[-1][2] or "no data" in run.answers[-1][2]) == (1, True)


def test_a_look_does_not_let_a_plan_outlive_its_expiry(world: World) -> None:
    """Only a release that has begun goes on after it."""
    world.verdict("p1")
    world.clock.forward(days=2)
    run = Flagger(world, weights=(1, 10, 50))
    run.tick()
    assert run.answers[-1][:2] == ("confirm-rollout", 409)


def test_a_later_stage_is_not_reached_without_a_verdict(world: World) -> None:
    """Without any measurement the release stays at its first weight for ever."""
    run = Flagger(world, weights=(1, 10, 50))
    for _ in range(60):
        run.tick()
    assert (run.weight, run.phase) == (1, "Progressing")
    assert "no data for err, p99" in run.answers[-1][2]


def test_confirm_rollout_does_not_look_at_the_run_before(world: World) -> None:
    """Phase and checksum there are those of the previous run: Failed or Succeeded, the new plan may begin."""
    for phase in ("Initialized", "Succeeded", "Failed", "Waiting"):
        run = Flagger(world, phase=phase)
        assert run.call("confirm-rollout", checksum="another")
    assert world.outcomes() == []


def test_a_plan_that_waits_or_has_expired_does_not_begin(make_world: Callable[..., World]) -> None:
    """Approval opens it; after its time is over it must be assessed anew."""
    stages = json.loads((PLANS / "canary.json").read_text())["stages"]
    stages[0]["approval"] = "manual"
    world = make_world(change={"stages": stages, "hold": ["tests failed"]})
    run = Flagger(world)
    assert not run.call("confirm-rollout")
    assert run.answers[-1][2] == "waits for approval of stage p1: tests failed"
    world.client.post("/plans/p-canary/approve", json={"stage": "p1"})
    assert run.call("confirm-rollout")
    world.clock.forward(days=2)
    assert not run.call("confirm-rollout")
    assert "expired" in run.answers[-1][2]


def test_blue_green_judges_its_preview_before_the_switch(make_world: Callable[..., World]) -> None:
    """No question is asked before the preview, so the gate of the promotion must not take it for the first stage."""
    world = make_world("blue-green")
    run = Flagger(world, iterations=2)
    for _ in range(5):
        run.tick()
    assert run.weight == 0, "nothing is proven yet"
    assert stage_of(world) is not None
    assert run.answers[-1][:2] == ("confirm-promotion", 409) or run.answers[-1][0] == "rollback"


def test_the_gate_of_the_promotion_never_lets_an_unjudged_preview_through(make_world: Callable[..., World]) -> None:
    """Asked first of all, as when the other hooks are not configured: the preview counts as begun and is judged."""
    world = make_world("blue-green")
    assert not Flagger(world, iterations=2, phase="Progressing").call("confirm-promotion")
    assert stage_of(world) == "preview"


def test_blue_green_is_switched_when_its_preview_is_proven(make_world: Callable[..., World]) -> None:
    """Test traffic alone proves the preview; the switch is seen, and the promotion follows it."""
    world = make_world("blue-green")
    run = Flagger(world, iterations=10, load=20_000)
    weights = until(world, run, 40)
    assert run.phase == "Succeeded"
    assert weights.count(0) >= 10, "the preview's ten minutes"
    assert world.outcomes() == ["promoted"]


def test_a_dark_launch_is_never_promoted(make_world: Callable[..., World]) -> None:
    """After its mirrored iterations Flagger would send everybody to the new version."""
    world = make_world("dark")
    run = Flagger(world, iterations=1)
    for _ in range(30):
        run.tick()
    promotions = {(status, text) for hook, status, text in run.answers if hook == "confirm-promotion"}
    assert {status for status, _ in promotions} == {409}


def test_a_halt_is_an_answer_of_200_to_the_rollback_hook_alone(world: World) -> None:
    """Everything else holds."""
    run = Flagger(world, weights=(1, 10, 50))
    run.tick()
    world.client.post(f"/plans/{world.plan_id}/halt")
    hooks = ("confirm-rollout", "pre-rollout", "rollout", "confirm-traffic-increase", "confirm-promotion", "rollback")
    assert [run.call(hook) for hook in hooks] == [False, False, False, False, False, True]


def test_an_unknown_plan_or_hook_never_rolls_back(world: World) -> None:
    """A page that answers everything with 200 would undo every release."""
    for hook, plan_id, status in (("rollback", "p-nine", 404), ("rollback", None, 404), ("roll-back", "p-canary", 422)):
        answer = world.client.post(f"/webhooks/flagger/{hook}", content=flagger(plan_id=plan_id))
        assert answer.status_code == status


def test_with_tokens_flagger_proves_itself_by_the_digest(make_world: Callable[..., World], tmp_path: Path) -> None:
    """It can send no token: the digest that only the rendered manifest has takes its place."""
    (tmp_path / "tokens").write_text("a token of sixteen characters\n")
    world = make_world(token_file=tmp_path / "tokens")
    bearer = {"Authorization": "Bearer a token of sixteen characters"}
    digest = from_json(world.client.get("/plans/p-canary", headers=bearer).json()).digest
    ask = "/webhooks/flagger/confirm-rollout"
    assert world.client.post(ask, content=flagger("Initialized")).status_code == 403
    assert world.client.post(ask, content=flagger("Initialized", plan_digest=digest)).status_code == 200
    assert world.client.post("/webhooks/argo", content=b"{}").status_code == 401
