"""A service with a bot, served by uvicorn as in production, and the forge that it speaks on."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from api.app import application
from api.judge import ModelJudge
from api.service import Service
from api.settings import Settings
from riskml.adapters.store import ENDED, DeliveryRow, Store
from tests.forges import GitHub, Platform
from tests.riskml.parse.hooks.payloads import merge_request, pull_request

SECRET = "a secret of GitHub and of GitLab"
RISKY = b"diff --git a/pay.py b/pay.py\n--- a/pay.py\n+++ b/pay.py\n@@ -1,0 +2,150 @@\n" + b"+x = 1\n" * 150
HARMLESS = b"diff --git a/pay.py b/pay.py\n--- a/pay.py\n+++ b/pay.py\n@@ -1 +1 @@\n-x = 1\n+x = 2\n"


@dataclass
class BotWorld:
    """One forge, and services that speak on it, one after another, on one store."""

    platform: Platform
    folder: Path
    model: Path
    settings: dict[str, Any] = field(default_factory=dict)
    service: Service | None = None
    url: str = ""

    @property
    def repository(self) -> str:
        """The name of the repository on this forge."""
        return "acme/shop" if isinstance(self.platform, GitHub) else "acme/team/shop"

    @contextmanager
    def served(self, *, waits_s: tuple[float, ...] = (0.05,), pause_s: float = 0.05, clock: Callable[[], Any] | None = None,
               **more: Any) -> Iterator[BotWorld]:
        """Serve, and end as SIGTERM does."""
        (self.folder / "secret").write_text(SECRET)
        (self.folder / "token").write_text("t0k\n")
        name = "github" if isinstance(self.platform, GitHub) else "gitlab"
        ours = {"github_secret_file": self.folder / "secret", "gitlab_token_file": self.folder / "secret",
                f"{name}_api_token_file": self.folder / "token", f"{name}_api": self.platform.url, "bot_repositories": "acme/*",
                "store": f"sqlite:///{self.folder}/riskml.db", "artifact": self.model, "state": self.folder / "state"}
        settings = Settings(**(ours | self.settings | more))
        kinds = {} if clock is None else {"clock": clock}
        self.service = Service(settings, Store.open(settings.store), ModelJudge.open(settings), **kinds)
        self.service.bot.waits_s = waits_s
        self.service.bot.sleep = lambda seconds: time.sleep(min(seconds, pause_s))
        server = uvicorn.Server(uvicorn.Config(application(self.service), port=0, log_config=None, timeout_graceful_shutdown=5))
        thread = threading.Thread(target=server.run, daemon=True)
        thread.start()
        wait_for(lambda: server.started)
        self.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            server.should_exit = True
            thread.join(timeout=30)
            assert not thread.is_alive(), "the service did not end"

    def offer(self, head: str | None = None, **more: Any) -> bytes:
        """Make the delivery of a push."""
        head = head or self.platform.head
        if isinstance(self.platform, GitHub):
            return pull_request(head=head, **{"action": "synchronize", "repository": self.repository} | more)
        return merge_request(head=head, **{"action": "update", "oldrev": "c" * 40, "repository": self.repository} | more)

    def send(self, body: bytes, **headers: str) -> httpx.Response:
        """Deliver, with what the forge proves itself by."""
        if isinstance(self.platform, GitHub):
            digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
            proof, path = {"x-hub-signature-256": f"sha256={digest}", "x-github-event": "pull_request"}, "github"
        else:
            proof, path = {"x-gitlab-token": SECRET, "x-gitlab-event": "Merge Request Hook"}, "gitlab"
        return httpx.post(f"{self.url}/webhooks/{path}", content=body, timeout=20,
                          headers={"content-type": "application/json"} | proof | headers)

    def result(self, answer: httpx.Response, timeout_s: float = 40) -> DeliveryRow:
        """Wait for what came of a delivery."""
        assert answer.status_code == 202, answer.text
        id_, store = answer.json()["accepted"]["id"], self.store
        try:
            return wait_for(lambda: store.under_key(DeliveryRow, f"{ENDED}{id_}"), timeout_s)
        finally:
            store.close()

    @property
    def store(self) -> Store:
        """Open the store once more."""
        return Store.open(f"sqlite:///{self.folder}/riskml.db")

    def heads(self) -> list[str]:
        """Tell which commits the live comments speak of."""
        live = [body for body in self.platform.bodies if "riskml:v1 live" in body]
        return [json.loads(line.partition("riskml:row ")[2].removesuffix(" -->"))["sha"]
                for body in live for line in body.splitlines() if line.startswith("<!-- riskml:row ")]


def wait_for(found: Callable[[], Any], timeout_s: float = 40) -> Any:
    """Ask until there is something."""
    end = time.monotonic() + timeout_s
    while time.monotonic() < end:
        value = found()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError("nothing came of it in time")
