"""Webhooks of deploy tools, alerts and forges. Each proves who it is in the way that its tool can."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from api.access import signed, told_secret
from api.deps import ServiceDep
from api.errors import problem
from api.flagger import forged
from api.release_schemas import HeardOut
from api.service import Service
from riskml import plan as plans
from riskml.errors import NotFound, TooLarge
from riskml.parse.hooks import READERS, Told
from riskml.parse.hooks import flagger as flagger_hooks
from riskml.parse.hooks.offer import OFFERS, ForgeName

router = APIRouter(tags=["webhooks"])
LARGEST = 1 << 20
_BODY: dict[str, Any] = {"requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}}
_TAKEN_ON: dict[int | str, dict[str, Any]] = {
    202: {"model": HeardOut, "description": "A merge request was taken on; it is scored and spoken of in a while."}}
_TELLS = ("post-rollout", "event")


@router.post("/webhooks/flagger/{hook}", response_class=Response, openapi_extra=_BODY,
             responses={200: {"description": "Go on; for `rollback`: roll back now."}, 409: {"description": "Not now, why."}})
async def flagger(hook: str, request: Request, service: ServiceDep) -> Response:
    """Answer one of Flagger's hooks, each under a path of its own: for `rollback`, 200 means "roll back now"."""
    call = flagger_hooks.read(await _body(request), hook)
    refused = await _check(call, service, request.url.path)
    if refused is not None:
        return refused
    if hook in _TELLS:
        told = flagger_hooks.told(call)
        return await _heard(service, [] if told is None else [told])
    try:
        answer = await service.flagger.answer(call)
    except NotFound:
        return PlainTextResponse(f"no plan {call.plan_id}: metadata.plan_id names none that this service made", 404)
    if answer.status == 200:
        return JSONResponse({"answer": answer.words})
    return PlainTextResponse(answer.words.replace("\n", " "), answer.status)


@router.post("/webhooks/argo", response_model=HeardOut, openapi_extra=_BODY)
async def argo(request: Request, service: ServiceDep) -> Response:
    """Hear a notification of Argo Rollouts, in the words of the template in docs/outcomes.md."""
    return await _heard(service, READERS["argo"](await _body(request), {}))


@router.post("/webhooks/alertmanager", response_model=HeardOut, openapi_extra=_BODY)
async def alertmanager(request: Request, service: ServiceDep,
                       plan: Annotated[str | None, Query(max_length=63)] = None) -> Response:
    """Hear alerts: one that fires is an incident, and switches its release off if its action is rollback."""
    return await _heard(service, READERS["alertmanager"](await _body(request), {} if plan is None else {"plan": plan}))


@router.post("/webhooks/github", response_model=HeardOut, responses=_TAKEN_ON, openapi_extra=_BODY)
async def github(request: Request, service: ServiceDep) -> Response:
    """Hear GitHub's `deployment_status` and `pull_request`; the signature in X-Hub-Signature-256 is checked first."""
    body = await _body(request)
    if service.github_secret is None:
        return problem(403, detail="No secret is set for GitHub (RISKML_GITHUB_SECRET_FILE).", instance=request.url.path)
    if not signed(service.github_secret, body, request.headers.get("x-hub-signature-256", "")):
        return problem(401, detail="X-Hub-Signature-256 is not that of this body.", instance=request.url.path)
    return await _heard_of_forge("github", body, request, service)


@router.post("/webhooks/gitlab", response_model=HeardOut, responses=_TAKEN_ON, openapi_extra=_BODY)
async def gitlab(request: Request, service: ServiceDep) -> Response:
    """Hear GitLab's deployment and merge request hooks; the token in X-Gitlab-Token is checked first."""
    body = await _body(request)
    if service.gitlab_token is None:
        return problem(403, detail="No token is set for GitLab (RISKML_GITLAB_TOKEN_FILE).", instance=request.url.path)
    if not told_secret(service.gitlab_token, request.headers.get("x-gitlab-token", "")):
        return problem(401, detail="X-Gitlab-Token is not the one agreed on.", instance=request.url.path)
    return await _heard_of_forge("gitlab", body, request, service)


async def _heard_of_forge(forge: ForgeName, body: bytes, request: Request, service: Service) -> Response:
    """Take a merge request on, if that is what is told and the bot is on; anything else may be an outcome."""
    headers = {name: value for name, value in request.headers.items() if name.startswith("x-")}
    platforms = service.bot.platforms
    offer = OFFERS[forge](body, headers) if platforms.speaks(forge) else None
    if offer is None:
        return await _heard(service, READERS[forge](body, headers))
    if not platforms.allows(offer.repository):
        return JSONResponse({"outcomes": [], "ignored": f"{offer.repository} is not in RISKML_BOT_REPOSITORIES"})
    row, fresh = await service.bot.accept(offer, body)  # a retry has the same body, and so has a replay
    return JSONResponse({"outcomes": [], "accepted": {
        "id": row.id, "repository": row.repository, "number": row.number, "head": row.head, "fresh": fresh}}, 202)


async def _body(request: Request) -> bytes:
    body = await request.body()
    if len(body) > LARGEST:
        raise TooLarge("the body is too large for a webhook", where="the body", got=f"{len(body)} bytes",
                       expected=f"at most {LARGEST} bytes")
    return body


async def _check(call: flagger_hooks.Call, service: Service, path: str) -> Response | None:
    """Refuse a call that does not come from the manifest rendered for its plan."""
    required = service.settings.token_file is not None
    try:
        row = await service.find_plan(call.plan_id or "")
    except NotFound:
        return problem(403, detail="metadata.plan_id names no plan of this service.", instance=path) if required else None
    words = forged(call, plans.from_json(json.loads(row.document)).digest, required=required)
    return None if words is None else problem(403, detail=f"{words}.", instance=path)


async def _heard(service: Service, messages: list[Told]) -> Response:
    kept = [await service.hearing.hear(told) for told in messages]
    return JSONResponse({"outcomes": [each for each in kept if each is not None]})
