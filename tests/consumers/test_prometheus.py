"""Prometheus takes the rendered rules and fires them when it should; Alertmanager brings an alert to the service."""

from __future__ import annotations

import http.server
import json
import subprocess
import threading
from datetime import UTC, datetime

import httpx
import pytest
import yaml

from riskml.render import render
from tests.consumers.conftest import free_port, listening, plan_named, program, wait_for

CANARY = 'service="product",track="canary"'
GOOD = [(f'http_requests_total{{{CANARY},code="200"}}', "0+600x60"), (f'http_requests_total{{{CANARY},code="500"}}', "0+1x60")]
BAD = [(f'http_requests_total{{{CANARY},code="200"}}', "0+600x60"), (f'http_requests_total{{{CANARY},code="500"}}', "0+100x60")]


def buckets(fast: int, slow: int) -> list[tuple[str, str]]:
    """Make a histogram that grows every minute by so many fast and so many slow requests."""
    name = f"http_request_duration_seconds_bucket{{{CANARY},le="
    counts = (("0.5", fast), ("1", fast), ("2.5", fast + slow), ("+Inf", fast + slow))
    return [(f'{name}"{le}"}}', f"0+{n}x60") for le, n in counts]


@pytest.mark.parametrize(("series", "firing"), [
    (GOOD + buckets(600, 1), set()),
    (BAD + buckets(600, 1), {"RiskmlGateErr", "RiskmlLimitErrorRate"}),
    (GOOD + buckets(600, 60), {"RiskmlGateP99", "RiskmlLimitLatencyP99"}),
    ([], {"RiskmlNoData"}),
])
def test_rules_fire_when_they_should(tmp_path, series, firing):
    """Good traffic is quiet; errors, slow answers and silence each raise their own alerts with the plan's id and action."""
    promtool = program("promtool")
    rules = tmp_path / "rules.yml"
    rules.write_text(render(plan_named("canary"), "prometheus"))
    subprocess.run([promtool, "check", "rules", str(rules)], check=True, capture_output=True)
    alerts = {r["alert"]: r for r in yaml.safe_load(rules.read_text())["groups"][0]["rules"]}
    assert set(alerts) == {"RiskmlGateErr", "RiskmlLimitErrorRate", "RiskmlGateP99", "RiskmlLimitLatencyP99", "RiskmlNoData"}
    queries = [{"expr": f"ALERTS{{alertstate='firing',alertname='{name}'}}", "eval_time": "30m",
                "exp_samples": [{"labels": sample(r), "value": 1}] if name in firing else []} for name, r in alerts.items()]
    test = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [
        {"interval": "1m", "input_series": [{"series": s, "values": v} for s, v in series], "promql_expr_test": queries}]}
    (tmp_path / "test.yml").write_text(yaml.safe_dump(test))
    done = subprocess.run([promtool, "test", "rules", "test.yml"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def sample(rule: dict) -> str:
    """Return the series under which Prometheus keeps a firing alert."""
    labels = {"alertname": rule["alert"], "alertstate": "firing", **rule["labels"]}
    if rule["alert"] == "RiskmlNoData":
        labels["track"] = "canary"  # absent() keeps the labels that it looked for
    return "ALERTS{" + ",".join(f'{k}="{v}"' for k, v in labels.items()) + "}"


def test_alertmanager_brings_alerts_to_the_service(tmp_path, started):
    """An alert with the plan's id reaches the service's webhook, firing and later resolved; others do not."""
    alertmanager, amtool = program("prometheus-alertmanager", "alertmanager"), program("amtool")
    got: list[tuple[str, dict]] = []

    class Service(http.server.BaseHTTPRequestHandler):
        """Keep what is posted."""

        def do_POST(self) -> None:
            """Take one notification."""
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.path, json.loads(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    service = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    threading.Thread(target=service.serve_forever, daemon=True).start()
    config = render(plan_named("canary"), "prometheus", part="alertmanager", url=f"http://127.0.0.1:{service.server_port}")
    (tmp_path / "am.yml").write_text(config.replace("group_interval: 60s", "group_interval: 1s"))
    subprocess.run([amtool, "check-config", str(tmp_path / "am.yml")], check=True, capture_output=True)
    address = f"127.0.0.1:{free_port()}"
    started(alertmanager, "--config.file", str(tmp_path / "am.yml"), "--storage.path", str(tmp_path / "data"),
            "--web.listen-address", address, "--cluster.listen-address=")
    wait_for(lambda: listening(address), "alertmanager")
    labels = {"alertname": "RiskmlLimitErrorRate", "riskml_plan_id": "p-canary", "riskml_action": "rollback"}
    others = {"alertname": "DiskFull"}
    httpx.post(f"http://{address}/api/v2/alerts", json=[{"labels": labels}, {"labels": others}]).raise_for_status()
    wait_for(lambda: len(got) == 1, "the alert")
    httpx.post(f"http://{address}/api/v2/alerts", json=[{"labels": labels, "endsAt": datetime.now(UTC).isoformat()}])
    wait_for(lambda: len(got) == 2, "its end")
    service.shutdown()
    assert [path for path, _ in got] == ["/webhooks/alertmanager?plan=p-canary"] * 2
    assert [body["status"] for _, body in got] == ["firing", "resolved"]
    assert {a["labels"]["alertname"] for _, body in got for a in body["alerts"]} == {"RiskmlLimitErrorRate"}
