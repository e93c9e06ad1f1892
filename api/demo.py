"""``make demo``: start the service, score this checkout's last change with its test report, show the answer, stop."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import httpx

from riskml.adapters.git import GitRepository
from riskml.counted import counted
from riskml.errors import ServiceUnavailable
from riskml.plan import from_json
from riskml.render import render, show

ROOT = Path(__file__).resolve().parents[1]
TESTS = ("tests/riskml/test_message.py", "tests/riskml/test_plan.py", "tests/riskml/policy")
"""What runs for the report: a few seconds of the real tests."""

START_S = 30.0
STOP_S = 15.0


def main() -> int:
    """Run the demonstration. Returns 0 when every step worked."""
    started = time.monotonic()
    key = GitRepository.open(ROOT).key
    with tempfile.TemporaryDirectory(prefix="riskml-demo-") as scratch:
        report = Path(scratch) / "junit.xml"
        say(f"Running {len(TESTS)} parts of this project's tests for a JUnit report")
        run_tests(report)
        with service(key, Path(scratch)) as url:
            say(f"Asking {url}/predict about the last change of this checkout")
            answer = predict(url, key, report)
            print(show(answer, "text"))
            say(f"Its plan, as {'Kubernetes' if answer['strategy'] == 'rolling' else 'Argo Rollouts'} reads it")
            print(rendered(url, str(answer["plan"]["plan_id"])))
            page = f"{url}/assessments/{answer['id']}/page"
            httpx.get(page, timeout=10).raise_for_status()
            say(f"Its page: {page} (answered; `make serve` keeps a service running)")
    say(f"The service has stopped; {time.monotonic() - started:.1f} s in all")
    return 0


def run_tests(report: Path) -> None:
    """Run some tests; a failing one is part of the report, not the end of the demonstration."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={report}", *TESTS]
    subprocess.run(command, cwd=ROOT, check=False, stdout=subprocess.DEVNULL)
    if not report.exists():
        raise ServiceUnavailable("the tests wrote no report", where=" ".join(command), expected=str(report))


@contextmanager
def service(key: str, scratch: Path) -> Iterator[str]:
    """Run the service on a free port with its embedded defaults and a store of its own; yields its address."""
    settings = {
        "RISKML_STORE": f"sqlite:///{scratch / 'riskml.db'}", "RISKML_STATE": str(scratch / "state"),
        "RISKML_REPOSITORIES": f"{key}={ROOT}",
    }
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RISKML_")} | settings
    with (scratch / "service.log").open("w+", encoding="utf-8") as log:
        command = [sys.executable, "-m", "api", "--port", "0"]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            yield address(process, log)
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def address(process: subprocess.Popen[bytes], log: IO[str]) -> str:
    """Wait until the service is ready, and return where it listens."""
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline and process.poll() is None:
        log.seek(0)
        found = re.search(r"http://127\.0\.0\.1:\d+", log.read())
        if found:
            try:
                if httpx.get(f"{found[0]}/readyz", timeout=2).status_code == 200:
                    return found[0]
            except httpx.TransportError:
                pass  # it listens, but does not answer yet
        time.sleep(0.1)
    log.seek(0)
    raise ServiceUnavailable("the service did not become ready", where="python -m api", got=log.read()[-2000:],
                             expected=f"an answer within {START_S:.0f} s")


def predict(url: str, key: str, report: Path) -> dict[str, Any]:
    """Ask about the checkout's last change, with its test report; refused or unanswered raises."""
    request = json.dumps({"repository": key, "head": "HEAD", "service": {"name": "riskml", "targets": ["argo"]}})
    with report.open("rb") as file:
        answer = httpx.post(f"{url}/predict", timeout=60, data={"request": request},
                            files={"junit": ("junit.xml", file, "application/xml")})
    if answer.status_code != 200:
        raise ServiceUnavailable("the service refused the change", where="POST /predict", got=answer.text)
    document: dict[str, Any] = answer.json()
    return document


def rendered(url: str, plan_id: str) -> str:
    """Return the head of the plan as a deploy tool reads it."""
    plan = from_json(httpx.get(f"{url}/plans/{plan_id}", timeout=10).raise_for_status().json())
    text = render(plan, "kubernetes" if plan.strategy == "rolling" else "argo")
    lines = text.splitlines()
    return "\n".join(lines[:24] + ([f"… {counted(len(lines) - 24, 'more line')}"] if len(lines) > 24 else []))


def say(text: str) -> None:
    """Print one step."""
    print(f"\n── {text}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
