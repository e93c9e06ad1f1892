"""The service keeps the same promises on both databases."""

from collections.abc import Iterator, Sequence

import pytest
from starlette.testclient import TestClient

from api.app import application
from api.judge import Brain, ModelJudge
from api.recent import RememberingScorer
from api.service import Service
from api.settings import Settings
from riskml.adapters.store import Store
from riskml.assessment import ModelRef, Scored
from riskml.policy.policy import default_policy
from riskml.ports import Vector

FEATURES = {"repository": "acme/shop", "features": {"la": 90.0}}


class LinesScorer:
    """Scores by lines added: a hundred are certain harm."""

    ref = ModelRef("lines", "1", 1, "0" * 64)
    base_rate = 0.25
    feature_names = ("la",)

    def score(self, vector: Vector) -> Scored:
        """Score one."""
        return Scored(vector["la"] / 100, vector["la"], 0.0, {"la": vector["la"]}, 0.0, 1.0)

    def probabilities(self, vectors: Sequence[Vector]) -> list[float]:
        """Score many."""
        return [vector["la"] / 100 for vector in vectors]

    def training_percentile(self, feature: str, value: float) -> float | None:
        """Know nothing of the training."""
        assert feature == "la"
        assert value >= 0
        return None


@pytest.fixture
def client(url: str) -> Iterator[TestClient]:
    """Serve on an empty store."""
    settings = Settings(store=url)
    judge = ModelJudge(settings, Brain(RememberingScorer(LinesScorer()), {"default": default_policy()}))
    with TestClient(application(Service(settings, Store.open(url), judge))) as opened:
        yield opened


def test_answers_are_kept_found_and_repeated(client: TestClient):
    """Predict, replay, conflict, list, outcome: the whole loop."""
    first = client.post("/predict", json=FEATURES | {"idempotency_key": "k"})
    assert first.status_code == 200
    assert client.post("/predict", json=FEATURES | {"idempotency_key": "k"}).content == first.content
    assert client.post("/predict", json={"repository": "a", "features": {"la": 1.0}, "idempotency_key": "k"}).status_code == 409
    assert client.get(first.headers["location"]).content == first.content
    assert [item["id"] for item in client.get("/assessments").json()["items"]] == [first.json()["id"]]
    outcome = {"plan_id": first.json()["plan"]["plan_id"], "outcome": "rolled-back", "happened_at": "2026-11-24T10:00:00Z"}
    assert client.post("/outcomes", json=outcome).json()["assessment_id"] == first.json()["id"]
    assert client.get("/readyz").status_code == 200


def test_a_batch_is_kept_item_by_item(client: TestClient):
    """Sixty items, one of them wrong: fifty-nine rows, in one or few commits, and percentiles afterwards."""
    items: list[dict[str, object]] = [{"repository": "acme/shop", "features": {"la": float(n)}} for n in range(59)]
    answer = client.post("/predict/batch", json={"items": [*items, {"repository": "acme/shop"}]}).json()["items"]
    assert [item["status"] for item in answer] == [200] * 59 + [422]
    assert len(client.get("/assessments?limit=200").json()["items"]) == 59
    assert client.post("/predict", json=FEATURES).json()["percentile"] > 95


@pytest.mark.parametrize("path", ["/assessments/%00", "/plans/%00", "/plans/%00/render?target=json", "/assessments/%00/page"])
def test_ids_that_cannot_be_are_not_found(client: TestClient, path: str):
    """What one database cannot even compare is not there on either."""
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("key", ["repository", "base", "head", "policy", "idempotency_key"])
def test_control_characters_are_refused_where_text_is_stored(client: TestClient, key: str):
    """Before one database keeps what the other cannot."""
    answer = client.post("/predict", json=FEATURES | {key: "a\x00b"})
    assert answer.status_code == 422
    assert answer.json()["where"] == key
    assert client.get("/assessments", params={"repository": "a\x00b"}).status_code == 422
    assert client.get("/", params={"repository": ""}).status_code == 200


def test_any_other_text_is_kept(client: TestClient):
    """Letters of any script, quotes and wildcards come back as they were."""
    for name in ("日本/店", "a'b\"c", "%_", "😀", "a\u202eb"):
        wire = client.post("/predict", json=FEATURES | {"repository": name}).json()
        assert client.get(f"/assessments/{wire['id']}").json()["repository"] == name
        assert [item["id"] for item in client.get("/assessments", params={"repository": name}).json()["items"]] == [wire["id"]]
