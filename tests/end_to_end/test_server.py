"""``riskml predict --server``: features are computed here, the service judges them, and its refusals are told as they are."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def server(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Run the real service, with the small model, and give its address."""
    folder = tmp_path_factory.mktemp("service")
    clean = {key: value for key, value in os.environ.items() if not key.startswith("RISKML_")}
    env = clean | {"RISKML_STORE": f"sqlite:///{folder}/riskml.db", "RISKML_ARTIFACT": str(model), "RISKML_BODY_MIB": "1",
                   "XDG_CACHE_HOME": str(folder / "cache")}
    with subprocess.Popen([sys.executable, "-m", "api", "--port", "0"], cwd=ROOT, env=env, text=True,
                          stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        try:
            said: list[str] = []
            found = None
            while found is None and (line := process.stderr.readline()):
                said.append(line)
                found = re.search(r"http://127\.0\.0\.1:\d+", line)
            assert found, f"the service did not start: {said}"
            threading.Thread(target=process.stderr.read, daemon=True).start()  # nobody must wait for a full pipe
            yield found[0]
        finally:
            process.kill()


@pytest.fixture
def answering() -> Iterator[Callable[..., str]]:
    """Give a function that starts something else at an address: it answers every request alike."""
    running: list[HTTPServer] = []

    def start(status: int, body: bytes, kind: str = "application/json") -> str:
        class Answer(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        httpd = HTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        running.append(httpd)
        return f"http://127.0.0.1:{httpd.server_address[1]}"

    yield start
    for httpd in running:
        httpd.shutdown()
        httpd.server_close()


def test_the_service_answers_what_the_command_would(riskml, judged, shop, server):
    """One model, one change, one answer; the service stored it."""
    asked = riskml("predict", shop.path, "--server", server, "--format", "json")
    here = judged("predict", shop.path, "--format", "json").json

    assert (asked.code, asked.err) == (0, "")
    for key in ("probability", "score", "band", "strategy", "base", "head", "repository", "model", "policy"):
        assert asked.json[key] == here[key], key
    assert [(r["feature"], r["value"], r["contribution"]) for r in asked.json["reasons"]] == [
        (r["feature"], r["value"], r["contribution"]) for r in here["reasons"]]


@pytest.mark.parametrize("shape", ["text", "markdown", "html", "sarif", "junit"])
def test_its_answer_has_every_format(riskml, shop, server, shape):
    """What is shown rests on the wire alone."""
    ran = riskml("predict", shop.path, "--server", server, "--format", shape)

    assert (ran.code, ran.err) == (0, "")
    assert "small" in ran.out


def test_failed_tests_hold_there_as_here(riskml, shop, server, tmp_path):
    """The reports are read here, and what they say is part of what is sent."""
    report = tmp_path / "report.xml"
    report.write_text('<testsuite name="s"><testcase name="a"><failure/></testcase></testsuite>')
    ran = riskml("predict", shop.path, "--server", server, "--junit", report, "--fail-on", "block", "--format", "json")

    assert ran.code == 20
    assert ran.json["plan"]["hold"] == ["tests failed"]


def test_what_the_service_cannot_know_is_told_here(riskml, shop, server, tmp_path):
    """That the tree is dirty, and what a report could not tell, are notices of the command."""
    shop.write("new.py", "x = 1\n")
    shop.write("new.bin", f"version https://git-lfs.github.com/spec/v1\noid sha256:{'a' * 64}\nsize 9\n")
    report = tmp_path / "lcov.info"
    report.write_text("SF:/elsewhere/none.py\nDA:1,1\nend_of_record\n")
    ran = riskml("predict", shop.path, "--server", server, "--coverage", report, "--format", "json")

    assert ran.code == 0
    assert ran.json["head"] is None
    assert ran.err == ("riskml: scored as it lies in the working tree, not committed yet\n"
                       "riskml: what lies behind the Git LFS pointer new.bin was not read: what changed there is unknown, "
                       "and not scored\n"
                       "riskml: coverage of 1 file not in the repository: /elsewhere/none.py\n")


def test_the_service_description_is_sent_along(riskml, shop, server, tmp_path):
    """The score is taken for the service that is named here."""
    file = tmp_path / "service.json"
    file.write_text('{"name": "checkout", "impact": 0.5}')
    ran = riskml("predict", shop.path, "--server", server, "--service", file, "--format", "json")

    assert ran.json["score"] == pytest.approx(ran.json["probability"] / 2)


def test_a_repository_can_have_another_name_there(riskml, shop, server):
    """``--repository-key`` wins over the origin."""
    ran = riskml("predict", shop.path, "--server", server, "--repository-key", "acme/shop", "--format", "json")

    assert ran.json["repository"] == "acme/shop"


def test_neither_the_diff_nor_a_name_leaves_the_machine(riskml, shop):
    """What is sent are numbers: no line of code, no author, no path, no message."""
    sent: list[bytes] = []

    class Keep(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    httpd = HTTPServer(("127.0.0.1", 0), Keep)
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    riskml("predict", shop.path, "--server", f"http://127.0.0.1:{httpd.server_address[1]}")
    httpd.shutdown()
    httpd.server_close()

    (body,) = sent
    for word in (b"charge", b"Ada", b"Grace", b"example.org", b"billing"):
        assert word not in body
    assert set(json.loads(body)) == {"repository", "base", "head", "features", "idempotency_key"}


@pytest.mark.parametrize(("choice", "code"), [("pass", 0), ("warn", 30), ("fail", 3)])
def test_a_service_that_is_away(riskml, shop, choice, code):
    """The user says what then; nothing is scored in its place, and that is said."""
    ran = riskml("predict", shop.path, "--server", "http://127.0.0.1:9", "--timeout", "0.5", "--on-unavailable", choice)

    assert (ran.code, ran.out) == (code, "")
    assert "the service did not answer at POST http://127.0.0.1:9/predict" in ran.err
    assert ("nothing was scored" in ran.err) == (choice != "fail")


@pytest.mark.parametrize(("status", "body", "kind", "words"), [
    (200, b"<html>hello</html>", "text/html", ("not that of a riskml service",)),
    (200, b"{}", "application/json", ("not that of a riskml service",)),
    (200, b"[1]", "application/json", ("not that of a riskml service",)),
    (200, b'{"id": "x", "band": "high"}', "application/json", ("not that of a riskml service",)),
    (500, b"oops", "text/plain", ("the service cannot answer now", "500 oops")),
])
def test_something_else_at_the_address(riskml, shop, answering, status, body, kind, words):
    """A proxy's page or another program is not taken for an answer: exit code 3."""
    ran = riskml("predict", shop.path, "--server", answering(status, body, kind), "--timeout", "1")

    assert (ran.code, ran.out, ran.err.count("\n")) == (3, "", 1)
    assert all(word in ran.err for word in words)


def test_a_token_that_the_service_does_not_know(riskml, shop, answering):
    """A wrong token is the caller's mistake, and no reason to pass: exit code 2 whatever ``--on-unavailable`` says."""
    ran = riskml("predict", shop.path, "--server", answering(401, b"{}"), "--on-unavailable", "pass")

    assert ran.code == 2
    assert "a token that it knows" in ran.err


@pytest.mark.parametrize(("args", "words"), [
    (("--server", "ftp://x"), ("ftp://x", "https://HOST")),
    (("--server", "x"), ("'x'",)),
    (("--server", "http://u:secret@x"), ("a token is given apart",)),
    (("--server", "http://x", "--timeout", "0"), ("--timeout", "more than 0")),
    (("--server", "http://x", "--timeout", "nan"), ("--timeout",)),
    (("--server", "http://x", "--policy", "p.yaml"), ("--policy has no effect",)),
    (("--server", "http://x", "--artifact", "m"), ("--artifact has no effect",)),
])
def test_options_that_a_service_cannot_heed(riskml, shop, args, words):
    """Refused before anything is computed or sent; a password is not repeated."""
    ran = riskml("predict", shop.path, *args)

    assert (ran.code, ran.out) == (2, "")
    assert all(word in ran.err for word in words)
    assert "secret" not in ran.err


BAD_FEATURES: list[tuple[dict[str, Any], str]] = [
    ({"laa": 1.0}, "laa"), ({"la": "many"}, "la"), ({"la": -1.0}, "la"), ({"la": True}, "la"), ({"la": [1]}, "la"),
]


@pytest.mark.parametrize(("features", "word"), BAD_FEATURES)
def test_the_service_refuses_features_by_name(server, features, word):
    """Unknown, of the wrong type, out of range: 422, or 400, as a problem that names the feature."""
    import httpx

    answer = httpx.post(f"{server}/predict", json={"repository": "acme/shop", "features": features})

    assert answer.status_code == 422
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert word in answer.json()["where"] or word in answer.json()["detail"]


def test_the_service_refuses_a_body_that_is_too_large(server):
    """413, and it says how much is allowed."""
    import httpx

    answer = httpx.post(f"{server}/predict", json={"repository": "acme/shop", "diff": "x" * 2_000_000})

    assert answer.status_code == 413
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert "1048576" in answer.text or "1 MiB" in answer.text


def test_features_can_be_sent_by_hand(riskml, shop, server):
    """What ``riskml features`` prints is what ``POST /predict`` takes."""
    import httpx

    printed = riskml("features", shop.path).json
    answer = httpx.post(f"{server}/predict", json=printed)

    assert answer.status_code == 200, answer.text
    assert answer.json()["head"] == printed["head"]
