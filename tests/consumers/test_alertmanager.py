"""A real Alertmanager switches a release off: rendered route, delivered alert, the service's own webhook."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
import uvicorn

from riskml.render import render
from tests.api.conftest import World, make_world, model  # noqa: F401 - fixtures
from tests.consumers.conftest import free_port, listening, plan_named, program, wait_for


@pytest.fixture
def served(make_world: Callable[..., World]) -> Iterator[tuple[World, str]]:  # noqa: F811 - the fixture
    """Let the service of a world answer on a port of its own."""
    world = make_world()
    config = uvicorn.Config(world.client.app, port=free_port(), lifespan="off", log_level="warning")
    server = uvicorn.Server(config)
    loop_of_client = world.client.portal
    assert loop_of_client is not None
    running = loop_of_client.start_task_soon(server.serve)
    wait_for(lambda: listening(f"127.0.0.1:{config.port}"), "the service")
    yield world, f"http://127.0.0.1:{config.port}"
    server.should_exit = True
    running.result(10)


def test_an_alert_switches_the_release_off(served: tuple[World, str], tmp_path: Path,
                                           started: Callable[..., subprocess.Popen]) -> None:
    """Fired with the plan's labels: the next verdict is rollback, one incident is kept, and the end of the alert adds none."""
    world, url = served
    alertmanager = program("prometheus-alertmanager", "alertmanager")
    config = render(plan_named("canary"), "prometheus", part="alertmanager", url=url)
    (tmp_path / "am.yml").write_text(config.replace("group_interval: 60s", "group_interval: 1s"))
    address = f"127.0.0.1:{free_port()}"
    started(alertmanager, "--config.file", str(tmp_path / "am.yml"), "--storage.path", str(tmp_path / "data"),
            "--web.listen-address", address, "--cluster.listen-address=")
    wait_for(lambda: listening(address), "alertmanager")
    labels = {"alertname": "RiskmlLimitErrorRate", "riskml_plan_id": "p-canary", "riskml_action": "rollback"}
    fired = {"labels": labels, "annotations": {"summary": "error_rate of the new version is > 5 %"}}
    httpx.post(f"http://{address}/api/v2/alerts", json=[fired]).raise_for_status()
    wait_for(lambda: world.outcomes() == ["incident"], "the incident")
    verdict = httpx.get(f"{url}/plans/p-canary/verdict", params={"stage": "p1"}).json()
    assert (verdict["verdict"], "RiskmlLimitErrorRate" in verdict["reason"]) == ("rollback", True)
    metrics = 'riskml_http_requests_total{method="POST",route="/webhooks/alertmanager",status="200"} 2'
    httpx.post(f"http://{address}/api/v2/alerts", json=[fired | {"endsAt": datetime.now(UTC).isoformat()}])
    wait_for(lambda: metrics in httpx.get(f"{url}/metrics").text, "the end of the alert")
    assert world.outcomes() == ["incident"]
