"""Drift and delayed performance: absent of too few, seen when there is some, of the model in use alone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.drift import LEAST_JUDGED
from riskml.adapters.store import Store
from riskml.model.drift import MINIMUM
from riskml.model.performance import auc, brier

LONG_AGO = (datetime.now(UTC) - timedelta(days=5)).isoformat()


def metrics(client: TestClient) -> dict[str, float]:
    """Let the figures be renewed, and read them."""
    asyncio.run(client.app.state.service.drift.renew())  # type: ignore[attr-defined] # what FastAPI calls it
    lines = [line.rpartition(" ") for line in client.get("/metrics").text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines if name.startswith(("riskml_drift", "riskml_outcomes"))}


def predict(client: TestClient, vectors: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Ask about many changes."""
    items = [{"repository": "acme/shop", "head": f"{n:040x}", "features": vector} for n, vector in enumerate(vectors)]
    found: list[dict[str, Any]] = []
    for start in range(0, len(items), 200):
        answer = client.post("/predict/batch", json={"items": items[start:start + 200]}).json()
        found += [item["assessment"] for item in answer["items"]]
    return found


def test_of_too_few_changes_nothing_is_told(client: TestClient):
    """One less than the minimum: counted, and no index, not even 0."""
    predict(client, [{"la": 20.0}] * (MINIMUM - 1))
    assert metrics(client) == {"riskml_drift_changes": MINIMUM - 1, "riskml_outcomes_known": 0}


def test_changes_like_those_of_the_training_have_not_moved_and_others_have(client: TestClient):
    """The small model's training has la spread over 0, 5, 20, 50, 100."""
    spread = [*range(5), *range(5, 20, 3), *range(20, 50, 6), *range(50, 100, 10)]
    predict(client, [{"la": float(value)} for value in spread * 10])
    same = metrics(client)['riskml_drift_feature_psi{feature="la"}']
    predict(client, [{"la": 500.0}] * 400)
    moved = metrics(client)
    assert same < 0.1
    assert moved['riskml_drift_feature_psi{feature="la"}'] > 0.25
    assert moved["riskml_drift_score_psi"] > 0.25


def test_a_feature_that_is_unknown_or_has_no_reference_is_absent(client: TestClient):
    """One has no quantiles in the small manifest, the other does not arrive: neither has an index; the score has."""
    predict(client, [{"la": None, "nuc": 3.0}] * 300)
    assert {name for name in metrics(client) if "psi" in name} == {"riskml_drift_score_psi"}


def test_what_happened_is_compared_with_what_was_said(client: TestClient):
    """Brier, AUC, level: as computed by hand from the answers and the outcomes, once there are enough."""
    answers = predict(client, [{"la": 500.0 if n % 4 == 0 else 20.0, "nuc": 3.0} for n in range(LEAST_JUDGED)])
    harm = [n % 5 == 0 for n in range(LEAST_JUDGED)]
    for n, answer in enumerate(answers):
        if n == LEAST_JUDGED - 1:
            assert metrics(client)["riskml_outcomes_known"] == LEAST_JUDGED - 1
            assert "riskml_outcomes_brier" not in metrics(client)
        told = {"outcome": "rolled-back" if harm[n] else "promoted", "happened_at": LONG_AGO}
        about = {"assessment_id": answer["id"]} if n % 2 else {"repository": "acme/shop", "head": answer["head"]}
        assert client.post("/outcomes", json=told | about).status_code == 201
    said, found = [answer["probability"] for answer in answers], metrics(client)
    assert found["riskml_outcomes_known"] == LEAST_JUDGED
    assert found["riskml_outcomes_brier"] == pytest.approx(brier(harm, said))
    assert found["riskml_outcomes_auc"] == pytest.approx(auc(harm, said))
    assert found["riskml_outcomes_harm_share"] == 0.2
    assert found["riskml_outcomes_mean_probability"] == pytest.approx(sum(said) / len(said))


def test_without_any_harm_there_is_no_order_to_be_right_about(client: TestClient):
    """The AUC is absent, the Brier score is there."""
    for answer in predict(client, [{"la": 20.0}] * LEAST_JUDGED):
        client.post("/outcomes", json={"outcome": "promoted", "happened_at": LONG_AGO, "assessment_id": answer["id"]})
    found = metrics(client)
    assert "riskml_outcomes_auc" not in found
    assert "riskml_outcomes_brier" in found


def test_nothing_to_release_is_in_no_figure(client: TestClient, tmp_path: Path):
    """What the model says of no file is no measurement: it is not compared, judged, or remembered after a restart."""
    nothing = {"la": 0.0, "ld": 0.0, "nf": 0.0}
    answers = predict(client, [{"la": 20.0}] * LEAST_JUDGED + [nothing] * 3)
    assert [answer["empty"] for answer in answers[-4:]] == [False, True, True, True]
    for answer in answers[1:]:
        client.post("/outcomes", json={"outcome": "promoted", "happened_at": LONG_AGO, "assessment_id": answer["id"]})
    found = metrics(client)
    assert (found["riskml_drift_changes"], found["riskml_outcomes_known"]) == (LEAST_JUDGED, LEAST_JUDGED - 1)
    assert "riskml_outcomes_brier" not in found
    store = Store.open(f"sqlite:///{tmp_path}/riskml.db")
    assert len(store.recent_features("acme/shop", feature_set=1)) == LEAST_JUDGED
    store.close()


def test_another_model_begins_anew(client: TestClient, model: Path, write_model: Callable[..., Path]):
    """What another artifact answered says nothing of the one in use."""
    predict(client, [{"la": 20.0}] * MINIMUM)
    assert metrics(client)["riskml_drift_changes"] == MINIMUM
    write_model(model, version="2")
    assert client.post("/model/reload").status_code == 200
    assert metrics(client) == {"riskml_drift_changes": 0, "riskml_outcomes_known": 0}
