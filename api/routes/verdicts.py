"""Is a stage good enough? What was measured comes in, the verdict goes out; and the switch."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request

from api.deps import ServiceDep, parsed
from api.errors import Malformed
from api.intake import read_json
from api.release_schemas import (
    ApproveIn,
    HaltIn,
    KeptOut,
    ObservationIn,
    ObservationsIn,
    ProgressOut,
    VerdictIn,
    VerdictOut,
)
from riskml import plan as plans
from riskml.verdict import Observation, judge_stage, to_wire
from riskml.verdict.adhoc import plan_of_gates
from riskml.verdict.progress import Progress

router = APIRouter(tags=["verdicts"])


def _body(model: str, *, required: bool = True) -> dict[str, Any]:
    return {"requestBody": {"required": required, "content": {
        "application/json": {"schema": {"$ref": f"#/components/schemas/{model}"}}}}}


@router.get("/plans/{plan_id}/verdict", response_model=VerdictOut)
async def verdict(
    plan_id: str, service: ServiceDep,
    stage: Annotated[str | None, Query(max_length=63, description="A stage of the plan; without it, the one in force.")] = None,
) -> dict[str, Any]:
    """Judge a stage now: promote, hold or rollback. Always 200 for a stage of a known plan: pollers read nothing else."""
    return await service.releases.verdict(plan_id, stage)


_MEASURED = {"requestBody": {"required": True, "content": {"application/json": {"schema": {"anyOf": [
    {"$ref": "#/components/schemas/ObservationsIn"}, {"$ref": "#/components/schemas/ObservationIn"}]}}}}}


@router.post("/plans/{plan_id}/observations", response_model=KeptOut, openapi_extra=_MEASURED)
async def observations(plan_id: str, request: Request, service: ServiceDep) -> KeptOut:
    """Keep what was measured of a release: one window, or many under `observations`. Sending a window again changes nothing."""
    body = await read_json(request)
    given = parsed(ObservationsIn, body).observations if _many(body) else (parsed(ObservationIn, body),)
    return KeptOut(kept=await service.releases.observe(plan_id, [_observation(o) for o in given]))


@router.post("/verdict", response_model=VerdictOut, openapi_extra=_body("VerdictIn"))
async def stateless(request: Request, service: ServiceDep) -> dict[str, Any]:
    """Judge a stage from what is sent alone; nothing is read and nothing is kept."""
    body = parsed(VerdictIn, await read_json(request))
    if (body.plan is None) == (body.gates is None):
        raise Malformed("not one thing to judge by", where="plan", got=sorted(body.model_fields_set),
                        expected="either plan (with stage), or gates")
    if body.plan is None:
        plan = plan_of_gates(body.gates, body.rules, stage=body.stage or "stage", traffic_bp=body.traffic_bp)
    else:
        plan = plans.from_json(body.plan)
    stage = body.stage or plan.stages[0].name
    given = [_observation(o) for o in body.observations]
    return await service.read(lambda: to_wire(judge_stage(
        plan, stage, given, elapsed_s=body.elapsed_s, approved=body.approved, design_effect=body.design_effect)))


@router.post("/plans/{plan_id}/halt", response_model=ProgressOut, openapi_extra=_body("HaltIn", required=False))
async def halt(plan_id: str, request: Request, service: ServiceDep) -> ProgressOut:
    """Switch a release off at once. It stays off: every later verdict is rollback, and the way back in is a new plan."""
    body = parsed(HaltIn, await read_json(request) or b"{}")
    return _progress(plan_id, await service.releases.halt(plan_id, body.reason))


@router.post("/plans/{plan_id}/approve", response_model=ProgressOut, openapi_extra=_body("ApproveIn"))
async def approve(plan_id: str, request: Request, service: ServiceDep) -> ProgressOut:
    """Let a release through to a stage whose approval is manual."""
    body = parsed(ApproveIn, await read_json(request))
    return _progress(plan_id, await service.releases.approve(plan_id, body.stage, body.note))


@router.get("/plans/{plan_id}/progress", response_model=ProgressOut)
async def progress(plan_id: str, service: ServiceDep) -> ProgressOut:
    """Tell how far a release has come."""
    return _progress(plan_id, (await service.releases.find(plan_id)).progress)


def _many(body: bytes) -> bool:
    """Whether a body is not plainly one window; what is neither is refused as the form for many."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return True
    return not isinstance(value, dict) or "observations" in value or "metric" not in value


def _observation(o: ObservationIn) -> Observation:
    return Observation(**o.model_dump())


def _progress(plan_id: str, p: Progress) -> ProgressOut:
    return ProgressOut(plan_id=plan_id, stage=p.stage, since=p.since, passed=sorted(p.passed), approved=sorted(p.approved),
                       halted=p.halted, ended=p.ended, run=p.run)
