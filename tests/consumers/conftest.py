"""For real consumers of rendered texts: two tiny versions of a service, a load generator, programs to start and stop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from riskml.plan import Audience, Match, Plan, from_json

PLANS = Path(__file__).parents[1] / "golden" / "plans"
CONNECTIONS = 32


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class _Answering(asyncio.Protocol):
    """Answers every request of a keep-alive connection with the version's name, and counts it."""

    def __init__(self, version: bytes, counted: Counter[bytes]) -> None:
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(version), version)
        self.version, self.counted, self.rest = version, counted, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the connection."""
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer as many requests as are complete; they have no bodies."""
        *requests, self.rest = (self.rest + data).split(b"\r\n\r\n")
        self.counted[self.version] += len(requests)
        self.transport.write(self.answer * len(requests))


class Versions:
    """Both versions of a service, in a thread of their own; ``counted`` tells how many requests reached each."""

    def __init__(self) -> None:
        self.counted: Counter[bytes] = Counter()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.stable, self.canary = self._serve(b"stable"), self._serve(b"canary")

    def _serve(self, version: bytes) -> str:
        async def start() -> int:
            server = await self.loop.create_server(lambda: _Answering(version, self.counted), "127.0.0.1", 0)
            return server.sockets[0].getsockname()[1]

        return f"127.0.0.1:{asyncio.run_coroutine_threadsafe(start(), self.loop).result(5)}"

    def close(self) -> None:
        """Stop the thread."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)


@pytest.fixture
def versions() -> Iterator[Versions]:
    """Start both versions."""
    made = Versions()
    yield made
    made.close()


def ask(address: str, count: int, header: str = "") -> Counter[str]:
    """Send requests over keep-alive connections and count which version answered; anything else counts as ``failed``."""
    host, _, port = address.rpartition(":")
    request = f"GET / HTTP/1.1\r\nHost: product\r\n{header}{chr(13) + chr(10) if header else ''}\r\n".encode()
    seen: Counter[str] = Counter()

    async def worker(share: int) -> None:
        """Send one connection's share, one request after the other."""
        reader, writer = await asyncio.open_connection(host, int(port))
        for _ in range(share):
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = next((int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)
            body = await reader.readexactly(length)
            good = head.split(b" ", 2)[1] == b"200" and body in (b"stable", b"canary")
            seen[body.decode() if good else "failed"] += 1
        writer.close()

    async def everyone() -> None:
        """Run all connections."""
        await asyncio.gather(*(worker(count // CONNECTIONS + (i < count % CONNECTIONS)) for i in range(CONNECTIONS)))

    asyncio.run(everyone())
    return seen


def wait_for(ready: Callable[[], bool], what: str, seconds: float = 15.0) -> None:
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            if ready():
                return
        time.sleep(0.05)
    raise AssertionError(f"{what}: not within {seconds} s")


def listening(address: str) -> bool:
    """Return whether somebody answers at an address."""
    host, _, port = address.rpartition(":")
    with contextlib.closing(socket.create_connection((host, int(port)), 1)):
        return True


def program(name: str, *others: str) -> str:
    """Return the path of an installed program; without it the test is skipped, or fails where everything must be installed."""
    for candidate in (name, *others):
        found = shutil.which(candidate) or shutil.which(candidate, path=str(Path(sys.executable).parent))
        if found:
            return found
    if os.environ.get("RISKML_REQUIRE_TOOLS"):
        raise AssertionError(f"{name} is not installed, and every tool is required here")
    pytest.skip(f"{name} is not installed")


@pytest.fixture
def started(tmp_path) -> Iterator[Callable[..., subprocess.Popen]]:
    """Start programs in the test's folder; they are stopped at its end."""
    running: list[subprocess.Popen] = []

    def start(*command: str) -> subprocess.Popen:
        log = (tmp_path / f"{Path(command[0]).name}.log").open("wb")
        running.append(subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=subprocess.STDOUT))
        return running[-1]

    yield start
    for process in running:
        process.terminate()
    for process in running:
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def plan_named(name: str) -> Plan:
    """Read one of the sample plans."""
    return from_json(json.loads((PLANS / f"{name}.json").read_text()))


TRICKY = [  # (how a header is compared, with what, a value that fits, one that does not)
    ("exact", 'a"b', 'a"b', "ab"), ("exact", "a\\b", "a\\b", "ab"), ("exact", "$http_host", "$http_host", "product"),
    ("exact", "a b;c{d}", "a b;c{d}", "a b"), ("exact", "^.*$", "^.*$", "anything"), ("exact", "x'y#z", "x'y#z", "x"),
    ("prefix", "in+", "in+side", "inside"), ("suffix", "@corp.test", "me@corp.test", "me@corp-test"),
    ("regex", "ins(ide|ider)", "insider", "insiders"), ("regex", "\\d{2}|x", "42", "421"),
]

COOKIES = [t for t in TRICKY if t[0] != "regex" and not set(t[1]) & set('",;\\ ')]


def told(match: Match) -> Plan:
    """Return the plan whose first stage is for whoever fits one condition."""
    plan = plan_named("canary-internal")
    first = replace(plan.stages[0], audience=Audience("internal", (match,)))
    return replace(plan, stages=(first, *plan.stages[1:]))


def about(count: int, asked: float, of: int) -> bool:
    """Return whether a random split is within four standard errors of what was asked."""
    return abs(count - asked * of) <= 4 * (of * asked * (1 - asked)) ** 0.5
