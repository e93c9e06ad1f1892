"""The application, wired: the only place that opens the store, reads the model and reads the settings."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response

from api import API_VERSION, release_schemas, schemas
from api.access import Access, read_secret, read_tokens
from api.body import BodyLimit
from api.errors import Malformed, problem, refusal, status_of
from api.judge import ModelJudge
from api.routes import assessments, health, model, outcomes, pages, plans, verdicts, webhooks
from api.service import Service
from api.settings import Settings
from api.telemetry import LOG, Telemetry
from api.ui.pages import HEADERS, problem_page
from riskml.adapters.store import Store
from riskml.errors import RiskmlError

_DAY_S = 86_400
_MIB = 1 << 20


def create_app(settings: Settings | None = None) -> FastAPI:
    """Open everything and build the application: ``uvicorn --factory api.app:create_app``."""
    settings = settings or Settings.from_environ()
    return application(Service(settings, Store.open(settings.store), ModelJudge.open(settings)))


def described() -> dict[str, Any]:
    """Make the OpenAPI document, without opening anything."""
    return _routed().openapi()


def application(service: Service) -> FastAPI:
    """Build the application around a service."""
    app = _routed()
    app.state.service = service
    service.github_secret = read_secret(service.settings.github_secret_file, "RISKML_GITHUB_SECRET_FILE")
    service.gitlab_token = read_secret(service.settings.gitlab_token_file, "RISKML_GITLAB_TOKEN_FILE")
    app.add_exception_handler(RiskmlError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_middleware(BodyLimit, limit=service.settings.body_mib * _MIB)
    if service.settings.token_file is not None:
        app.add_middleware(Access, tokens=read_tokens(service.settings.token_file))
    app.add_middleware(Telemetry, registry=service.registry)
    return app


def _routed() -> FastAPI:
    app = FastAPI(title="riskml", version=API_VERSION, docs_url=None, redoc_url=None, lifespan=_lifespan,
                  description="How risky a change is to release, and how to release it.",
                  responses={"default": {"model": schemas.ProblemOut, "description": "A refusal (application/problem+json)."}})
    for each in (assessments, plans, verdicts, outcomes, webhooks, model, health, pages):
        app.include_router(each.router)
    _describe_bodies(app)
    return app


@contextlib.asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    service: Service = app.state.service
    service.start()
    days = service.settings.retention_days
    pruning = None if days is None else asyncio.create_task(_prune_daily(service, timedelta(days=days)))
    LOG.info("started", extra={"fields": {"store": service.store.place, "model": service.judge.ref.version}})
    yield
    if pruning is not None:
        pruning.cancel()
    service.close()
    LOG.info("stopped")


async def _prune_daily(service: Service, age: timedelta) -> None:
    while True:
        try:
            removed = await service.prune(age)
        except RiskmlError:
            LOG.exception("not pruned")
        else:
            LOG.info("pruned", extra={"fields": {"rows": removed}})
        await asyncio.sleep(_DAY_S)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RiskmlError)  # noqa: S101 - registered for this class
    request.app.state.service.registry.refusals.add(error.code)
    request.state.log = {"problem": error.code, "detail": str(error)[:500]}
    if status_of(error) >= 500:
        LOG.log(logging.ERROR, "refused", extra={"fields": {"problem": error.code, "detail": str(error)}}, exc_info=error)
    if _for_people(request):
        return HTMLResponse(problem_page(status_of(error), error.what, str(error)), status_of(error), HEADERS)
    return refusal(error, request.url.path)


async def _invalid(request: Request, error: Exception) -> Response:
    """Refuse a query or path parameter."""
    assert isinstance(error, RequestValidationError)  # noqa: S101 - registered for this class
    first = error.errors()[0]
    return await _refused(request, Malformed("wrong value", where=str(first["loc"][-1]), got=first.get("input"),
                                             expected=str(first["msg"]).removeprefix("Input should be ")))


async def _http(request: Request, error: Exception) -> Response:
    """Refuse what no route answers."""
    assert isinstance(error, HTTPException)  # noqa: S101 - registered for this class
    if _for_people(request):
        return HTMLResponse(problem_page(error.status_code, "Not here", error.detail), error.status_code, HEADERS)
    return problem(error.status_code, detail=error.detail, instance=request.url.path, headers=error.headers)


def _for_people(request: Request) -> bool:
    return request.url.path == "/" or request.url.path.endswith("/page")


def _describe_bodies(app: FastAPI) -> None:
    """Add the bodies that routes read by themselves to the OpenAPI document."""
    made = app.openapi

    def whole() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = made()
            components = document.setdefault("components", {}).setdefault("schemas", {})
            for each in (schemas.PredictIn, schemas.BatchIn, release_schemas.ObservationsIn,
                         release_schemas.VerdictIn, release_schemas.HaltIn, release_schemas.ApproveIn,
                         release_schemas.SettleIn, schemas.OutcomeIn, schemas.OutcomeOfPlanIn):
                schema = each.model_json_schema(ref_template="#/components/schemas/{model}")
                components |= schema.pop("$defs", {})
                components[each.__name__] = schema
        return app.openapi_schema or {}

    app.openapi = whole  # type: ignore[method-assign] # the way that FastAPI documents
