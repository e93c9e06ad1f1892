"""Which model answers, and taking up a new one."""

from __future__ import annotations

from fastapi import APIRouter

from api.deps import ServiceDep
from api.schemas import ServedModelOut

router = APIRouter(tags=["model"])


@router.get("/model", response_model=ServedModelOut)
async def model(service: ServiceDep) -> dict[str, object]:
    """Tell which model is in use, and how the one that scores along compares with it."""
    return service.describe()


@router.post("/model/reload", response_model=ServedModelOut)
async def reload(service: ServiceDep) -> dict[str, object]:
    """Read the artifacts and the policies again. If any of them is refused, what was in use stays in use."""
    await service.reload()
    return service.describe()
