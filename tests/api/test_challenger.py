"""A challenger: it scores what was answered, is kept and compared, and never in anybody's way."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.app import application
from api.comparison import Pair, compare
from api.judge import ModelJudge
from api.service import Service
from api.settings import Settings
from riskml.adapters.store import ShadowRow, Store, Submission
from riskml.errors import StoreUnwritable
from riskml.policy.policy import default_policy
from tests.api.bots import wait_for

LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


@pytest.fixture
def challenger(write_model: Callable[..., Path], tmp_path: Path) -> Path:
    """Write a second model, which reads the number of changes where the first reads lines, and so expects less harm."""
    return write_model(tmp_path / "challenger", version="2", features=("nuc", "la"))


def service_of(client: TestClient) -> Service:
    """Reach behind the client."""
    service: Service = client.app.state.service  # type: ignore[attr-defined] # what FastAPI calls it
    return service


def predict(client: TestClient, **features: float) -> dict[str, Any]:
    """Ask about a change."""
    answer = client.post("/predict", json={"repository": "acme/shop", "features": {"la": 500.0, "nuc": 3.0} | features})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def kept(client: TestClient, n: int) -> list[Any]:
    """Wait until so many scores are kept."""
    store = service_of(client).store
    return wait_for(lambda: (rows := store.shadow_scores(LONG_AGO)) and len(rows) >= n and rows)  # type: ignore[no-any-return] # rows


def test_every_answer_is_scored_along_and_both_are_kept(serve: Callable[..., TestClient], challenger: Path):
    """The answer is that of the model in use, word for word; beside it stands what the other would have said."""
    client = serve(challenger=challenger)
    said = predict(client)
    (row,) = kept(client, 1)
    assert (row.assessment_id, row.probability, row.artifact_sha256) == (
        said["id"], said["probability"], said["model"]["artifact_sha256"])
    assert row.challenger_version == "2"
    assert row.challenger_probability < row.probability
    assert said["model"]["version"] == "1"
    assert "challenger" not in said
    assert service_of(client).store.verify_audit().ok


def test_an_answer_that_is_given_again_is_scored_once(serve: Callable[..., TestClient], challenger: Path):
    """Replays are no new changes."""
    client = serve(challenger=challenger)
    body = {"repository": "acme/shop", "features": {"la": 500.0}, "idempotency_key": "k"}
    for _ in range(3):
        client.post("/predict", json=body)
    predict(client)
    assert len(kept(client, 2)) == 2


def test_too_few_changes_are_told_as_such_and_many_are_compared(serve: Callable[..., TestClient], challenger: Path):
    """GET /model and /metrics say nothing of 8 changes, and all of 200."""
    client = serve(challenger=challenger)
    for n in range(8):
        predict(client, la=100.0 + n)
    kept(client, 8)
    found = wait_for(lambda: (c := client.get("/model").json()["challenger"])["changes"] == 8 and c)
    assert (found["version"], found["agreement"], found["mean_difference"], found["psi"]) == ("2", None, None, None)
    text = client.get("/metrics").text
    assert "riskml_challenger_changes 8" in text
    assert "\nriskml_challenger_agreement" not in text
    items = [{"repository": "acme/shop", "features": {"la": 10.0 * n, "nuc": 3.0}} for n in range(200)]
    client.post("/predict/batch", json={"items": items})
    found = wait_for(lambda: (c := client.get("/model").json()["challenger"])["changes"] == 208 and c)
    assert 0 < found["agreement"] < 1
    assert found["mean_difference"] < 0
    assert found["psi"] > 0.25
    assert f"\nriskml_challenger_agreement {found['agreement']}" in client.get("/metrics").text


def test_a_restart_remembers_what_was_compared(serve: Callable[..., TestClient], challenger: Path):
    """The pairs of the same two models are read from the store."""
    client = serve(challenger=challenger)
    predict(client)
    kept(client, 1)
    again = serve(challenger=challenger)
    assert wait_for(lambda: again.get("/model").json()["challenger"]["changes"]) == 1


class Full:
    """Keeps nothing, as a disk without space."""

    def write_all(self, submissions: Sequence[Submission], /) -> object:
        """Refuse."""
        raise StoreUnwritable("no space left", got=len(submissions))

    def shadow_scores(
        self, since: datetime, /, *, challenger_sha256: str | None = None  # noqa: ARG002 # the port names them; nothing was kept
    ) -> list[ShadowRow]:
        """Have nothing."""
        return []


def test_a_challenger_that_fails_is_counted_and_not_felt(model: Path, challenger: Path, tmp_path: Path):
    """What keeps its scores refuses them: answers go on, and the loss is told."""
    settings = Settings(store=f"sqlite:///{tmp_path}/riskml.db", artifact=model, challenger=challenger)
    service = Service(settings, Store.open(settings.store), ModelJudge.open(settings), shadows=Full())
    with TestClient(application(service)) as client:
        for _ in range(3):
            predict(client)
        wait_for(lambda: "riskml_challenger_skipped_total 3" in client.get("/metrics").text)
    store = Store.open(settings.store)
    assert store.shadow_scores(LONG_AGO) == []
    store.close()


def test_a_flood_is_skipped_and_counted(serve: Callable[..., TestClient], challenger: Path):
    """What does not fit into the queue is dropped at once."""
    client = serve(challenger=challenger)
    consider = service_of(client).challenger.consider
    with service_of(client).challenger._wake:  # the thread has to wait
        for n in range(5000):
            consider(f"a{n}", "acme/shop", "0" * 64, 0.5, {"la": 1.0})
    assert float(client.get("/metrics").text.partition("\nriskml_challenger_skipped_total ")[2].split()[0]) >= 5000 - 4096 - 64


def test_reloading_takes_up_another_challenger_or_keeps_all(serve: Callable[..., TestClient], challenger: Path,
                                                            write_model: Callable[..., Path], tmp_path: Path):
    """A damaged challenger is refused, and both models stay in use."""
    client = serve(challenger=challenger)
    shutil.rmtree(challenger)
    write_model(challenger, version="3", features=("nuc", "la"))
    assert client.post("/model/reload").json()["challenger"]["version"] == "3"
    (challenger / "model.txt").write_text("x")
    assert client.post("/model/reload").status_code == 503
    assert client.get("/model").json()["challenger"]["version"] == "3"
    assert json.loads((tmp_path / "model" / "manifest.json").read_text())["version"] == client.get("/model").json()["version"]


def test_without_a_challenger_there_is_none(client: TestClient):
    """Off by default."""
    assert client.get("/model").json()["challenger"] is None
    predict(client)
    assert service_of(client).store.shadow_scores(LONG_AGO) == []


def test_the_model_in_use_is_no_challenger_of_its_own(serve: Callable[..., TestClient], model: Path):
    """After its promotion it would only agree with itself: nothing is kept."""
    client = serve(challenger=model)
    predict(client)
    service_of(client).challenger.close()
    assert service_of(client).store.shadow_scores(LONG_AGO) == []


@pytest.mark.parametrize(("pairs", "agreement", "difference"), [
    ([Pair(0.1, 0.1)] * 200, 1.0, 0.0), ([Pair(0.1, 0.9)] * 200, 0.0, 0.8), ([Pair(0.9, 0.1), Pair(0.1, 0.1)] * 100, 0.5, -0.4),
])
def test_two_models_are_compared_by_hand(pairs: list[Pair], agreement: float, difference: float):
    """Agreement is of bands, the difference is challenger minus model in use."""
    found = compare(pairs, default_policy())
    assert found.agreement == agreement
    assert found.mean_difference == pytest.approx(difference)


def test_what_is_kept_is_read_back_by_whoever_retrains(serve: Callable[..., TestClient], challenger: Path, tmp_path: Path):
    """Another process opens the store and reads from a moment on, of one challenger."""
    client = serve(challenger=challenger)
    predict(client)
    (row,) = kept(client, 1)
    store = Store.open(f"sqlite:///{tmp_path}/riskml.db")
    assert store.shadow_scores(row.created_at, challenger_sha256=row.challenger_sha256) == [row]
    assert store.shadow_scores(row.created_at, challenger_sha256="0" * 64) == []
    store.close()
