"""Every refusal as ``application/problem+json`` (RFC 9457). One table says which class has which status."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from http import HTTPStatus
from math import isfinite
from typing import Any

from pydantic import BaseModel, ValidationError
from starlette.responses import Response

from riskml import errors

MEDIA_TYPE = "application/problem+json"

STATUS: dict[type[errors.RiskmlError], int] = {
    errors.RiskmlError: 500,
    errors.UsageError: 422,
    errors.TooLarge: 413,
    errors.ArtifactError: 503,
    errors.StoreError: 500,
    errors.StoreUnwritable: 503,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.ServiceUnavailable: 503,
    errors.Overloaded: 503,
}


def status_of(error: errors.RiskmlError) -> int:
    """Find the status of the nearest class of the table."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


class Malformed(errors.InputError):
    """A body that is not JSON, or not of the documented shape. ``all`` lists every deviation that was found."""

    def __init__(self, what: str, *, where: str | None = None, got: object = None, expected: str | None = None,
                 found: Iterable[Mapping[str, object]] = ()) -> None:
        super().__init__(what, where=where, got=got, expected=expected)
        self.found = list(found)


def problem(status: int, *, detail: str, instance: str, headers: Mapping[str, str] | None = None, **more: object) -> Response:
    """Answer with a problem that is none of our refusals: its type is its status."""
    return _response(_document(status, detail, instance, "about:blank", HTTPStatus(status).phrase, more), status, headers)


def _document(status: int, detail: str, instance: str, type_: str, title: str, more: Mapping[str, object]) -> dict[str, object]:
    return {"type": type_, "title": title, "status": status, "detail": detail, "instance": instance,
            **{k: v for k, v in more.items() if v is not None}}


def _response(document: Mapping[str, object], status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(json.dumps(document, default=str).encode(), status, dict(headers or {}), MEDIA_TYPE)


def problem_document(error: errors.RiskmlError, instance: str) -> dict[str, object]:
    """Write down what a refusal says: the four parts of its message stand also each for itself."""
    more: dict[str, object] = {"where": error.where, "got": _shown(error.got), "expected": error.expected}
    if isinstance(error, errors.RenderRefused):
        more |= {"reason": error.reason, "target": error.target, "nearest": error.nearest}
    if isinstance(error, Malformed) and len(error.found) > 1:
        more["errors"] = error.found
    return _document(status_of(error), str(error), instance, f"urn:riskml:problem:{error.code}", error.what, more)


def refusal(error: errors.RiskmlError, instance: str) -> Response:
    """Answer with what a refusal says."""
    status = status_of(error)
    headers = {}
    if status == 503:
        headers["Retry-After"] = str(error.retry_after_s if isinstance(error, errors.Overloaded) else 5)
    if status == 413:
        headers["Connection"] = "close"  # the rest of the body was not read
    return _response(problem_document(error, instance), status, headers)


def _shown(value: object) -> object:
    """Give back what the caller sent, if it is short; never a whole diff."""
    if value is None or isinstance(value, (bool, int)) or (isinstance(value, float) and isfinite(value)):
        return value  # JSON has no NaN and no infinity: they are shown as text
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 200 else text[:199] + "…"


def malformed(error: ValidationError, model: type[BaseModel]) -> Malformed:
    """Put pydantic's findings into our words: the path, the value, and what would be right."""
    found = [_finding(each, model) for each in error.errors(include_url=False, include_context=True)[:20]]
    first = found[0]
    return Malformed(str(first["what"]), where=str(first["where"]), got=first["got"], expected=str(first["expected"]),
                     found=found)


def _finding(each: Mapping[str, Any], model: type[BaseModel]) -> dict[str, object]:
    where = ""
    for step in each["loc"]:
        where += f"[{step}]" if isinstance(step, int) else f".{step}" if where else str(step)
    got = _shown(each["input"]) if each["type"] != "missing" else None
    if each["type"] == "extra_forbidden":
        names = _keys_at(model, each["loc"][:-1])
        near = get_close_matches(str(each["loc"][-1]), names, n=1)
        hint = near[0] if near else f"one of: {', '.join(names)}"
        return {"what": "unknown key", "where": where, "got": str(each["loc"][-1]), "expected": hint}
    message = str(each["msg"])
    if each["type"] == "json_invalid":
        why = message.removeprefix("Invalid JSON: ")
        return {"what": "not JSON", "where": "the body", "got": why, "expected": "a JSON object"}
    what = "missing key" if each["type"] == "missing" else "wrong value"
    if each["type"] == "missing":
        return {"what": what, "where": where, "got": None, "expected": f"a key '{each['loc'][-1]}'"}
    expected = message.removeprefix("Input should be ").removeprefix("Input should have ").removeprefix("Value error, ")
    expected = expected.replace("String should match pattern", "text like").replace("String should have", "text of")
    return {"what": what, "where": where or "the body", "got": got, "expected": expected}


def _keys_at(model: type[BaseModel], path: Iterable[str | int]) -> list[str]:
    """Find the legal keys at a place of a model."""
    here: Any = model
    for step in path:
        if isinstance(step, str) and step in getattr(here, "model_fields", {}):
            here = _model_in(here.model_fields[step].annotation)
    return list(getattr(here, "model_fields", {}))


def _model_in(annotation: Any) -> Any:
    """Find the model inside ``X | None`` or ``list[X]``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for inner in getattr(annotation, "__args__", ()) if (found := _model_in(inner)) is not None), None)
