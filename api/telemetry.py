"""What the service tells about itself: a request id, one JSON line a request, and counts. Never a body, never a person."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import problem
from api.metrics import Registry

LOG = logging.getLogger("riskml.api")
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, event, and the fields given as ``extra={"fields": {…}}``."""

    def format(self, record: logging.LogRecord) -> str:
        """Write one line; control characters of any message are escaped by JSON."""
        line: dict[str, object] = {"at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
                                   "level": record.levelname.lower(), "event": record.getMessage()}
        line |= getattr(record, "fields", {})
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def log_as_json(level: str) -> None:
    """Send all logs of the process, uvicorn's included, to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = name != "uvicorn.access"  # our own line says more
    for noisy in ("alembic", "httpx", "git"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


class Telemetry:
    """ASGI middleware around everything: numbers, times, logs and counts each request; answers 500 if all else fails."""

    def __init__(self, app: ASGIApp, registry: Registry, clock: Callable[[], float] = time.perf_counter) -> None:
        self._app = app
        self._registry = registry
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, and tell about it afterwards."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = self._clock()
        request_id = self._request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        status = 0

        async def numbered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (b"x-request-id", request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, numbered)
        except Exception:
            LOG.exception("failed", extra={"fields": {"request_id": request_id, "path": scope["path"]}})
            if status:
                raise  # part of the answer has left: the connection must end
            answer = problem(500, detail="The service failed; its log has the request id.", instance=scope["path"],
                             request_id=request_id)
            await answer(scope, receive, numbered)
        finally:
            self._tell(scope, request_id, status, self._clock() - began)

    @staticmethod
    def _request_id(scope: Scope) -> str:
        given = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"").decode("latin-1")
        return given if _SANE_ID.fullmatch(given) else uuid4().hex

    def _tell(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "unmatched")
        method = scope["method"] if scope["method"] in _METHODS else "other"  # senders must not invent label values
        self._registry.requests.add(method, route, str(status or 499))  # 499: the caller left before the answer
        self._registry.seconds.observe(seconds, method, route)
        quiet = route in ("/healthz", "/readyz", "/metrics")
        fields = {"request_id": request_id, "method": scope["method"], "path": scope["path"], "route": route,
                  "status": status or 499, "ms": round(seconds * 1000, 2)} | scope["state"].get("log", {})
        LOG.log(logging.DEBUG if quiet else logging.INFO, "request", extra={"fields": fields})
