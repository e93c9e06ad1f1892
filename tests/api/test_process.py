"""The service as a process: killed, stopped, started wrongly. Nothing that was answered is lost."""

import http.client
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from riskml.adapters.store import Store

ROOT = Path(__file__).resolve().parents[2]
BODY = json.dumps({"repository": "acme/shop", "features": {"la": 120.0, "nuc": 3.0}}).encode()


def environ(tmp_path: Path, **more: str) -> dict[str, str]:
    """Give the environment of a service with a store and a model of its own."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("RISKML_")}
    return clean | {"RISKML_STORE": f"sqlite:///{tmp_path}/riskml.db", "RISKML_ARTIFACT": str(tmp_path / "model")} | more


@contextmanager
def service(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """Start a service on a free port; give its process and its port."""
    process = subprocess.Popen([sys.executable, "-m", "api", "--port", "0"], cwd=ROOT, env=environ(tmp_path), text=True,
                               stderr=subprocess.PIPE)
    assert process.stderr is not None
    try:
        port = 0
        for line in process.stderr:
            if found := re.search(r"http://127\.0\.0\.1:(\d+)", line):
                port = int(found[1])
                break
        assert port, "the service did not start"
        threading.Thread(target=process.stderr.read, daemon=True).start()  # nobody must wait for a full pipe
        yield process, port
    finally:
        process.kill()
        process.wait()


def ask(port: int, acknowledged: list[str], failed: list[object]) -> None:
    """Send requests on one connection until the service is gone; note each answer that arrived whole."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        while True:
            connection.request("POST", "/predict", BODY, {"content-type": "application/json"})
            answer = connection.getresponse()
            body = answer.read()
            if answer.status == 200:
                acknowledged.append(json.loads(body)["id"])
            else:
                failed.append(answer.status)
            if answer.getheader("connection") == "close":
                return
    except (OSError, http.client.HTTPException) as error:
        failed.append(error)


def under_load(tmp_path: Path, end: signal.Signals) -> tuple[list[str], list[object], int]:
    """Load a service with eight connections, end it with a signal; give what was acknowledged, what failed, the exit code."""
    acknowledged: list[str] = []
    failed: list[object] = []
    with service(tmp_path) as (process, port):
        threads = [threading.Thread(target=ask, args=(port, acknowledged, failed)) for _ in range(8)]
        for thread in threads:
            thread.start()
        deadline = time.monotonic() + 30
        while len(acknowledged) < 100 and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(end)
        for thread in threads:
            thread.join()
        code = process.wait(timeout=40)
    return acknowledged, failed, code


def kept(tmp_path: Path) -> set[str]:
    """List the assessments in the store."""
    return {row[0] for row in sqlite3.connect(tmp_path / "riskml.db").execute("SELECT id FROM assessments")}


def test_every_acknowledged_assessment_survives_a_kill(tmp_path: Path, model: Path):
    """Killed without warning under load: what was answered is in the store, with its plan, and the audit chain holds."""
    assert model == tmp_path / "model"
    acknowledged, _, code = under_load(tmp_path, signal.SIGKILL)
    assert code == -signal.SIGKILL
    assert len(acknowledged) >= 100
    assert set(acknowledged) <= kept(tmp_path)
    store = Store.open(f"sqlite:///{tmp_path}/riskml.db")
    assert all(store.plan_of(id_) for id_ in acknowledged)
    assert store.verify_audit().ok
    store.close()


def test_a_stop_answers_what_it_has_taken(tmp_path: Path, model: Path):
    """Told to stop, the service ends by itself, and no request that it took is answered with an error."""
    assert model == tmp_path / "model"
    acknowledged, failed, code = under_load(tmp_path, signal.SIGTERM)
    assert code in (0, -signal.SIGTERM)
    assert set(acknowledged) == kept(tmp_path)
    assert [f for f in failed if isinstance(f, int)] == []


@pytest.mark.parametrize(("changes", "code", "words"), [
    ({"RISKML_STOER": "x"}, 2, "RISKML_STORE"),
    ({"RISKML_BODY_MIB": "many"}, 2, "RISKML_BODY_MIB"),
    ({"RISKML_STORE": "sqlite:////dev/null/riskml.db"}, 5, "/dev/null/riskml.db"),
    ({"RISKML_ARTIFACT": "/"}, 4, "manifest.json"),
    ({"RISKML_REPOSITORIES": "shop=/nowhere/at/all"}, 2, "/nowhere/at/all"),
])
def test_a_wrong_start_says_why_in_one_line(tmp_path: Path, model: Path, changes: dict[str, str], code: int, words: str):
    """No traceback: the setting or the place, what was got, what would be right."""
    assert model == tmp_path / "model"
    done = subprocess.run([sys.executable, "-m", "api"], cwd=ROOT, env=environ(tmp_path, **changes), capture_output=True,
                          text=True, timeout=60, check=False)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
