"""Is the process alive, is it ready, and its numbers."""

from __future__ import annotations

from fastapi import APIRouter
from fastapi.responses import JSONResponse, PlainTextResponse

from api.deps import ServiceDep
from api.metrics import CONTENT_TYPE
from api.schemas import HealthOut
from riskml.errors import RiskmlError

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz() -> HealthOut:
    """Tell that the process runs. Says nothing of the store: restarting would not mend it."""
    return HealthOut(status="ok")


@router.get("/readyz", responses={503: {"model": HealthOut}})
async def readyz(service: ServiceDep) -> JSONResponse:
    """Tell whether requests can be answered: the model is loaded, and the store takes a writer."""
    checks = {"model": f"{service.judge.ref.name} {service.judge.ref.version}"}
    ok = True
    try:
        await service.read(service.store.ping)
        checks["store"] = "ok"
    except RiskmlError as error:
        checks["store"] = str(error)
        ok = False
    return JSONResponse(HealthOut(status="ok" if ok else "unready", checks=checks).model_dump(), 200 if ok else 503)


@router.get("/metrics", response_class=PlainTextResponse)
async def metrics(service: ServiceDep) -> PlainTextResponse:
    """Print the metrics of this process for Prometheus."""
    return PlainTextResponse(service.registry.exposition(), media_type=CONTENT_TYPE)
