"""How far a release has come: a fold over what was reported of it, in any order and as often as it was told.

A stage is *granted* when a deploy tool was let through to it, and *entered* when the tool was seen in it; what was seen counts
more. One that was only *asked* about counts as begun for whoever polls, and not for a tool that asks before it begins. It is
*passed* when its verdict was promote. A *halted* release stays off: the way back in is a new plan. A *restarted*
one (a new revision took its place under the same plan) begins anew, as the next ``run``; nothing measured before counts for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, get_args

from riskml.plan import ALL_BP, Plan, Stage

StepKind = Literal["granted", "entered", "passed", "approved", "halted", "restarted", "ended", "heard"]
ASKED = "asked"
"""The source of a step that is made because somebody asked for the verdict on the stage."""

STEP_KINDS: tuple[StepKind, ...] = get_args(StepKind)


@dataclass(frozen=True, slots=True)
class Step:
    """One report about a release: what, when, of which stage. ``heard`` only says that the tool reports its events."""

    kind: StepKind
    at: datetime
    stage: str | None = None
    source: str = "api"
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a release stands. ``stage`` is in force since ``since``, from which its windows are counted.

    Its length counts from ``counted``: when the tool was seen in it, or let through, which may be later. ``seen`` tells whether
    it was seen there, ``asked`` that nobody but a poller spoke of the stage yet.
    """

    run: int = 0
    stage: str | None = None
    since: datetime | None = None
    counted: datetime | None = None
    seen: bool = False
    asked: bool = False
    granted_by: str | None = None
    passed: frozenset[str] = frozenset()
    approved: frozenset[str] = frozenset()
    halted: str | None = None
    ended: str | None = None
    hears: bool = False


def follow(plan: Plan, steps: Iterable[Step]) -> Progress:
    """Fold the reports of a release; a report of a stage that is behind changes nothing.

    >>> from datetime import UTC, datetime, timedelta
    >>> from riskml.plan import Analysis, Risk, Rollback, Subject
    >>> noon = datetime(2026, 11, 24, 12, tzinfo=UTC)
    >>> stages = (Stage("p1", 100, 60), Stage("all", 10_000, 0))
    >>> plan = Plan("p-1", noon, Subject("shop", "0" * 40), Risk(0.8, "1"), "canary", 100, stages, (), Analysis(60, 5),
    ...             Rollback(()))
    >>> seen = Step("entered", noon + timedelta(minutes=1), "p1")
    >>> granted = Step("granted", noon, "p1")
    >>> found = follow(plan, [seen, granted])
    >>> found.since.minute, found.counted.minute, follow(plan, [granted]).seen
    (0, 1, False)
    """
    place = {s.name: i for i, s in enumerate(plan.stages)}
    now = Progress()
    for step in sorted(steps, key=lambda s: s.at):
        if step.kind in ("granted", "entered") and step.stage in place:
            now = _forward(now, step, place)
        elif step.kind == "passed" and step.stage in place:
            now = replace(now, passed=now.passed | {step.stage})
        elif step.kind == "approved" and step.stage is not None:
            now = replace(now, approved=now.approved | {step.stage})
        elif step.kind == "halted" and now.halted is None:
            now = replace(now, halted=step.note or "halted")
        elif step.kind == "restarted":
            now = Progress(run=now.run + 1, halted=now.halted, hears=now.hears)
        elif step.kind == "ended" and now.ended is None:
            now = replace(now, ended=step.note or "ended")
        elif step.kind == "heard":
            now = replace(now, hears=True)
    return now


def _forward(now: Progress, step: Step, place: dict[str, int]) -> Progress:
    """Move on to a stage, unless the release is beyond it. Windows go on being counted from the grant when it is seen."""
    here = -1 if now.stage is None else place[now.stage]
    there = place[step.stage or ""]
    asked = step.source == ASKED
    seen = step.kind == "entered" and not asked
    by = step.note if step.kind == "granted" else None
    if there > here:
        return replace(now, stage=step.stage, since=step.at, counted=step.at, seen=seen, asked=asked, granted_by=by)
    if there == here and ((now.asked and not asked) or (seen and not now.seen)):
        return replace(now, counted=step.at, seen=seen, asked=False, granted_by=by or now.granted_by)
    return now


def current(plan: Plan, progress: Progress) -> Stage:
    """Return the stage that is to be judged: the one in force, or the one after it once it has passed."""
    if progress.stage is None:
        return plan.stages[0]
    here = next(i for i, s in enumerate(plan.stages) if s.name == progress.stage)
    last = len(plan.stages) - 1
    return plan.stages[min(here + 1, last) if progress.stage in progress.passed else here]


def following(plan: Plan, name: str) -> Stage | None:
    """Return the stage after this one; ``None`` after the last."""
    here = next(i for i, s in enumerate(plan.stages) if s.name == name)
    return plan.stages[here + 1] if here + 1 < len(plan.stages) else None


def at_weight(plan: Plan, weight: float) -> Stage | None:
    """Return the stage whose traffic is ``weight`` percent, as a deploy tool reports it; ``None`` if none has it."""
    return next((s for s in plan.stages if s.audience is None and s.traffic_bp == round(100 * weight)), None)


def switched(plan: Plan) -> Stage | None:
    """Return the stage in which everybody is served, if the plan has one."""
    return next((s for s in plan.stages if s.traffic_bp == ALL_BP), None)


def why_not_begin(plan: Plan, progress: Progress, now: datetime) -> str | None:
    """Say why a release must not serve anybody, or ``None`` if it may. One that has started is not stopped by its expiry."""
    first = plan.stages[0]
    if progress.halted is not None:
        return f"halted: {progress.halted}"
    begun = progress.stage is not None and not progress.asked
    if not begun and plan.expires_at is not None and now >= plan.expires_at:
        return f"the plan expired at {plan.expires_at:%Y-%m-%dT%H:%M:%SZ}; assess the change again"
    if first.approval == "manual" and first.name not in progress.approved and progress.stage in (None, first.name):
        return f"waits for approval of stage {first.name}" + (f": {'; '.join(plan.hold)}" if plan.hold else "")
    return None


def why_not_enter(plan: Plan, progress: Progress, name: str, now: datetime) -> str | None:
    """Say why a stage must not come into force now, or ``None`` if it may: stages are passed one after the other."""
    words = why_not_begin(plan, progress, now)
    if words is not None:
        return words
    place = {s.name: i for i, s in enumerate(plan.stages)}
    if place[name] == 0 or progress.stage == name:
        return None
    before = plan.stages[place[name] - 1].name
    if before not in progress.passed:
        return f"stage {name} has not begun: {progress.stage or before} is not passed"
    stage = plan.stages[place[name]]
    if stage.approval == "manual" and name not in progress.approved:
        return f"waits for approval of stage {name}"
    return None
