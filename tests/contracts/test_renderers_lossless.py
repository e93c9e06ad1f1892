"""What a target was given can be read back from its text: stages, shares, lengths, audiences, mirrors and gates.

The readers below know the targets' own formats, not riskml's code: shares, audiences and mirrors are read from what the tool
itself obeys; only what it has no word for is read from annotations, metadata or comments.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml

from riskml.plan import Plan, from_json
from riskml.render import RENDERERS, render

GOLDEN = Path(__file__).parents[1] / "golden"
COMPANIONS = {"hpa", "prometheus"}  # they stand beside the object that holds the stages


class Read(NamedTuple):
    """One stage as a text tells it. ``audience_bp`` and ``mirror_bp`` are 0 where there is none."""

    name: str
    public_bp: int
    audience_bp: int
    mirror_bp: int
    length_s: int
    gates: tuple[str, ...]


def told(plan: Plan) -> list[Read]:
    """Return what a faithful text says of a plan."""
    return [
        Read(s.name, 0 if s.audience else s.traffic_bp, (s.traffic_bp or 10_000) if s.audience else 0, s.mirror_bp or 0,
             s.min_duration_s, s.gates)
        for s in plan.stages
    ]


def noted(text_or_object) -> dict[str, dict]:
    """Return stages by name, from the annotation of a Kubernetes object."""
    return {s["name"]: s for s in json.loads(text_or_object["metadata"]["annotations"]["riskml.dev/stages"])}


def documents(text: str) -> dict[str, list[dict]]:
    """Return Kubernetes objects by kind."""
    found: dict[str, list[dict]] = {}
    for doc in yaml.safe_load_all(text):
        found.setdefault(doc["kind"], []).append(doc)
    return found


def share(weights: list[int]) -> int:
    """Return basis points of the second of two weights."""
    bp = 10_000 * weights[1] / sum(weights)
    assert bp == int(bp)
    return int(bp)


def read_istio(text: str) -> list[Read]:
    """Read every VirtualService of the ladder."""
    ladder = documents(text)["ConfigMap"][0]["data"]
    return [virtual_service(yaml.safe_load(v)) for k, v in ladder.items() if k != "rollback.yaml"]


def virtual_service(vs: dict) -> Read:
    """Read one VirtualService: subsets' weights, header routes and mirror."""
    (stage,) = noted(vs).values()
    audience_bp = public_bp = mirror_bp = 0
    for route in vs["spec"]["http"]:
        assert [d["destination"]["subset"] for d in route["route"]] == ["stable", "canary"]
        weights = [d["weight"] for d in route["route"]]
        if "match" in route:
            audience_bp = share(weights)
        else:
            public_bp = share(weights)
            mirror_bp = int(route.get("mirrorPercentage", {"value": 0})["value"] * 100)
    return Read(stage["name"], public_bp, audience_bp, mirror_bp, stage["min_duration_s"], tuple(stage.get("gates", ())))


def read_gateway(text: str) -> list[Read]:
    """Read every HTTPRoute of the ladder."""
    read = []
    for key, value in documents(text)["ConfigMap"][0]["data"].items():
        route = yaml.safe_load(value)
        if key == "rollback.yaml":
            assert [b["weight"] for b in route["spec"]["rules"][-1]["backendRefs"]] == [100, 0]
            continue
        (stage,) = noted(route).values()
        bp = {"matches" in rule: share([b["weight"] for b in rule["backendRefs"]]) for rule in route["spec"]["rules"]}
        mirror_bp = 0
        for rule in route["spec"]["rules"]:
            for f in rule.get("filters", ()):
                mirror = f["requestMirror"]
                part = mirror.get("fraction") or {"numerator": mirror.get("percent", 100), "denominator": 100}
                mirror_bp = 10_000 * part["numerator"] // part["denominator"]
        gates = tuple(stage.get("gates", ()))
        read.append(Read(stage["name"], bp[False], bp.get(True, 0), mirror_bp, stage["min_duration_s"], gates))
    return read


