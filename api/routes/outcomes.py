"""What really happened to a change."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import JSONResponse, Response

from api.deps import ServiceDep, parsed
from api.intake import canonical_body, read_json
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


async def _record(service: Service, body: OutcomeIn) -> Response:
    document, fresh = await service.record(body, digest=digest_of_body(canonical_body(body)))
    return JSONResponse(document, 201 if fresh else 200, headers={} if fresh else {"Idempotency-Replayed": "true"})
