"""Plans, and plans as the deploy tools read them."""

from __future__ import annotations

import json
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.deps import ServiceDep
from riskml import plan as plans
from riskml.render import RENDERERS, render

router = APIRouter(tags=["plans"])
_TARGETS = ", ".join(sorted(RENDERERS))


@router.get("/plans/{plan_id}", responses={200: {"content": {"application/json": {"schema": plans.schema()}}}})
async def plan(plan_id: str, service: ServiceDep) -> Response:
    """Fetch a whole plan."""
    row = await service.find_plan(plan_id)
    return Response(row.document.encode(), media_type="application/json")


@router.get("/plans/{plan_id}/render", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def rendered(plan_id: str, request: Request, service: ServiceDep,
                   target: Annotated[str, Query(description=f"One of: {_TARGETS}.")]) -> Response:
    """Print a plan in the words of a deploy tool; further parameters are options of the target.

    A target that cannot express the plan answers 422 with the reason and the nearest target that can. For targets that hold one
    stage at a time, `stage=current` follows the verdicts: it is the stage in force, or the way back for a release that was
    switched off or may not start.
    """
    options = {name: value for name, value in request.query_params.items() if name != "target"}
    if options.get("stage") == "current":
        made, options["stage"] = await service.releases.in_force(plan_id)
    else:
        made = plans.from_json(json.loads((await service.find_plan(plan_id)).document))
    text = render(made, target, **options)
    return Response(text, media_type="text/plain; charset=utf-8")
