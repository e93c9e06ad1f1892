"""Who may ask: holders of a token, when the service was given a file of tokens."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Collection
from pathlib import Path

from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import problem
from riskml.errors import UsageError

OPEN = ("/healthz", "/readyz", "/metrics")  # for probes and scrapers, which hold no token
PROVEN_OTHERWISE = ("/webhooks/flagger/", "/webhooks/github", "/webhooks/gitlab")
"""Paths whose callers can send no token; each is checked by its route: a plan's digest, a signature, a token of its own."""
_SHORTEST = 16


def read_tokens(path: Path) -> frozenset[bytes]:
    """Read a file of tokens, one a line, empty lines and lines with ``#`` aside; returns their hashes."""
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    tokens = [line for line in lines if line and not line.startswith("#")]
    if not tokens:
        raise UsageError("no token in the file", where="RISKML_TOKEN_FILE", got=str(path), expected="one token a line")
    for number, token in enumerate(tokens, 1):
        if len(token) < _SHORTEST:
            raise UsageError("a token that can be guessed", where=f"token {number} of {path}", got=f"{len(token)} characters",
                             expected=f"at least {_SHORTEST}")
    return frozenset(hashlib.sha256(token.encode()).digest() for token in tokens)


def read_secret(path: Path | None, name: str) -> bytes | None:
    """Read a file that holds one secret; ``None`` without a file. A secret that can be guessed is refused."""
    if path is None:
        return None
    secret = path.read_text(encoding="utf-8").strip().encode()
    if len(secret) < _SHORTEST:
        raise UsageError("a secret that can be guessed", where=name, got=f"{len(secret)} bytes in {path}",
                         expected=f"at least {_SHORTEST}")
    return secret


def signed(secret: bytes, body: bytes, signature: str) -> bool:
    """Whether a signature as GitHub sends it (``sha256=`` and the HMAC in hex) is that of a body."""
    made = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(made.encode(), signature.encode())


def told_secret(secret: bytes, given: str) -> bool:
    """Whether a secret that was sent is the one that was agreed on; the time tells nothing about it."""
    return hmac.compare_digest(hashlib.sha256(secret).digest(), hashlib.sha256(given.encode()).digest())


class Access:
    """ASGI middleware that answers 401 unless a token comes as ``Bearer``, or, from browsers, as the password of ``Basic``."""

    def __init__(self, app: ASGIApp, tokens: Collection[bytes]) -> None:
        self._app = app
        self._tokens = tokens

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through if its sender may ask."""
        free = scope["type"] != "http" or scope["path"] in OPEN or scope["path"].startswith(PROVEN_OTHERWISE)
        if free or self._known(_token(scope)):
            await self._app(scope, receive, send)
            return
        answer = problem(401, detail="A token is needed: Authorization: Bearer TOKEN.", instance=scope["path"],
                         headers={"WWW-Authenticate": 'Bearer realm="riskml", Basic realm="riskml"', "Connection": "close"})
        await answer(scope, receive, send)

    def _known(self, token: bytes) -> bool:
        digest = hashlib.sha256(token).digest()
        return sum(hmac.compare_digest(digest, each) for each in self._tokens) > 0  # compares all: the time tells nothing


def _token(scope: Scope) -> bytes:
    header = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
    scheme, _, rest = header.partition(b" ")
    if scheme.lower() == b"bearer":
        return bytes(rest.strip())
    if scheme.lower() == b"basic":
        try:
            return base64.b64decode(rest.strip(), validate=True).partition(b":")[2]
        except (binascii.Error, ValueError):
            return b""
    return b""
