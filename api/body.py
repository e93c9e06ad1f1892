"""The limit on request bodies, enforced while they arrive: no byte beyond it is kept."""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import refusal
from riskml.errors import TooLarge


class BodyLimit:
    """ASGI middleware that refuses bodies of more than ``limit`` bytes, whether their length was announced or not."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, counting its bytes."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        announced = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
        if announced.isdigit() and int(announced) > self._limit:
            await refusal(self._error(int(announced)), scope["path"])(scope, receive, send)
            return
        received = 0

        async def counted() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self._limit:
                raise self._error(received)
            return message

        await self._app(scope, counted, send)

    def _error(self, size: int) -> TooLarge:
        return TooLarge("the body is too large", where="the body", got=f"{size} bytes or more",
                        expected=f"at most {self._limit} bytes (RISKML_BODY_MIB)")
