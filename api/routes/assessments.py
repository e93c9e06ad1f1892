"""Assess a change, assess many, and find assessments again."""

from __future__ import annotations

import asyncio
import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import AwareDatetime
from starlette.responses import Response

from api.deps import ServiceDep, parsed
from api.errors import Malformed, problem_document, status_of
from api.intake import Intake, read_intake, read_json
from api.schemas import LINE, AssessmentOut, AssessmentsOut, BatchIn, BatchOut, PredictIn
from api.service import Answer, Service
from riskml.errors import RiskmlError

router = APIRouter(tags=["assessments"])
_AT_ONCE = 16  # items of one batch that are under way together

_JSON_PART = {"$ref": "#/components/schemas/PredictIn"}
_PREDICT_BODY = {"requestBody": {"required": True, "content": {
    "application/json": {"schema": _JSON_PART},
    "multipart/form-data": {"schema": {
        "type": "object", "required": ["request"], "additionalProperties": False,
        "properties": {"request": _JSON_PART,
                       "junit": {"type": "array", "items": {"type": "string", "format": "binary"}},
                       "coverage": {"type": "array", "items": {"type": "string", "format": "binary"}}}},
        "encoding": {"request": {"contentType": "application/json"}}},
}}}
_BATCH_BODY = {"requestBody": {"required": True, "content": {
    "application/json": {"schema": {"$ref": "#/components/schemas/BatchIn"}}}}}


@router.post("/predict", response_model=AssessmentOut, openapi_extra=_PREDICT_BODY)
async def predict(request: Request, service: ServiceDep) -> Response:
    """Assess one change and plan its release. The answer leaves after it is stored."""
    answer = await _assess(service, await read_intake(request))
    request.state.log = {"assessment": answer.id, "replayed": not answer.fresh}
    headers = {"Location": f"/assessments/{answer.id}"}
    if not answer.fresh:
        headers["Idempotency-Replayed"] = "true"
    return Response(answer.document, headers=headers, media_type="application/json")


@router.post("/predict/batch", response_model=BatchOut, openapi_extra=_BATCH_BODY)
async def predict_batch(request: Request, service: ServiceDep) -> Response:
    """Assess many changes, each for itself: the answer has one entry an item, an assessment or a problem, in the same order."""
    batch = parsed(BatchIn, await read_json(request))
    limit = service.settings.batch_items
    if len(batch.items) > limit:
        raise Malformed("too many items", where="items", got=len(batch.items), expected=f"at most {limit} (RISKML_BATCH_ITEMS)")
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(number: int, item: Any) -> bytes:
        """Answer one item when its turn comes."""
        async with gate:
            return await _item(service, number, item)

    parts = await asyncio.gather(*(one(number, item) for number, item in enumerate(batch.items)))
    return Response(b'{"items":[' + b",".join(parts) + b"]}", media_type="application/json")


@router.get("/assessments", response_model=AssessmentsOut)
async def assessments(
    service: ServiceDep,
    repository: Annotated[str | None, Query(max_length=255, pattern=LINE)] = None,
    head: Annotated[str | None, Query(pattern=r"^[0-9a-f]{40,64}$")] = None,
    since: Annotated[AwareDatetime | None, Query(description="Not before this moment.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(pattern=r"^[0-9A-Z]{26}$", description="`next` of the page before.")] = None,
) -> Response:
    """List assessments, newest first."""
    rows = await service.read(lambda: service.store.assessments(
        repository=repository, head=head, since=since, before=cursor, limit=limit + 1))
    more = json.dumps(rows[limit - 1].id if len(rows) > limit else None).encode()
    documents = b",".join(row.document.encode() for row in rows[:limit])
    return Response(b'{"items":[' + documents + b'],"next":' + more + b"}", media_type="application/json")


@router.get("/assessments/{assessment_id}", response_model=AssessmentOut)
async def assessment(assessment_id: str, request: Request, service: ServiceDep) -> Response:
    """Fetch one assessment, word for word as it was answered; a browser gets its page."""
    if _wants_page(request):
        return Response(status_code=303, headers={"Location": f"/assessments/{assessment_id}/page", "Vary": "Accept"})
    row = await service.find_assessment(assessment_id)
    return Response(row.document.encode(), headers={"Vary": "Accept"}, media_type="application/json")


def _wants_page(request: Request) -> bool:
    accepted = [each.partition(";")[0].strip() for each in request.headers.get("accept", "").split(",")]
    return "text/html" in accepted and "application/json" not in accepted


async def _assess(service: Service, intake: Intake) -> Answer:
    request = intake.request
    request.form  # noqa: B018 - refuses a request that is none of the three forms, before any work
    suite = await service.read_suite(intake.suite) if intake.reports or request.tests is not None else None
    return await service.assess(request, suite, intake.digest if request.idempotency_key is not None else "")


async def _item(service: Service, number: int, item: Any) -> bytes:
    """Answer one item of a batch, whatever becomes of it."""
    try:
        request = parsed(PredictIn, json.dumps(item).encode())
        answer = await _assess(service, Intake(request))
    except RiskmlError as error:
        document = problem_document(error, f"/predict/batch#items[{number}]")
        return json.dumps({"status": status_of(error), "problem": document}, default=str).encode()
    return b'{"status":200,"assessment":' + answer.document + b"}"
