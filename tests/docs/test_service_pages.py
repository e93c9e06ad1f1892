"""What docs/api.md, docs/operate.md and deploy/ say of the service is what the service is."""

import dataclasses
import json
import re
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator
from jsonschema.validators import validator_for

from api.app import described
from api.errors import STATUS
from api.metrics import Registry
from api.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
API = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
OPERATE = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
KUBERNETES = ROOT.parent / "shared" / "schemas" / "kubernetes"
DEPLOYED = list(yaml.safe_load_all((ROOT / "deploy" / "k8s" / "riskml.yaml").read_text(encoding="utf-8")))


def test_every_setting_stands_in_the_table_with_its_default():
    """Neither a setting without a line nor a line without a setting; numbers and words as in the code."""
    rows = dict(re.findall(r"^\| `(RISKML_[A-Z_]+)` \| (.*?) \|", OPERATE, re.MULTILINE))
    assert set(rows) == {f"RISKML_{field.name.upper()}" for field in dataclasses.fields(Settings)}
    for field in dataclasses.fields(Settings):
        if isinstance(field.default, int | str):
            assert rows[f"RISKML_{field.name.upper()}"] == str(field.default)


def test_every_metric_that_is_named_exists():
    """An alert on a misspelt metric never fires."""
    made = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "api").glob("*.py"))
    known = set(re.findall(r"# TYPE (\w+)", Registry().exposition()))
    known |= set(re.findall(r'(?:Gauge|Counter)\("(riskml_\w+)"', made))
    named = set(re.findall(r"`(riskml_\w+)[`{]", OPERATE))
    assert named
    assert named <= known


def test_every_route_that_is_named_exists_and_none_is_forgotten():
    """Paths of the two pages against the OpenAPI document."""
    served = set(described()["paths"])
    named = {path for path in re.findall(r"/[a-z]+(?:/[a-z{}_]+)*", API + OPERATE) if path.strip("/").partition("/")[0] in {
        "predict", "assessments", "plans", "verdict", "outcomes", "webhooks", "model", "healthz", "readyz", "metrics"}}
    named = {path.replace("{id}", "{assessment_id}") for path in named} - {"/assessments/{assessment_id}/page"}
    assert named == served


def test_every_status_that_refusals_have_is_explained():
    """The table of refusals covers the table in the code."""
    explained = {int(status) for status in re.findall(r"^\| (\d{3}) \|", API, re.MULTILINE)}
    assert set(STATUS.values()) <= explained


def test_the_json_examples_are_what_they_are_said_to_be():
    """A request of the page is a request of the service."""
    components = described()["components"]
    blocks = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", API, re.DOTALL)]
    assert len(blocks) == 3
    for block, name in zip(blocks, ("PredictIn", "PredictIn", "OutcomeIn"), strict=True):
        Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": components}).validate(block)


@pytest.mark.parametrize("document", DEPLOYED, ids=lambda d: d["kind"])
def test_the_kubernetes_example_is_valid(document: dict[str, object]):
    """Checked against the official strict schema of each kind, where that is at hand."""
    found = next(iter(sorted(KUBERNETES.rglob(f"{str(document['kind']).lower()}*.json"))), None)
    if found is None:
        pytest.skip(f"no schema of a {document['kind']} beside this checkout (../shared/schemas/kubernetes)")
    from referencing import Registry as Schemas
    from referencing import Resource
    from referencing.jsonschema import DRAFT202012

    schemas = Schemas(retrieve=lambda uri: Resource.from_contents(
        json.loads((found.parent / uri.rpartition("/")[2]).read_text(encoding="utf-8")), default_specification=DRAFT202012))
    schema = json.loads(found.read_text(encoding="utf-8"))
    validator_for(schema, Draft202012Validator)(schema, registry=schemas.with_resource(
        found.name, Resource.from_contents(schema, default_specification=DRAFT202012))).validate(document)


def test_what_is_deployed_sets_only_settings_that_exist():
    """The image, the compose file and the manifest would stop at an unknown variable."""
    service = [*(ROOT / "deploy").glob("Dockerfile"), *(ROOT / "deploy").glob("*.yaml"), *(ROOT / "deploy/k8s").glob("*")]
    assert len(service) >= 4
    text = "".join(path.read_text(encoding="utf-8") for path in service)
    known = {f"RISKML_{field.name.upper()}" for field in dataclasses.fields(Settings)}
    assert set(re.findall(r"RISKML_[A-Z_]+", text)) <= known


def test_the_compose_file_has_no_default_password():
    """Nobody runs with a password that stands in a repository."""
    compose = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8"))
    assert set(compose["services"]) == {"riskml", "database"}
    assert compose["services"]["database"]["environment"]["POSTGRES_PASSWORD"].startswith("${POSTGRES_PASSWORD:?")
