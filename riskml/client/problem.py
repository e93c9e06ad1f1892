"""A refusal of the service, turned back into the refusal of the library that it was made from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from riskml.errors import RenderRefused, RiskmlError, ServiceUnavailable, UsageError

PREFIX = "urn:riskml:problem:"


def refusal_of(status: int, headers: Mapping[str, str], body: bytes, where: str) -> RiskmlError:
    """Make the error for an answer that is none, in the service's own words where it has any.

    What it cannot do now (5xx, 429) is ``ServiceUnavailable``; what it will not do is of the class that the problem names, or,
    if this version of riskml does not know that class, a ``UsageError``.
    """
    problem = _problem(headers, body)
    detail = str(problem.get("detail") or body[:200].decode("utf-8", "replace"))
    if status >= 500 or status == 429:
        return ServiceUnavailable("the service cannot answer now", where=where, got=f"{status} {detail}".strip())
    if status in (401, 403):
        return UsageError("the service does not let us in", where=where, got=status, expected="a token that it knows")
    if 300 <= status < 400:
        return UsageError("the service is elsewhere", where=where, got=headers.get("location"), expected="its own address")
    kind = next((k for k in _tree(RiskmlError) if _type(k) == problem.get("type")), None)
    if kind is None:
        return UsageError("the service refused", where=where, got=f"{status} {detail}".strip())
    refusal = _made(kind, problem)
    refusal.args = (detail,)  # word for word, rather than put together again
    return refusal


def _made(kind: type[RiskmlError], problem: Mapping[str, Any]) -> RiskmlError:
    title = str(problem.get("title") or "")
    parts = {name: problem[name] for name in ("where", "got", "expected") if name in problem}
    if issubclass(kind, RenderRefused):
        parts.pop("expected", None)  # made from ``nearest``
        return kind(title, reason=str(problem.get("reason")), target=str(problem.get("target")), nearest=problem.get("nearest"),
                    **parts)
    return kind(title, **parts)


def _tree(kind: type[RiskmlError]) -> Iterator[type[RiskmlError]]:
    yield kind
    for child in kind.__subclasses__():
        yield from _tree(child)


def _type(kind: type[RiskmlError]) -> str:
    return PREFIX + kind.__new__(kind).code


def _problem(headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    if "json" not in headers.get("content-type", ""):
        return {}
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
