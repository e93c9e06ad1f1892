"""What is rendered for a tool with an official schema is valid by it, and the check can tell: a broken document is caught."""

from __future__ import annotations

import copy
import importlib.util
import json
from pathlib import Path

import pytest
import yaml

SHARED = Path(__file__).parents[2].parent / "shared"
GOLDEN = Path(__file__).parents[1] / "golden"
CRDS = {
    "flagger.app": "flagger/crd.yaml",
    "networking.istio.io": "istio/customresourcedefinitions.gen.yaml",
    "gateway.networking.k8s.io": "gateway-api/standard/gateway.networking.k8s.io_httproutes.yaml",
}
ARGO = {"Rollout": "argo-rollouts/rollout-crd.yaml", "AnalysisTemplate": "argo-rollouts/analysis-template-crd.yaml"}
BUILT_IN = {"Deployment": "deployment-apps-v1", "HorizontalPodAutoscaler": "horizontalpodautoscaler-autoscaling-v2",
            "ConfigMap": "configmap-v1"}
EXISTING = {  # what a rendered Deployment is applied on top of
    "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "product"},
    "spec": {"replicas": 4, "selector": {"matchLabels": {"app": "product"}}, "template": {
        "metadata": {"labels": {"app": "product"}}, "spec": {"containers": [{"name": "product", "image": "product:1"}]}}},
}
KUBERNETES = ("flagger", "argo", "istio", "gateway-api", "kubernetes", "hpa")

needs_schemas = pytest.mark.skipif(not (SHARED / "schemas").is_dir(), reason="the official schemas are not beside the checkout")


@pytest.fixture(scope="session")
def crdval():
    """Load the validator of custom resources, which knows what a Kubernetes API server prunes and its CEL rules."""
    pytest.importorskip("celpy", reason="cel-python is not installed, and the CRDs hold CEL rules")
    spec = importlib.util.spec_from_file_location("crdval", SHARED / "tools" / "crdval.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def merged(under, over):
    """Apply a JSON merge patch (RFC 7386)."""
    if not isinstance(over, dict) or not isinstance(under, dict):
        return over
    return {**under, **{k: merged(under.get(k), v) for k, v in over.items()}}


def faults(document: dict, crdval) -> list[str]:
    """Return what the official schema says against an object, and against objects stored in a ConfigMap's data."""
    import jsonschema

    group, kind = document["apiVersion"].partition("/")[0], document["kind"]
    inner = [f for text in document.get("data", {}).values() for f in faults(yaml.safe_load(text), crdval)]
    if kind in BUILT_IN:
        if kind == "Deployment":
            document = merged(EXISTING, document)
        folder = SHARED / "schemas" / "kubernetes" / "v1.37.0-local-strict"
        registry = referenced(folder)
        schema = json.loads((folder / f"{BUILT_IN[kind]}.json").read_text())
        validator = jsonschema.Draft202012Validator(schema, registry=registry)
        return inner + [e.message for e in validator.iter_errors(document)]
    path = ARGO.get(kind) or CRDS[group]
    return inner + crdval.validate(document, str(SHARED / "schemas" / path))


def referenced(folder: Path):
    """Return the definitions that the Kubernetes schemas refer to."""
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT202012

    contents = json.loads((folder / "_definitions.json").read_text())
    definitions = Resource.from_contents(contents, default_specification=DRAFT202012)
    return Registry().with_resource("/api/_definitions.json", definitions)


@needs_schemas
@pytest.mark.parametrize("path", sorted(p for t in KUBERNETES for p in (GOLDEN / t).glob("*.txt")),
                         ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_every_object_is_valid(path, crdval):
    """Flagger, Argo, Istio, Gateway API and Kubernetes take every object, and would drop no field of it."""
    for document in yaml.safe_load_all(path.read_text()):
        assert faults(document, crdval) == []


@needs_schemas
@pytest.mark.parametrize(("target", "kind", "path", "value"), [
    ("flagger", "Canary", ("spec", "analysis", "stepWeigth"), 5),
    ("flagger", "Canary", ("spec", "provider"), "gatewayapi"),
    ("argo", "Rollout", ("spec", "strategy", "canary", "steps"), [{"setWeight": "1%"}]),
    ("hpa", "HorizontalPodAutoscaler", ("spec", "maxReplica"), 5),
    ("istio", "VirtualService", ("spec", "http"), [{"route": [{"destination": {"host": "a"}, "weight": "90%"}]}]),
    ("gateway-api", "HTTPRoute", ("spec", "rules"), [{"backendRefs": [{"name": "a", "port": 80, "weight": -1}]}]),
])
def test_a_broken_object_is_caught(target, kind, path, value, crdval):
    """The check is one: a misspelt key or a value of the wrong type is found."""
    documents = list(yaml.safe_load_all((GOLDEN / target / "canary.txt").read_text()))
    broken = copy.deepcopy(next(d for d in documents if d["kind"] == kind))
    place = broken
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert faults(broken, crdval)


@needs_schemas
@pytest.mark.parametrize("path", sorted((GOLDEN / "flagd").glob("*.txt")), ids=lambda p: p.stem)
def test_flag_files_are_valid(path):
    """The schema of flagd takes every flag file, and refuses one whose state is misspelt."""
    import jsonschema
    from referencing import Registry, Resource

    folder = SHARED / "schemas" / "flagd"
    registry = Registry().with_resources([
        (f"https://flagd.dev/schema/v0/{n}.json", Resource.from_contents(json.loads((folder / f"{n}.json").read_text())))
        for n in ("flags", "targeting")])
    validator = jsonschema.Draft7Validator({"$ref": "https://flagd.dev/schema/v0/flags.json"}, registry=registry)
    flags = json.loads(path.read_text())
    assert [e.message for e in validator.iter_errors(flags)] == []
    flags["flags"]["product"]["state"] = "ON"
    assert list(validator.iter_errors(flags))


@needs_schemas
@pytest.mark.parametrize("path", sorted((GOLDEN / "prometheus").glob("*.txt")), ids=lambda p: p.stem)
def test_rule_files_are_valid(path):
    """The schema of Prometheus' rule files takes every one."""
    import jsonschema

    schema = json.loads((SHARED / "schemas" / "prometheus" / "prometheus.rules.json").read_text())
    assert [e.message for e in jsonschema.Draft7Validator(schema).iter_errors(yaml.safe_load(path.read_text()))] == []


@needs_schemas
@pytest.mark.parametrize("path", sorted((GOLDEN / "json").glob("*.txt")), ids=lambda p: p.stem)
def test_plans_are_valid(path):
    """A rendered plan satisfies the plan's schema that deploy tools were given (which knows no digest and no notes)."""
    import jsonschema

    from riskml.plan import schema

    assert [e.message for e in jsonschema.Draft202012Validator(schema()).iter_errors(json.loads(path.read_text()))] == []