def read_argo(text: str) -> list[Read]:
    """Read the steps of a Rollout, with the lengths of its analyses."""
    docs = documents(text)
    rollout = docs["Rollout"][0]
    stages = list(noted(rollout).values())
    templates = docs.get("AnalysisTemplate", ())
    delays = {t["metadata"]["name"]: t["spec"]["metrics"][0].get("initialDelay", "0s") for t in templates}

    def length(analysis: dict | None) -> int:
        return max((int(delays[t["templateName"]].rstrip("s")) for t in analysis["templates"]), default=0) if analysis else 0

    strategy = rollout["spec"]["strategy"]
    if "blueGreen" in strategy:
        pre, post = (strategy["blueGreen"].get(k) for k in ("prePromotionAnalysis", "postPromotionAnalysis"))
        return [Read(s["name"], bp, 0, 0, length(a), tuple(s.get("gates", ())))
                for s, bp, a in zip(stages, (0, 10_000), (pre, post), strict=True)]
    steps = strategy["canary"].get("steps")
    if steps is None:
        watched = length(strategy["canary"].get("analysis"))
        return [Read(stages[0]["name"], 10_000, 0, 0, watched, tuple(stages[0].get("gates", ())))]
    read, audience_bp, mirror_bp = [], 0, 0
    for step in steps:
        if "setHeaderRoute" in step:
            audience_bp = 10_000 if step["setHeaderRoute"].get("match") else 0
        elif "setMirrorRoute" in step:
            mirror_bp = 100 * step["setMirrorRoute"].get("percentage", 0)
        elif "setWeight" in step:
            stage = stages[len(read)]
            gates = tuple(stage.get("gates", ()))
            read.append(Read(stage["name"], 100 * step["setWeight"], audience_bp, mirror_bp, 0, gates))
        elif "analysis" in step:
            assert {a["name"]: a.get("value") for a in step["analysis"]["args"]}["stage"] == read[-1].name
            read[-1] = read[-1]._replace(length_s=length(step["analysis"]))
        elif "pause" in step and read and "duration" in step["pause"]:
            read[-1] = read[-1]._replace(length_s=step["pause"]["duration"])
    assert not audience_bp
    assert not mirror_bp
    return read


def read_flagger(text: str) -> list[Read]:
    """Read the shape of a Canary's analysis; lengths of weighted steps are the service's, so they are annotations."""
    spec = documents(text)["Canary"][0]
    notes, analysis = list(noted(spec).values()), spec["spec"]["analysis"]
    every = int(analysis["interval"].rstrip("s"))
    gates = [tuple(n.get("gates", ())) for n in notes]
    if spec["spec"].get("skipAnalysis"):
        return [Read(notes[0]["name"], 10_000, 0, 0, 0, gates[0])]
    if "iterations" in analysis:
        mirror = 100 * analysis.get("mirrorWeight", 100) if analysis.get("mirror") else 0
        first = Read(notes[0]["name"], 0, 0, mirror, analysis["iterations"] * every, gates[0])
        rest = zip(notes[1:], gates[1:], strict=True)
        return [first, *(Read(n["name"], 10_000, 0, 0, n["min_duration_s"], g) for n, g in rest)]
    weights = analysis["stepWeights"] + ([100] if len(analysis["stepWeights"]) < len(notes) else [])
    hooks = {h["type"] for h in analysis["webhooks"]}
    assert {"confirm-traffic-increase", "rollback"} <= hooks
    assert len({h["url"] for h in analysis["webhooks"]}) == len(analysis["webhooks"])
    return [Read(n["name"], 100 * w, 0, 0, n["min_duration_s"], g) for n, w, g in zip(notes, weights, gates, strict=True)]


def read_flagd(text: str) -> list[Read]:
    """Read the rules of a flag file."""
    made = json.loads(text)
    (flag,) = made["flags"].values()
    notes = flag["metadata"]
    read = []
    for name in notes["riskml.stages"].split(","):
        rule = made["$evaluators"][name]["if"]
        in_audience = "targetingKey" not in json.dumps(rule[0]) and rule[0] is not True
        inner = rule[1] if in_audience else made["$evaluators"][name]
        variant, bp = fraction(inner)
        gates = tuple(filter(None, notes.get(f"riskml.{name}.gates", "").split(",")))
        kind = {"shadow": (0, 0, bp), "on": (0, bp, 0) if in_audience else (bp, 0, 0), "off": (0, 0, 0)}[variant]
        read.append(Read(name, *kind, notes[f"riskml.{name}.min_duration_s"], gates))
    assert fraction(made["$evaluators"]["rollback"]) == ("off", 10_000)
    return read


