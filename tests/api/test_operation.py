"""What operators rely on: readiness, numbers, reload, access, logs."""

import base64
import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.telemetry import JsonLines
from riskml.errors import UsageError

FEATURES = {"repository": "acme/shop", "features": {"la": 120.0, "nuc": 3.0}}
TOKEN = "0123456789abcdef-secret"


def test_health_and_readiness_are_two_questions(client: TestClient):
    """The process is alive; the model and the store are ready."""
    assert client.get("/healthz").json()["status"] == "ok"
    ready = client.get("/readyz").json()
    assert ready == {"status": "ok", "checks": {"model": "small 1", "store": "ok"}}


def test_a_lost_store_makes_the_service_unready_and_refuses_answers(client: TestClient, tmp_path: Path):
    """Without a store nothing is acknowledged: 503 with Retry-After, and the reason; the process stays alive."""
    for path in tmp_path.glob("riskml.db*"):
        with path.open("r+b") as file:  # not cut first: the process has one mapped, and would die of its end
            file.write(b"garbage " * 4096)
    ready = client.get("/readyz")
    assert ready.status_code == 503
    assert "riskml.db" in ready.json()["checks"]["store"]
    answer = client.post("/predict", json=FEATURES)
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:riskml:problem:store-unwritable"
    assert int(answer.headers["retry-after"]) >= 1
    assert client.get("/healthz").status_code == 200


def test_metrics_count_decisions_refusals_and_routes(client: TestClient):
    """Labels are route templates and decisions, never ids or what a sender invents."""
    wire = client.post("/predict", json=FEATURES).json()
    client.get(f"/assessments/{wire['id']}")
    client.post("/predict", json={})
    client.request("BREW", "/coffee/42")
    text = client.get("/metrics").text
    assert 'riskml_decisions_total{band="high",strategy="canary"} 1' in text
    assert 'riskml_http_requests_total{method="GET",route="/assessments/{assessment_id}",status="200"} 1' in text
    assert 'riskml_refusals_total{type="malformed"} 1' in text
    assert 'riskml_model_info{name="small",version="1"' in text
    assert "riskml_commit_rows_count 1" in text
    assert wire["id"] not in text
    assert "coffee" not in text
    assert "BREW" not in text


def test_replays_are_not_counted_as_decisions(client: TestClient):
    """One assessment, however often it is asked for."""
    for _ in range(3):
        client.post("/predict", json=FEATURES | {"idempotency_key": "k"})
    assert 'riskml_decisions_total{band="high",strategy="canary"} 1' in client.get("/metrics").text


def test_the_model_in_use_is_told(client: TestClient):
    """Name, version, hash, base rate, the features it reads and the policies that can be asked for."""
    told = client.get("/model").json()
    assert (told["name"], told["features"], told["policies"]) == ("small", ["la", "nuc"], ["default"])
    assert told["artifact_sha256"] == client.post("/predict", json=FEATURES).json()["model"]["artifact_sha256"]


def test_reload_takes_up_a_new_model(client: TestClient, model: Path, write_model: Callable[..., Path]):
    """Without a restart, and the next answer says which model it is from."""
    write_model(model, version="2")
    assert client.get("/model").json()["version"] == "1"
    assert client.post("/model/reload").json()["version"] == "2"
    assert client.post("/predict", json=FEATURES).json()["model"]["version"] == "2"


def test_a_refused_model_leaves_the_old_one_in_use(client: TestClient, model: Path):
    """A broken artifact is refused in its own words; serving goes on."""
    (model / "model.txt").write_text("broken")
    answer = client.post("/model/reload")
    assert answer.status_code == 503
    assert answer.json()["type"] == "urn:riskml:problem:artifact-corrupt"
    assert client.post("/predict", json=FEATURES).json()["model"]["version"] == "1"


def test_a_refused_policy_leaves_everything_in_use(serve: Callable[..., TestClient], tmp_path: Path):
    """Model and policies change together or not at all; the file is named."""
    policies = tmp_path / "policies"
    policies.mkdir()
    client = serve(policies=policies)
    (policies / "team.yaml").write_text("version: 1\nrules: []\nrollbakc: {}\n")
    answer = client.post("/model/reload")
    assert answer.status_code == 422
    assert "team.yaml" in answer.json()["detail"]
    assert client.get("/model").json()["policies"] == ["default"]


