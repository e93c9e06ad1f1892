"""Releases under way: what was measured and reported of them, the verdict on each stage, and switching them off.

Everything is kept as it comes and nothing is ever changed, so the state of a release is a fold over its rows, and any number of
replicas come to the same one. A window is kept once, a step once; who says the same again changes nothing.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Protocol, TypeVar

from api.ledger import Ledger
from api.work import Workers
from riskml import document
from riskml import plan as plans
from riskml.adapters.prometheus import Pulled
from riskml.adapters.store import ObservationRow, PlanRow, StepRow, Store, Submission, VerdictRow
from riskml.errors import Conflict, UsageError
from riskml.plan import Plan
from riskml.verdict import Observation, Verdict, judge_stage, to_wire
from riskml.verdict.observation import windows
from riskml.verdict.progress import ASKED, Progress, Step, current, follow, following, why_not_begin, why_not_enter

Result = TypeVar("Result")
_TOGETHER = 128  # windows that are committed together: few enough to leave room for answers in the queue
ROLLBACK = "rollback"
"""What ``stage=current`` of a rendered text means for a release that was switched off, or may not start."""


class Metrics(Protocol):
    """Where missing windows are read. The real one is ``riskml.adapters.prometheus.Prometheus``."""

    def pull(self, plan: Plan, stage: str, *, since: datetime, until: datetime, known: Iterable[Observation] = ()) -> Pulled:
        """Read what is over and not known."""
        ...


@dataclass(frozen=True, slots=True)
class Release:
    """A plan and how far it has come."""

    plan: Plan
    progress: Progress


class Releases:
    """All that concerns releases under way."""

    def __init__(self, store: Store, ledger: Ledger, readers: Workers, *, clock: Callable[[], datetime],
                 new_id: Callable[[datetime], str], metrics: Metrics | None = None, pullers: Workers | None = None) -> None:
        self._store = store
        self._ledger = ledger
        self._readers = readers
        self._clock = clock
        self._new_id = new_id
        self._metrics = metrics
        self._pullers = pullers or readers

    async def find(self, plan_id: str) -> Release:
        """Fetch a release; ``NotFound`` if there is no such plan."""
        row, steps = await self._readers.run(lambda: (self._store.get(PlanRow, plan_id), self._store.steps(plan_id)))
        plan = plans.from_json(json.loads(row.document))
        return Release(plan, follow(plan, [_step(each) for each in steps]))

    async def report(self, plan_id: str, step: Step, *, key: Sequence[object] = (), target: str | None = None) -> bool:
        """Keep a step of a release; returns whether it is new. ``key`` names what makes it the same step."""
        now = self._clock()
        row = StepRow(id=self._new_id(now), created_at=now, plan_id=plan_id, step=step.kind, stage=step.stage, at=step.at,
                      target=target, document=json.dumps({"source": step.source, "note": step.note}),
                      idempotency_key=_key("step", plan_id, step.kind, step.stage, *key))
        return (await self._ledger.commit(Submission(row))).fresh

    async def observe(self, plan_id: str, observations: Sequence[Observation]) -> int:
        """Keep measured windows; returns how many are new.

        A window that was measured otherwise before is a ``Conflict``; windows of one arm that overlap, and stages that the plan
        does not have, are a ``UsageError``. The first report of a stage tells when it began.
        """
        release = await self.find(plan_id)
        names = [s.name for s in release.plan.stages]
        for i, o in enumerate(observations):
            if o.stage not in names:
                raise UsageError("no such stage", where=f"observations[{i}].stage", got=o.stage,
                                 expected=f"one of: {', '.join(names)}")
        known = await self._observations(plan_id, release.progress.run)
        cells = {(o.stage, o.metric, o.over, o.arm, o.start_s, o.window_s): o for o in known}
        for o in observations:
            before = cells.setdefault((o.stage, o.metric, o.over, o.arm, o.start_s, o.window_s), o)
            if before != o:
                raise Conflict("the window was measured otherwise before", where=f"{o.stage}.{o.metric} at {o.start_s} s",
                               got=document.write(o), expected=json.dumps(document.write(before)))
        windows(cells.values())
        fresh = await self._keep(plan_id, release.progress.run, [o for o in observations if o not in known])
        now = self._clock()
        for stage in dict.fromkeys(o.stage for o in observations):
            if why_not_enter(release.plan, release.progress, stage, now) is None and release.progress.stage != stage:
                length = max(o.start_s + o.window_s for o in observations if o.stage == stage)
                began = Step("entered", now - timedelta(seconds=length), stage, "observations")
                await self.report(plan_id, began, key=[release.progress.run])
                break
        return fresh

    async def verdict(self, plan_id: str, stage: str | None = None) -> dict[str, Any]:
        """Judge a stage now (``None`` or ``current``: the one in force), and answer as deploy tools read it.

        Being asked about the next stage, when the one before has passed, is how a tool that reports nothing says that the stage
        has begun. A promotion is remembered; a rollback switches the release off.
        """
        release = await self.find(plan_id)
        name = current(release.plan, release.progress).name if stage in (None, "current") else str(stage)
        return to_wire(await self.judged(release, name, begin=True))

    async def judged(self, release: Release, name: str, *, begin: bool = False) -> Verdict:
        """Judge a stage of a release now, and keep what was said."""
        plan, progress, now = release.plan, release.progress, self._clock()
        names = [s.name for s in plan.stages]
        if name not in names:
            raise UsageError("no such stage", where="stage", got=name, expected=f"one of: {', '.join(names)}, current")
        every = plan.analysis.interval_s
        if progress.halted is not None:
            return Verdict("rollback", f"halted: {progress.halted}", name, next_check_s=every)
        if progress.stage is not None and names.index(name) < names.index(progress.stage):
            return Verdict("promote", f"passed: stage {progress.stage} is in force", name, next_check_s=every)
        if name in progress.passed:
            return Verdict("promote", "passed before", name, next_check_s=every)
        words = why_not_enter(plan, progress, name, now)
        if progress.stage != name:
            if not begin or (words is not None and name != names[0]):  # a first stage that should not run is watched yet
                return Verdict("hold", words or f"stage {name} has not begun", name, next_check_s=every)
            await self.report(plan.plan_id, Step("entered", now, name, ASKED), key=[progress.run, ASKED])
            release = replace(release, progress=replace(progress, stage=name, since=now, counted=now, asked=True))
        verdict = await self._judge(release, name, now)
        if words is not None and verdict.decision == "promote":
            verdict = replace(verdict, decision="hold", reason=words)
        await self._remember(release, verdict)
        return verdict

    async def _judge(self, release: Release, name: str, now: datetime) -> Verdict:
        plan, progress = release.plan, release.progress
        since = progress.since or now
        observations = await self._observations(plan.plan_id, progress.run)
        trouble: tuple[str, ...] = ()
        if self._metrics is not None:
            metrics, known = self._metrics, observations
            pulled = await self._pullers.run(lambda: metrics.pull(plan, name, since=since, until=now, known=known))
            trouble = pulled.trouble
            await self._keep(plan.plan_id, progress.run, pulled.observations)
            observations = [*observations, *(o for o in pulled.observations if o not in observations)]
        try:
            counted = progress.counted or since
            judged = _since(observations, name, int((counted - since).total_seconds()))
            verdict = judge_stage(plan, name, judged, elapsed_s=(now - counted).total_seconds(), approved=progress.approved)
        except UsageError as error:  # windows of two sources that contradict each other
            words = f"what was measured contradicts itself: {error}"
            return Verdict("hold", words, name, next_check_s=plan.analysis.interval_s)
        if trouble and verdict.decision == "hold":
            verdict = replace(verdict, reason=f"{verdict.reason}; {'; '.join(trouble)}")
        return verdict

    async def _remember(self, release: Release, verdict: Verdict) -> None:
        """Keep a verdict, word for word, and what follows from it."""
        plan, run, now = release.plan, release.progress.run, self._clock()
        if verdict.decision == "rollback":
            await self.report(plan.plan_id, Step("halted", now, verdict.stage, "verdict", verdict.reason), key=[run])
        if verdict.decision == "promote":
            await self.report(plan.plan_id, Step("passed", now, verdict.stage, "verdict", verdict.reason), key=[run])
        text = json.dumps(to_wire(verdict), ensure_ascii=False, allow_nan=False)
        row = VerdictRow(id=self._new_id(now), created_at=now, plan_id=plan.plan_id, stage=verdict.stage,
                         decision=verdict.decision, document=text,
                         idempotency_key=_key("verdict", plan.plan_id, run, text))
        await self._ledger.commit(Submission(row))

    async def halt(self, plan_id: str, reason: str, source: str = "api") -> Progress:
        """Switch a release off, at once and for good. What was halted before stays halted for its first reason."""
        await self.find(plan_id)
        await self.report(plan_id, Step("halted", self._clock(), None, source, reason), key=["asked"])
        return (await self.find(plan_id)).progress

    async def approve(self, plan_id: str, stage: str, note: str | None = None) -> Progress:
        """Let a release through to a stage that waits for a person."""
        release = await self.find(plan_id)
        names = [s.name for s in release.plan.stages]
        if stage not in names:
            raise UsageError("no such stage", where="stage", got=stage, expected=f"one of: {', '.join(names)}")
        await self.report(plan_id, Step("approved", self._clock(), stage, "api", note), key=[release.progress.run])
        return (await self.find(plan_id)).progress

    async def in_force(self, plan_id: str) -> tuple[Plan, str]:
        """Return a plan and the stage that a rendered text should put in force now; ``rollback`` while it may serve nobody."""
        release = await self.find(plan_id)
        refused = release.progress.halted or why_not_begin(release.plan, release.progress, self._clock())
        return release.plan, ROLLBACK if refused else current(release.plan, release.progress).name

    async def grant(self, release: Release, stage: str, source: str, by: str, target: str | None = None) -> None:
        """Remember that a deploy tool was let through to a stage; once a stage and run."""
        await self.report(release.plan.plan_id, Step("granted", self._clock(), stage, source, by), key=[release.progress.run],
                          target=target)

    async def silent_canary(self, release: Release) -> bool:
        """Whether the stage in force was measured and only the old version had requests in it."""
        seen = [o for o in await self._observations(release.plan.plan_id, release.progress.run)
                if o.stage == release.progress.stage]
        canary = sum(o.total or 0 for o in seen if o.arm == "canary")
        return not canary and any(o.total for o in seen if o.arm == "baseline")

    def next_of(self, release: Release) -> str | None:
        """Return the stage after the one in force; the first before any is. One that was only asked about is still to come."""
        if release.progress.stage is None:
            return release.plan.stages[0].name
        if release.progress.asked:
            return release.progress.stage
        found = following(release.plan, release.progress.stage)
        return None if found is None else found.name

    async def _observations(self, plan_id: str, run: int) -> list[Observation]:
        rows = await self._readers.run(lambda: self._store.observations(plan_id, run=run))
        return [document.read(Observation, json.loads(row.document), error=UsageError) for row in rows]

    async def _keep(self, plan_id: str, run: int, observations: Iterable[Observation]) -> int:
        """Keep windows; one that another replica has just read otherwise stays as it was kept first."""
        rows, now = [], self._clock()
        for o in observations:
            key = _key("window", plan_id, run, o.stage, o.metric, o.over, o.arm, o.start_s, o.window_s)
            rows.append(ObservationRow(id=self._new_id(now), created_at=now, plan_id=plan_id, run=run, idempotency_key=key,
                                       document=json.dumps(document.write(o))))
        fresh = 0
        for at in range(0, len(rows), _TOGETHER):
            part = (self._ledger.commit(Submission(row)) for row in rows[at:at + _TOGETHER])
            fresh += sum(receipt.fresh for receipt in await asyncio.gather(*part))
        return fresh


def _since(observations: Iterable[Observation], stage: str, late_s: int) -> list[Observation]:
    """Leave out windows from before the tool was seen in the stage, and count the others from then."""
    return [replace(o, start_s=o.start_s - late_s) if o.stage == stage else o for o in observations
            if o.stage != stage or o.start_s >= late_s]


def _key(*parts: object) -> str:
    """Name what makes a row the same as another: fixed in length, whatever the parts."""
    return f"{parts[0]}:{hashlib.sha256(json.dumps(parts[1:], default=str).encode()).hexdigest()}"


def _step(row: StepRow) -> Step:
    told = json.loads(row.document)
    return Step(row.step, row.at, row.stage, told.get("source") or "api", told.get("note"))  # type: ignore[arg-type] # as it was written