def fraction(rule) -> tuple[str, int]:
    """Return the variant that a rule gives, and to how many basis points of users."""
    if isinstance(rule, str):
        return rule, 10_000
    condition, then = rule["if"][:2]
    if condition is True:
        return then, 10_000
    first, second = then["fractional"][1:]
    return first[0], share([second[1], first[1]])


def read_unleash(text: str) -> list[Read]:
    """Read the requests of every stage."""
    read = []
    for row in json.loads(text)["stages"]:
        body, stage = row["request"]["body"], row["stage"]
        bp = 100 * int(body["parameters"]["rollout"])
        shares = (0, bp) if body["constraints"] else (bp, 0)
        read.append(Read(body["title"], *shares, 0, stage["min_duration_s"], tuple(stage.get("gates", ()))))
    return read


def comments(text: str) -> list[dict]:
    """Return stages from the comments of a proxy's configuration."""
    return [json.loads(line.removeprefix("# stage ")) for line in text.splitlines() if line.startswith("# stage {")]


def read_haproxy(text: str) -> list[Read]:
    """Read runtime commands of server weights, or rules of a frontend."""
    read = []
    for stage in comments(text):
        name, gates = stage["name"], tuple(stage.get("gates", ()))
        command = re.search(rf"^# {name}: set server \S+ weight (\d+); set server \S+ weight (\d+)$", text, re.MULTILINE)
        if command:
            read.append(Read(name, share([int(w) for w in command.groups()]), 0, 0, stage["min_duration_s"], gates))
            continue
        rules = re.findall(rf"use_backend \S+-canary if \{{ var\(proc.riskml_stage\) -m str {name} \}}(.*)", text)
        part = {"req.hdr" in r: int(found[1]) if (found := re.search(r"rand\(10000\) lt (\d+)", r)) else 10_000 for r in rules}
        read.append(Read(name, part.get(False, 0), part.get(True, 0), 0, stage["min_duration_s"], gates))
    return read


def read_nginx(text: str) -> list[Read]:
    """Read splits and maps."""
    splits = {}
    for var, body in re.findall(r"split_clients \S+ (\S+) \{(.*?)\}", text, re.DOTALL):
        found = re.search(r"([\d.]+)% (?:\S+-canary|on);", body)
        splits[var] = round(float(found[1]) * 100) if found else (10_000 if re.search(r"\* (\S+-canary|on);", body) else 0)
    read = []
    for i, stage in enumerate(comments(text)):
        var = re.search(rf"stage:{stage['name']} (\$\S+_{i});", text)[1]
        gates = tuple(stage.get("gates", ()))
        mirror_bp = splits.get(var.replace(f"_{i}", f"_mirror_{i}"), 0)
        shares = splits.get(var, 0), splits.get(f"{var}_share", 0), mirror_bp
        read.append(Read(stage["name"], *shares, stage["min_duration_s"], gates))
    return read


def read_envoy(text: str) -> list[Read]:
    """Read runtime keys of every stage, each of which must exist in the configuration."""
    boot = yaml.safe_load(text)
    notes = boot["node"]["metadata"]["riskml"]
    read = []
    for stage in notes["stages"]:
        keys = dict(pair.split("=") for pair in stage["runtime_modify"].partition("?")[2].split("&"))
        old, new = (int(v) for k, v in keys.items() if k.startswith("routing.traffic."))
        audience = sum(int(v) for k, v in keys.items() if k.startswith("routing.audience."))
        mirror = sum(int(v) for k, v in keys.items() if k.startswith("routing.mirror."))
        gates = tuple(stage.get("gates", ()))
        read.append(Read(stage["name"], share([old, new]), 100 * audience, 100 * mirror, stage["min_duration_s"], gates))
    return read


def read_spinnaker(text: str) -> list[Read]:
    """Read the manifests that a pipeline deploys, and how long it waits between."""
    read = []
    for step in json.loads(text)["stages"]:
        if step["type"] == "deployManifest" and step["name"] != "rollback":
            routes = [m for m in step["manifests"] if m["kind"] == "VirtualService"]
            if routes:
                read.append(virtual_service(routes[0])._replace(length_s=0))
            else:
                (stage,) = noted(step["manifests"][0]).values()
                read.append(Read(stage["name"], 10_000, 0, 0, 0, tuple(stage.get("gates", ()))))
        elif step["type"] == "wait":
            read[-1] = read[-1]._replace(length_s=step["waitTime"])
    return read


