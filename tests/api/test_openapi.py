"""The description of the API: valid, committed, and what the service really answers."""

from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from api.app import described
from api.openapi import document

ROOT = Path(__file__).resolve().parents[2]
FEATURES = {"repository": "acme/shop", "features": {"la": 120.0, "nuc": 3.0}}


def test_the_description_is_valid_openapi():
    """Any generator of clients can read it."""
    validator = pytest.importorskip("openapi_spec_validator", reason="openapi-spec-validator is not installed")
    validator.validate(described())


def test_the_committed_description_is_the_current_one():
    """``make docs`` after each change of the wire."""
    assert (ROOT / "docs" / "openapi.json").read_text(encoding="utf-8") == document()


def test_every_operation_and_every_body_is_described():
    """No path without words, no POST with a body that the reader must guess."""
    spec = described()
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            assert operation["description"], path
            if method == "post" and path != "/model/reload":
                assert operation["requestBody"]["content"]["application/json"]["schema"], path


def valid(schema_name: str, document: object) -> None:
    """Check a document against a schema of the description."""
    spec = described()
    schema = {"$ref": f"#/components/schemas/{schema_name}", "components": spec["components"]}
    Draft202012Validator(schema).validate(document)


def test_answers_are_as_described(client: TestClient):
    """What is documented is what is sent: assessments, lists, batches, models, outcomes, problems."""
    wire = client.post("/predict", json=FEATURES).json()
    valid("AssessmentOut", wire)
    valid("AssessmentsOut", client.get("/assessments").json())
    valid("BatchOut", client.post("/predict/batch", json={"items": [FEATURES, {}]}).json())
    valid("ServedModelOut", client.get("/model").json())
    valid("HealthOut", client.get("/readyz").json())
    valid("ProblemOut", client.post("/predict", json={}).json())
    outcome = {"assessment_id": wire["id"], "outcome": "promoted", "happened_at": "2026-11-24T10:00:00Z"}
    valid("OutcomeIn", outcome)
    valid("OutcomeOut", client.post("/outcomes", json=outcome).json())
    valid("PredictIn", FEATURES)


def test_every_key_of_an_answer_is_described(client: TestClient):
    """No key leaves that the description does not know."""
    known = set(described()["components"]["schemas"]["AssessmentOut"]["properties"])
    wire = client.post("/predict", json=FEATURES).json()
    assert set(wire) - {"initial_traffic", "stage"} <= known
    assert {"initial_traffic", "stage"} <= known
