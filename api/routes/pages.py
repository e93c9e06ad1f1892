"""Pages for people."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse

from api.deps import ServiceDep
from api.hearing import outcome_document
from api.schemas import LINE
from api.ui.pages import HEADERS, assessment_page, assessments_page, reference_page

router = APIRouter(include_in_schema=False)
_PAGE = 50


@router.get("/", response_class=HTMLResponse)
async def recent(service: ServiceDep, repository: Annotated[str | None, Query(max_length=255, pattern=f"^$|{LINE}")] = None,
                 cursor: Annotated[str | None, Query(pattern=r"^[0-9A-Z]{26}$")] = None) -> HTMLResponse:
    """Show the newest assessments."""
    wanted = repository or None
    rows = await service.read(lambda: service.store.assessments(repository=wanted, before=cursor, limit=_PAGE + 1))
    older = rows[_PAGE - 1].id if len(rows) > _PAGE else None
    items = [json.loads(row.document) for row in rows[:_PAGE]]
    return HTMLResponse(assessments_page(items, repository=wanted, older=older), headers=HEADERS)


@router.get("/docs", response_class=HTMLResponse)
async def reference(request: Request) -> HTMLResponse:
    """Show the reference of the API; nothing is loaded from elsewhere."""
    return HTMLResponse(reference_page(request.app.openapi()), headers=HEADERS)


@router.get("/assessments/{assessment_id}/page", response_class=HTMLResponse)
async def one(assessment_id: str, service: ServiceDep) -> HTMLResponse:
    """Show one assessment, its plan, and what became of the change."""
    row = await service.find_assessment(assessment_id)
    plan = await service.read(lambda: service.store.plan_of(assessment_id))
    outcomes = await service.read(lambda: service.store.outcomes(assessment_id=assessment_id))
    page = assessment_page(json.loads(row.document), None if plan is None else json.loads(plan.document),
                           [outcome_document(o) for o in outcomes])
    return HTMLResponse(page, headers=HEADERS)
