"""Outcomes that come home: from people, pipelines and webhooks, each kept once and tied to the change it is about.

A message that names a plan is about that plan's change; one that names a commit, about its newest assessment. What cannot be
tied waits in a list: an assessment that comes later takes it by itself, and a person can settle the rest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from api.errors import Malformed
from api.ledger import Ledger
from api.release_schemas import SettleIn
from api.releases import Releases
from api.schemas import OutcomeIn
from api.work import Workers
from riskml.adapters.store import SETTLES, AssessmentRow, OutcomeRow, PlanRow, Store, Submission
from riskml.errors import NotFound
from riskml.outcome import HARM, TAIL, Happened, Label, Outcome, label_of
from riskml.parse.hooks.told import Told
from riskml.verdict.progress import Step, at_weight, switched

_AHEAD = timedelta(minutes=5)  # a clock may be fast by this much; a later moment is none


class Hearing:
    """Keeps what happened, and follows what it means for releases under way."""

    def __init__(self, store: Store, ledger: Ledger, readers: Workers, releases: Releases, *, clock: Callable[[], datetime],
                 new_id: Callable[[datetime], str]) -> None:
        self._store = store
        self._ledger = ledger
        self._readers = readers
        self._releases = releases
        self._clock = clock
        self._new_id = new_id

    async def record(self, request: OutcomeIn, *, digest: str) -> tuple[dict[str, object], bool]:
        """Keep what somebody says happened; answers its wire form, and whether it is new."""
        plan = None if request.plan_id is None else await self._readers.run(
            lambda: self._store.get(PlanRow, str(request.plan_id)))
        id_ = request.assessment_id or (plan.assessment_id if plan else None)
        about = await self._readers.run(lambda: self._store.get(AssessmentRow, id_)) if id_ is not None else (
            await self._by_commit(request.repository, request.head))
        if about is None and (request.repository is None or request.head is None):
            raise Malformed("an outcome of nothing", where="the body", got=sorted(request.model_fields_set),
                            expected="assessment_id, plan_id, or repository and head")
        now = self._clock()
        row = OutcomeRow(
            id=self._new_id(now), created_at=now, idempotency_key=request.idempotency_key, request_digest=digest,
            outcome=request.outcome, happened_at=request.happened_at,
            document=_document(request.source, request.stage, request.note, confidence=request.confidence),
            repository=request.repository if about is None else about.repository,
            head=request.head if about is None else about.head,
            assessment_id=None if about is None else about.id, plan_id=request.plan_id)
        return await self._keep(row)

    async def hear(self, told: Told) -> dict[str, object] | None:
        """Take in a message of a tool: follow the release, and keep the outcome if it tells one. Again changes nothing."""
        plan = await self._plan(told.plan_id)
        if plan is not None:
            told = await self._follow(told, plan)
        elif told.happened == "superseded" and told.target is not None:
            told = await self._replaced(told)
        if told.happened is None:
            return None
        return (await self._keep(await self._row(told, told.happened)))[0]

    async def waiting(self, *, after: str | None, limit: int) -> tuple[list[dict[str, object]], str | None]:
        """List outcomes of which no assessment is known, oldest first, and the id to go on after."""
        rows = await self._readers.run(lambda: self._store.waiting(after=after, limit=limit + 1))
        more = rows[limit - 1].id if len(rows) > limit else None
        return [outcome_document(row) for row in rows[:limit]], more

    async def settle(self, id_: str, request: SettleIn) -> tuple[dict[str, object], bool]:
        """Say which change an outcome that waits was about; told twice alike it changes nothing, otherwise it is a conflict."""
        told = await self._readers.run(lambda: self._store.get(OutcomeRow, id_))
        if told.assessment_id is not None:
            raise Malformed("an outcome that does not wait", where="id", got=id_, expected="one of GET /outcomes/unmatched")
        plan = await self._plan(request.plan_id)
        if request.plan_id is not None and plan is None:
            raise NotFound("no plan has this id", got=request.plan_id)
        meant = request.assessment_id or (plan.assessment_id if plan else None)
        if meant is None:
            raise Malformed("settled with nothing", where="the body", got=sorted(request.model_fields_set),
                            expected="assessment_id, or the plan_id of an assessed change")
        about = await self._readers.run(lambda: self._store.get(AssessmentRow, meant))
        now, document = self._clock(), json.loads(told.document)
        row = replace(
            told, id=self._new_id(now), created_at=now, idempotency_key=f"{SETTLES}{id_}", assessment_id=about.id,
            request_digest=hashlib.sha256(about.id.encode()).hexdigest(), repository=about.repository, head=about.head,
            plan_id=request.plan_id or told.plan_id, document=json.dumps(document | {"settles": id_}))
        return await self._keep(row)

    async def label(self, assessment_id: str) -> Label:
        """Say what all outcomes of a change mean together, as of now."""
        about = await self._readers.run(lambda: self._store.get(AssessmentRow, assessment_id))
        rows = await self._readers.run(lambda: [
            *self._store.outcomes(assessment_id=about.id),
            *(self._store.outcomes(repository=about.repository, head=about.head) if about.head else ())])
        return label_of({row.id: outcome_of(row) for row in rows}.values(), now=self._clock())

    async def _keep(self, row: OutcomeRow) -> tuple[dict[str, object], bool]:
        receipt = await self._ledger.commit(Submission(row))
        assert isinstance(receipt.row, OutcomeRow)  # noqa: S101 - an outcome was submitted
        return outcome_document(receipt.row), receipt.fresh

    async def _row(self, told: Told, happened: Happened) -> OutcomeRow:
        now = self._clock()
        plan = await self._plan(told.plan_id)
        about = None
        if plan is not None and plan.assessment_id is not None:
            id_ = plan.assessment_id
            about = await self._readers.run(lambda: self._store.get(AssessmentRow, id_))
        elif plan is None:
            about = await self._by_commit(told.repository, told.head)
        at = told.at if told.at is not None and told.at <= now + _AHEAD else now
        return OutcomeRow(
            id=self._new_id(now), created_at=now, idempotency_key=_key(told, happened), outcome=happened, happened_at=at,
            document=_document(told.source, None, told.note, run=told.run, target=told.target, confidence=told.confidence),
            repository=told.repository if about is None else about.repository, head=told.head if about is None else about.head,
            assessment_id=None if about is None else about.id, plan_id=told.plan_id)

    async def _follow(self, told: Told, plan_row: PlanRow) -> Told:
        """Move the release on as the message says; returns the message as it is to be kept."""
        release = await self._releases.find(plan_row.id)
        plan, at, run = release.plan, told.at or self._clock(), told.run or ""

        async def report(step: Step, *key: object) -> None:
            await self._releases.report(plan.plan_id, step, key=key, target=told.target)

        await report(Step("heard", at, None, told.source), told.target or "")
        if told.signal in ("began", "restarted"):
            other = await self._under_way(told.target, plan.plan_id)
            if other is not None:
                await self.hear(replace(told, plan_id=other, happened="superseded", signal="heard",
                                        key=(told.source, told.target or "", other, "superseded")))
                return replace(told, happened=None)
            if told.signal == "restarted":
                await report(Step("restarted", at, None, told.source, told.note), run)
        stage = at_weight(plan, told.weight) if told.signal == "weight" and told.weight is not None else (
            switched(plan) if told.signal == "switched" else None)
        if stage is not None:
            await report(Step("entered", at, stage.name, told.source, told.note), release.progress.run, "seen")
        if told.signal == "halt":
            await report(Step("halted", at, None, told.source, told.note), *told.key)
        if told.signal == "ended":
            await report(Step("ended", at, None, told.source, told.happened), run)
            if told.happened == "promoted" and plan.strategy == "full":  # released without any check
                return replace(told, happened="promoted-unverified", key=(*told.key[:-1], "promoted-unverified"))
        return told

    async def _replaced(self, told: Told) -> Told:
        """Find the plan that a new revision without one took the place of."""
        other = await self._under_way(told.target, "")
        key = (told.source, told.target or "", other or "", "superseded")
        return told if other is None else replace(told, plan_id=other, key=key)

    async def _under_way(self, target: str | None, plan_id: str) -> str | None:
        """Return another plan that was last reported on a target and has neither ended nor been switched off."""
        if target is None:
            return None
        other = await self._readers.run(lambda: self._store.last_plan_on(target, other_than=plan_id))
        before = None if other is None else await self._plan(other)
        if other is None or before is None:
            return None
        this = await self._plan(plan_id)
        if this is not None and this.created_at <= before.created_at:  # a late message of an earlier release replaces nothing
            return None
        progress = (await self._releases.find(other)).progress
        return None if progress.ended or progress.halted else other

    async def _plan(self, plan_id: str | None) -> PlanRow | None:
        if plan_id is None:
            return None
        try:
            return await self._readers.run(lambda: self._store.get(PlanRow, plan_id))
        except NotFound:
            return None

    async def _by_commit(self, repository: str | None, head: str | None) -> AssessmentRow | None:
        """Find the newest assessment of a commit: in its repository, or, by a full id, in the only one that has it."""
        if head is None:
            return None
        if repository is not None:
            found = await self._readers.run(lambda: self._store.assessments(repository=repository, head=head, limit=1))
            if found:
                return found[0]
        if len(head) < 40:
            return None
        anywhere = await self._readers.run(lambda: self._store.assessments(head=head, limit=50))
        return anywhere[0] if len({row.repository for row in anywhere}) == 1 else None


def outcome_document(row: OutcomeRow) -> dict[str, object]:
    """Write an outcome as it is answered."""
    told = {"stage": None, "source": "api", "note": None, "confidence": None} | json.loads(row.document)
    outcome = outcome_of(row)
    return {"id": row.id, "created_at": _rfc3339(row.created_at), "outcome": row.outcome, "harm": HARM[outcome.happened],
            "happened_at": _rfc3339(row.happened_at), "repository": row.repository, "head": row.head,
            "assessment_id": row.assessment_id, "plan_id": row.plan_id, **told, "confidence": outcome.sure}


def label_document(label: Label) -> dict[str, Any]:
    """Write a label as it is answered."""
    return {"harm": label.harm, "known_at": None if label.known_at is None else _rfc3339(label.known_at),
            "confidence": label.confidence, "sources": list(label.sources), "why": label.why,
            "tail_s": int(TAIL.total_seconds())}


def outcome_of(row: OutcomeRow) -> Outcome:
    """Read an outcome that was kept."""
    told = json.loads(row.document)
    return Outcome(row.outcome, row.happened_at, row.created_at, told.get("source") or "api", row.repository, row.head,  # type: ignore[arg-type] # checked when it came in
                   row.assessment_id, row.plan_id, told.get("stage"), told.get("note"), told.get("run"), told.get("confidence"))


def _document(source: str, stage: str | None, note: str | None, **more: object) -> str:
    return json.dumps({"stage": stage, "source": source, "note": note} | {k: v for k, v in more.items() if v is not None})


def _key(told: Told, happened: Happened) -> str:
    """Name what makes a message the same outcome as another."""
    return f"told:{hashlib.sha256(json.dumps([*told.key, happened]).encode()).hexdigest()}"


def _rfc3339(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