def test_a_missing_model_stops_the_start(serve: Callable[..., TestClient], model: Path):
    """The service does not start without what it answers with."""
    shutil.rmtree(model)
    model.mkdir()
    with pytest.raises(Exception, match=r"manifest\.json"):
        serve()


def test_with_tokens_everything_but_probes_needs_one(serve: Callable[..., TestClient], tmp_path: Path):
    """Bearer for programs, Basic for browsers; probes and scrapers need none."""
    (tmp_path / "tokens").write_text(f"# CI\n{TOKEN}\n\nanother-token-0123456\n")
    client = serve(token_file=tmp_path / "tokens")
    for path in ("/healthz", "/readyz", "/metrics"):
        assert client.get(path).status_code == 200
    refused = client.post("/predict", json=FEATURES)
    assert refused.status_code == 401
    assert "Bearer" in refused.headers["www-authenticate"]
    assert refused.headers["content-type"] == "application/problem+json"
    basic = base64.b64encode(f"anybody:{TOKEN}".encode()).decode()
    for header in (f"Bearer {TOKEN}", "bearer another-token-0123456", f"Basic {basic}"):
        assert client.post("/predict", json=FEATURES, headers={"authorization": header}).status_code == 200
    for header in (f"Bearer {TOKEN}x", "Bearer", f"Token {TOKEN}", "Basic !!", f"Bearer  # CI"):  # noqa: F541 - beside others
        assert client.get("/assessments", headers={"authorization": header}).status_code == 401


@pytest.mark.parametrize(("content", "words"), [("# none\n", "no token"), ("short\n", "at least 16")])
def test_token_files_that_protect_nothing_stop_the_start(serve: Callable[..., TestClient], tmp_path: Path, content: str,
                                                          words: str):
    """An empty file would lock everybody out; a short token would let everybody in. The token is not shown."""
    (tmp_path / "tokens").write_text(content)
    with pytest.raises(UsageError, match=words) as refusal:
        serve(token_file=tmp_path / "tokens")
    assert "short" not in str(refusal.value)


def test_each_request_has_an_id_and_one_line_in_the_log(client: TestClient, caplog: pytest.LogCaptureFixture):
    """A sane id of the caller is kept, any other replaced; the line has the route, the status and the time."""
    with caplog.at_level(logging.INFO, logger="riskml.api"):
        kept = client.post("/predict", json=FEATURES, headers={"x-request-id": "ci-42"})
        made = client.get("/model", headers={"x-request-id": "a b\tc" * 99})
    assert kept.headers["x-request-id"] == "ci-42"
    assert len(made.headers["x-request-id"]) == 32
    lines = [json.loads(JsonLines().format(record)) for record in caplog.records if record.getMessage() == "request"]
    assert [(line["route"], line["status"]) for line in lines] == [("/predict", 200), ("/model", 200)]
    assert lines[0]["request_id"] == "ci-42"
    assert lines[0]["assessment"] == kept.json()["id"]
    assert lines[0]["ms"] > 0


def test_bodies_do_not_reach_the_log(client: TestClient, caplog: pytest.LogCaptureFixture):
    """What is refused is logged by its kind and place, shortened; a diff is not copied into the log."""
    with caplog.at_level(logging.DEBUG, logger="riskml.api"):
        client.post("/predict", json={"repository": "a", "diff": "secret-" * 1000})
    text = "".join(JsonLines().format(record) for record in caplog.records)
    assert "malformed-diff" in text
    assert text.count("secret-") < 100


def test_a_fault_of_ours_is_a_problem_with_the_id_of_its_log_line(client: TestClient, caplog: pytest.LogCaptureFixture):
    """500 tells nothing of the inside, and where to look for it."""
    del client.app.state.service  # type: ignore[attr-defined] # the application under test
    answer = client.get("/model", headers={"x-request-id": "ci-43"})
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["request_id"] == "ci-43"
    assert "service" not in answer.text.replace("The service failed", "")
    assert any(record.exc_info for record in caplog.records)