def read_kubernetes(text: str) -> list[Read]:
    """Read the one stage of a Deployment."""
    (stage,) = noted(documents(text)["Deployment"][0]).values()
    return [Read(stage["name"], stage["traffic_bp"], 0, 0, stage["min_duration_s"], tuple(stage.get("gates", ())))]


def read_json(text: str) -> list[Read]:
    """Read the plan itself."""
    return told(from_json(json.loads(text)))


READERS = {
    "flagger": read_flagger, "argo": read_argo, "istio": read_istio, "gateway-api": read_gateway, "kubernetes": read_kubernetes,
    "flagd": read_flagd, "unleash": read_unleash, "haproxy": read_haproxy, "nginx": read_nginx, "envoy": read_envoy,
    "spinnaker": read_spinnaker, "json": read_json,
}
TEXTS = sorted(p for t in READERS for p in (GOLDEN / t).glob("*.txt"))


def test_every_target_is_read_back_or_holds_no_stages():
    """No target escapes the contract."""
    assert set(READERS) | COMPANIONS == set(RENDERERS)


@pytest.mark.parametrize("path", TEXTS, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_what_was_rendered_is_read_back(path):
    """Stages, shares, lengths, audiences, mirrors and gates survive (golden texts equal what is rendered, by another test)."""
    plan = from_json(json.loads((GOLDEN / "plans" / f"{path.stem.partition('+')[0]}.json").read_text()))
    assert READERS[path.parent.name](path.read_text()) == told(plan)


@pytest.mark.parametrize("target", sorted(set(RENDERERS) - {"json"}))
def test_a_text_names_its_plan_and_digest(target):
    """An applied object can be traced to the plan, and an altered plan is found out."""
    for name in ("canary", "feature-flag", "rolling"):
        path = GOLDEN / target / f"{name}.txt"
        if path.exists():
            plan = from_json(json.loads((GOLDEN / "plans" / f"{name}.json").read_text()))
            assert plan.plan_id in path.read_text()
            assert plan.digest in path.read_text()


@pytest.mark.parametrize("target", ["istio", "gateway-api", "haproxy", "nginx", "envoy", "flagd"])
def test_a_held_plan_is_rendered_at_its_beginning(target):
    """Applying what waits for approval starts nothing: the state in force is the one before the first stage."""
    plan = from_json(json.loads((GOLDEN / "plans" / "canary-held.json").read_text()))
    held, undone = render(plan, target), render(plan, target, stage="rollback")

    def last(text: str, kind: str, rules: str) -> dict:
        return documents(text)[kind][0]["spec"][rules][-1]

    in_force = {
        "istio": lambda t: [d["weight"] for d in last(t, "VirtualService", "http")["route"]] == [100, 0],
        "gateway-api": lambda t: [b["weight"] for b in last(t, "HTTPRoute", "rules")["backendRefs"]] == [100, 0],
        "haproxy": lambda t: re.search(r"server canary \S+ weight 0$", t, re.MULTILINE),
        "nginx": lambda t: "default stage:rollback;" in t,
        "envoy": lambda t: yaml.safe_load(t)["layered_runtime"]["layers"][0]["static_layer"][
            "routing.traffic.product.product-canary"] == 0,
        "flagd": lambda t: json.loads(t)["flags"]["product"]["targeting"]["if"][1] == {"$ref": "rollback"},
    }[target]
    assert in_force(held)
    assert in_force(undone)
    assert not in_force(render(plan, target, stage="p5"))


def test_a_held_plan_waits_in_the_controllers_too():
    """Argo pauses before the first step; Flagger asks the service before it starts, or is suspended; a Deployment is paused."""
    plan = from_json(json.loads((GOLDEN / "plans" / "canary-held.json").read_text()))
    steps = documents(render(plan, "argo"))["Rollout"][0]["spec"]["strategy"]["canary"]["steps"]
    assert steps[0] == {"pause": {}}
    hooks = documents(render(plan, "flagger"))["Canary"][0]["spec"]["analysis"]["webhooks"]
    assert "confirm-rollout" in {h["type"] for h in hooks}
    stages = json.loads(render(plan, "spinnaker"))["stages"]
    assert stages[0]["type"] == "manualJudgment"
