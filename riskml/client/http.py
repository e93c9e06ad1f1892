"""Asks a riskml service, and behaves when it is slow, busy, away or wrong.

Every call ends, within ``deadline_s``, in an answer, in the refusal that the service put into words (of the class that the
library itself would have raised), or in ``ServiceUnavailable``. Only what is safe to send twice is sent twice: reads, and
writes that carry an idempotency key, which this client adds where the caller gave none.
"""

from __future__ import annotations

import json
import random
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import quote, urlsplit

import httpx

from riskml.client.backoff import Backoff, retry_after
from riskml.client.breaker import CircuitBreaker
from riskml.client.problem import refusal_of
from riskml.errors import RiskmlError, ServiceUnavailable, UsageError

NOT_NOW = (429, 502, 503, 504)
"""Statuses after which the same request may succeed later."""


@dataclass(frozen=True, slots=True)
class ReportFile:
    """A report to send along: ``kind`` is ``junit`` or ``coverage``, ``name`` is shown in refusals."""

    kind: str
    name: str
    data: bytes


class RiskClient:
    """A riskml service at ``url``. Use as a context manager, or call ``close``.

    ``timeout_s`` bounds one attempt and ``deadline_s`` the whole call, its waiting included; ``retries`` is how often an
    attempt may be repeated. All calls share the breaker. The clocks, the sleep and the randomness can be replaced.
    """

    def __init__(
        self, url: str, *, token: str | None = None, timeout_s: float = 30.0, deadline_s: float = 90.0, retries: int = 3,
        backoff: Backoff | None = None, breaker: CircuitBreaker | None = None, clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time, sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random, transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._url = _checked(url)
        self._timeout_s, self._deadline_s, self._retries = timeout_s, deadline_s, retries
        self._backoff = backoff or Backoff()
        self.breaker = breaker or CircuitBreaker(clock=clock)
        self._clock, self._wall_clock, self._sleep, self._chance = clock, wall_clock, sleep, chance
        headers = {"accept": "application/json", "user-agent": "riskml-client"}
        if token is not None:
            headers["authorization"] = f"Bearer {token}"
        self._http = httpx.Client(headers=headers, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def predict(self, request: Mapping[str, Any], reports: Sequence[ReportFile] = ()) -> dict[str, Any]:
        """Assess one change; ``request`` and the answer are those of ``POST /predict``."""
        body = _keyed(request)
        if not reports:
            return self._json("POST", "/predict", json=body)
        parts: list[tuple[str, tuple[str | None, bytes, str]]]
        parts = [("request", (None, json.dumps(body).encode(), "application/json"))]
        parts += [(r.kind, (r.name, r.data, "application/octet-stream")) for r in reports]
        return self._json("POST", "/predict", files=parts)

    def predict_batch(self, requests: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        """Assess many changes; each entry has ``status`` and an ``assessment`` or a ``problem``, in the requests' order."""
        answer = self._json("POST", "/predict/batch", json={"items": [_keyed(r) for r in requests]})
        items: list[dict[str, Any]] = answer["items"]
        return items

    def assessment(self, id_: str) -> dict[str, Any]:
        """Fetch one assessment."""
        return self._json("GET", f"/assessments/{quote(id_, safe='')}")

    def assessments(self, *, repository: str | None = None, since: str | None = None,
                    page: int = 100) -> Iterator[dict[str, Any]]:
        """Walk over assessments, newest first, fetching ``page`` of them at a time. ``since`` is RFC 3339 with its zone."""
        query = {"repository": repository, "since": since, "limit": str(page)}
        while True:
            found = self._json("GET", "/assessments", params={k: v for k, v in query.items() if v is not None})
            yield from found["items"]
            if found["next"] is None:
                return
            query["cursor"] = found["next"]

    def plan(self, id_: str) -> dict[str, Any]:
        """Fetch a whole plan."""
        return self._json("GET", f"/plans/{quote(id_, safe='')}")

    def render(self, id_: str, target: str, **options: str) -> str:
        """Fetch a plan in the words of a deploy tool; ``RenderRefused`` if the tool cannot express it."""
        return self._ask("GET", f"/plans/{quote(id_, safe='')}/render", params={"target": target, **options}).text

    def verdict(self, plan_id: str, stage: str | None = None) -> dict[str, Any]:
        """Ask for the verdict on a stage, ``None`` being the one in force."""
        query = {} if stage is None else {"stage": stage}
        return self._json("GET", f"/plans/{quote(plan_id, safe='')}/verdict", params=query)

    def observe(self, plan_id: str, observations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Tell what was measured; the same windows again change nothing."""
        return self._json("POST", f"/plans/{quote(plan_id, safe='')}/observations", json={"observations": list(observations)})

    def outcome(self, outcome: Mapping[str, Any]) -> dict[str, Any]:
        """Tell what happened to a change, as ``POST /outcomes`` takes it."""
        return self._json("POST", "/outcomes", json=_keyed(outcome))

    def model(self) -> dict[str, Any]:
        """Ask which model answers."""
        return self._json("GET", "/model")

    def _json(self, method: str, path: str, **content: Any) -> dict[str, Any]:
        answer = self._ask(method, path, **content)
        try:
            document = answer.json()
        except ValueError:
            document = None
        if not isinstance(document, dict):
            raise ServiceUnavailable("the answer is not that of a riskml service", where=f"{method} {self._url}{path}",
                                     got=answer.text[:100], expected="a JSON object; is something else at this address?")
        return document

    def _ask(self, method: str, path: str, **content: Any) -> httpx.Response:
        """Send until there is an answer, the retries are used up, or the time is."""
        where = f"{method} {self._url}{path}"
        end = self._clock() + self._deadline_s
        for attempt in range(self._retries + 1):
            if not self.breaker.allow():
                raise ServiceUnavailable("the service failed too often just now", where=where, got="an open circuit breaker",
                                         expected=f"another try in {self.breaker.retry_after_s:.0f} s")
            answer = self._attempt(method, path, content, end)
            if isinstance(answer, httpx.Response) and answer.status_code < 300:
                return answer
            refusal, asked_s = self._reading(answer, where)
            again = isinstance(answer, httpx.RequestError) or answer.status_code in NOT_NOW
            wait_s = self._backoff.wait_s(attempt, self._chance(), asked_s)
            if not again or attempt == self._retries or self._clock() + wait_s >= end:
                raise refusal
            self._sleep(wait_s)
        raise AssertionError("the last attempt returns or raises")

    def _attempt(self, method: str, path: str, content: Mapping[str, Any],
                 end: float) -> httpx.Response | httpx.RequestError:
        """Send once, and tell the breaker how it went: a 4xx is our own mistake, not the service's."""
        left = max(0.001, min(self._timeout_s, end - self._clock()))
        stop = self._clock() + left
        failed = True
        try:
            limits = httpx.Timeout(left, connect=min(left, 10.0))
            with self._http.stream(method, self._url + path, timeout=limits, **content) as answer:
                body = bytearray()
                for chunk in answer.iter_bytes():
                    body += chunk
                    if self._clock() > stop:  # a timeout of httpx bounds each read, not all of them together
                        raise httpx.ReadTimeout(f"the answer was not complete after {left:g} s")
                failed = answer.status_code >= 500
                return httpx.Response(answer.status_code, headers=_plain(answer.headers), content=bytes(body))
        except httpx.RequestError as error:
            return error
        finally:
            self.breaker.record(failed=failed)

    def _reading(self, answer: httpx.Response | httpx.RequestError, where: str) -> tuple[RiskmlError, float | None]:
        """Say what an attempt without success means, and how long the service asks to wait."""
        if isinstance(answer, httpx.Response):
            refusal = refusal_of(answer.status_code, answer.headers, answer.content, where)
            return refusal, retry_after(answer.headers, self._wall_clock)
        trouble = str(answer) or type(answer).__name__
        expected = f"an answer within {self._timeout_s:g} s; is the address right, and the service up?"
        return ServiceUnavailable("the service did not answer", where=where, got=trouble, expected=expected), None


def _plain(headers: httpx.Headers) -> dict[str, str]:
    """Leave out what describes the body as it travelled: it is decoded already."""
    return {k: v for k, v in headers.items() if k not in ("content-encoding", "content-length", "transfer-encoding")}


def _keyed(body: Mapping[str, Any]) -> dict[str, Any]:
    """Give the body a key, so that sending it again cannot store it twice."""
    return {"idempotency_key": uuid.uuid4().hex, **body}


def _checked(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise UsageError("not the address of a service", where="server", got=url, expected="http://HOST or https://HOST")
    if parts.query or parts.fragment or parts.username:
        raise UsageError("too much in the address of a service", where="server", got=parts.hostname,
                         expected="scheme, host, port and path alone; a token is given apart")
    return url.rstrip("/")
