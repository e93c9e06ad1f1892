"""Locust runs the rendered load test and its exit code is the verdict."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from time import sleep

import pytest

from riskml.render.locust import locustfile
from riskml.validation import Criterion, LoadTest, Validation

pytestmark = pytest.mark.skipif(find_spec("locust") is None, reason="locust is not installed")
ERRORS, P95 = Criterion("error_rate", "<", 20.0, "percent"), Criterion("latency_p95", "<", 800.0, "milliseconds")


class Answers(BaseHTTPRequestHandler):
    """A service of three paths: one answers, one fails, one is slow."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        """Answer by the path."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/slow":
            sleep(1)
        self.send_response(500 if self.path == "/broken" else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def host() -> Iterator[str]:
    """Serve on a free port of the loopback."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def load(tmp_path: Path) -> Callable[[str, str], tuple[int, str]]:
    """Run the load test of a path for a few seconds; returns the exit code and what was said."""

    def run(path: str, host: str) -> tuple[int, str]:
        test = LoadTest(3, 3.0, 3, path, "POST", '{"cart": "é"}')
        file = tmp_path / "locustfile.py"
        file.write_text(locustfile(Validation("new-checkout", path, (ERRORS, P95), test)))
        command = [sys.executable, "-m", "locust", "-f", str(file), "--headless", "--host", host]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, cwd=tmp_path, check=False)
        return done.returncode, done.stderr

    return run


def test_a_healthy_service_passes(host: str, load: Callable[[str, str], tuple[int, str]]) -> None:
    """Exit code 0, after as long as was written."""
    code, said = load("/api/checkout", host)
    assert code == 0, said


@pytest.mark.parametrize(("path", "what"), [("/broken", "error_rate is 100, must be < 20"), ("/slow", "latency_p95 is 1")])
def test_a_failed_limit_fails_the_run(path: str, what: str, host: str, load: Callable[[str, str], tuple[int, str]]) -> None:
    """Exit code 1, and the limit with its value."""
    code, said = load(path, host)
    assert (code, f"'new-checkout': {what}" in said) == (1, True), said


def test_a_service_that_is_away_fails_the_run(load: Callable[[str, str], tuple[int, str]]) -> None:
    """No answer is no success."""
    assert load("/api/checkout", "http://127.0.0.1:9")[0] == 1
