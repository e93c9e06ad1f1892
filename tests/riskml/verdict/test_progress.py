"""How far a release has come is the same whatever the order in which it was told, and however often."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from riskml.plan import Plan, from_json
from riskml.verdict.progress import (
    STEP_KINDS,
    Progress,
    Step,
    at_weight,
    current,
    follow,
    following,
    switched,
    why_not_begin,
    why_not_enter,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
PLAN = from_json(json.loads((Path(__file__).parents[2] / "golden" / "plans" / "canary.json").read_text()))
NAMES = [s.name for s in PLAN.stages]

steps = st.lists(st.builds(
    lambda kind, minute, stage: Step(kind, NOON + timedelta(minutes=minute), stage),
    st.sampled_from(STEP_KINDS), st.integers(0, 500), st.sampled_from(NAMES)), unique_by=lambda s: s.at, max_size=12)


def step(kind: str, minute: int, stage: str | None = None, note: str | None = None) -> Step:
    """Make a step some minutes after noon."""
    return Step(kind, NOON + timedelta(minutes=minute), stage, note=note)  # type: ignore[arg-type] # of STEP_KINDS


@given(steps, st.randoms(use_true_random=False))
def test_order_and_repetition_of_reports_change_nothing(told: list[Step], chance: Random) -> None:
    """Webhooks come late, twice and out of order."""
    shuffled = told * 2
    chance.shuffle(shuffled)
    once, again = follow(PLAN, told), follow(PLAN, [s for s in shuffled if s.kind != "restarted"] + [
        s for s in told if s.kind == "restarted"])
    assert once == again


@given(steps)
def test_a_halt_is_never_undone_and_stages_never_go_back(told: list[Step]) -> None:
    """Nothing that is told afterwards switches a release on again; only a new run begins at the first stage."""
    places = {None: -1} | {name: i for i, name in enumerate(NAMES)}
    before = Progress()
    for n in range(1, len(told) + 1):
        now = follow(PLAN, sorted(told, key=lambda s: s.at)[:n])
        assert before.halted is None or now.halted == before.halted
        assert now.run > before.run or places[now.stage] >= places[before.stage]
        before = now


def test_a_new_run_begins_at_the_first_stage_without_its_approvals() -> None:
    """What was passed and approved was another revision; that it was halted stays."""
    told = [step("entered", 1, "p1"), step("passed", 2, "p1"), step("approved", 3, "p10"), step("halted", 4, note="bad")]
    again = follow(PLAN, [*told, step("restarted", 5)])
    assert (again.run, again.stage, again.passed, again.approved, again.halted) == (1, None, frozenset(), frozenset(), "bad")


def test_the_current_stage_follows_what_has_passed() -> None:
    """The first one before any is in force; the next after one has passed; the last stays."""
    assert current(PLAN, follow(PLAN, [])).name == "p1"
    assert current(PLAN, follow(PLAN, [step("entered", 1, "p1")])).name == "p1"
    assert current(PLAN, follow(PLAN, [step("entered", 1, "p1"), step("passed", 2, "p1")])).name == "p10"
    assert current(PLAN, follow(PLAN, [step("entered", 1, "all"), step("passed", 2, "all")])).name == "all"
    assert following(PLAN, "all") is None


@pytest.mark.parametrize(("weight", "name"), [(1, "p1"), (10, "p10"), (50, "p50"), (100, "all"), (7, None)])
def test_a_weight_names_its_stage(weight: float, name: str | None) -> None:
    """As a deploy tool reports it, in percent."""
    found = at_weight(PLAN, weight)
    assert (None if found is None else found.name) == name
    assert switched(PLAN) == PLAN.stages[-1]


def waiting(plan: Plan, stage: int) -> Plan:
    """Return the plan with one stage that waits for a person."""
    stages = tuple(replace(s, approval="manual") if i == stage else s for i, s in enumerate(plan.stages))
    return replace(plan, stages=stages)


def test_why_a_release_may_not_begin() -> None:
    """Halted, expired before it began, not approved; in words."""
    nothing = Progress()
    late = NOON + timedelta(days=9)
    assert why_not_begin(PLAN, nothing, NOON) is None
    assert "expired" in str(why_not_begin(PLAN, nothing, late))
    assert why_not_begin(PLAN, follow(PLAN, [step("entered", 1, "p1")]), late) is None, "one that runs is not stopped by that"
    assert why_not_begin(PLAN, follow(PLAN, [step("halted", 1, note="x")]), NOON) == "halted: x"
    held = waiting(PLAN, 0)
    assert why_not_begin(held, nothing, NOON) == "waits for approval of stage p1"
    assert why_not_begin(held, follow(held, [step("approved", 1, "p1")]), NOON) is None


def test_why_a_stage_may_not_come_into_force() -> None:
    """One after the other, each passed, each approved where that is asked."""
    running = follow(PLAN, [step("entered", 1, "p1")])
    passed = follow(PLAN, [step("entered", 1, "p1"), step("passed", 2, "p1")])
    assert why_not_enter(PLAN, running, "p10", NOON) == "stage p10 has not begun: p1 is not passed"
    assert why_not_enter(PLAN, passed, "p10", NOON) is None
    assert why_not_enter(PLAN, passed, "p50", NOON) is not None
    assert why_not_enter(waiting(PLAN, 1), passed, "p10", NOON) == "waits for approval of stage p10"
