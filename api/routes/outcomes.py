"""What really happened to a change."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, Response

from api.deps import ServiceDep, parsed
from api.hearing import label_document
from api.intake import canonical_body, read_json
from api.release_schemas import LabelOut, SettleIn, WaitingOut
from api.schemas import OutcomeIn, OutcomeOfPlanIn, OutcomeOut
from api.service import Service, digest_of_body

router = APIRouter(tags=["outcomes"])


def _body(model: str) -> dict[str, Any]:
    return {"requestBody": {"required": True, "content": {
        "application/json": {"schema": {"$ref": f"#/components/schemas/{model}"}}}}}


@router.post("/outcomes", status_code=201, response_model=OutcomeOut, openapi_extra=_body("OutcomeIn"))
async def outcome(request: Request, service: ServiceDep) -> Response:
    """Keep what happened to a change, named by its assessment, its plan, or its repository and commit."""
    return await _record(service, parsed(OutcomeIn, await read_json(request)))


@router.post("/plans/{plan_id}/outcome", status_code=201, response_model=OutcomeOut, openapi_extra=_body("OutcomeOfPlanIn"))
async def outcome_of_plan(plan_id: str, request: Request, service: ServiceDep) -> Response:
    """Keep what happened to the change that a plan was made for."""
    body = parsed(OutcomeOfPlanIn, await read_json(request))
    return await _record(service, OutcomeIn(**body.model_dump(exclude_unset=True), plan_id=plan_id))


@router.get("/outcomes/unmatched", response_model=WaitingOut)
async def unmatched(
    service: ServiceDep, limit: Annotated[int, Query(ge=1, le=200)] = 50,
    after: Annotated[str | None, Query(pattern=r"^[0-9A-Z]{26}$", description="`next` of the page before.")] = None,
) -> dict[str, object]:
    """List outcomes of which no assessment is known, oldest first. One whose assessment comes later leaves the list."""
    items, more = await service.hearing.waiting(after=after, limit=limit)
    return {"items": items, "next": more}


@router.post("/outcomes/unmatched/{outcome_id}/settle", status_code=201, response_model=OutcomeOut,
             openapi_extra=_body("SettleIn"))
async def settle(outcome_id: str, request: Request, service: ServiceDep) -> Response:
    """Say which change an outcome that waits was about. The same again answers 200, another change is a 409."""
    document, fresh = await service.hearing.settle(outcome_id, parsed(SettleIn, await read_json(request)))
    return JSONResponse(document, 201 if fresh else 200, headers={} if fresh else {"Idempotency-Replayed": "true"})


@router.get("/assessments/{assessment_id}/label", response_model=LabelOut)
async def label(assessment_id: str, service: ServiceDep) -> dict[str, Any]:
    """Tell what all outcomes of a change say together: harm, none, or nothing yet."""
    return label_document(await service.hearing.label(assessment_id))


async def _record(service: Service, body: OutcomeIn) -> Response:
    document, fresh = await service.hearing.record(body, digest=digest_of_body(canonical_body(body)))
    return JSONResponse(document, 201 if fresh else 200, headers={} if fresh else {"Idempotency-Replayed": "true"})
