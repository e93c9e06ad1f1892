"""Envoy: a bootstrap whose shares are runtime keys, and in ``node.metadata`` the keys of every stage.

``POST /runtime_modify?KEY=VALUE&…`` on the admin port puts a stage in force at once. An integer runtime value for a fractional
percent is a percent of 100, whatever denominator the configuration names (measured), so mirrors and shares of an audience are
whole percents; weights of clusters may have any sum.
"""

from __future__ import annotations

from typing import Any

from riskml import document
from riskml.plan import Plan, Stage
from riskml.render.address import split_address
from riskml.render.condition import HeaderTest, header_tests
from riskml.render.manifest import dump, headline
from riskml.render.refusal import refuse
from riskml.render.stages import ROLLBACK, audience, audience_bp, in_force, label, public_bp, weights, whole_percent

TARGET = "envoy"
_TYPES = "type.googleapis.com/envoy.extensions.filters"


def render(plan: Plan, *, listen: str = "127.0.0.1:8080", admin: str = "127.0.0.1:9901", stable: str = "127.0.0.1:8081",
           canary: str = "127.0.0.1:8082", stage: str | None = None) -> str:
    """Render a bootstrap that listens on ``listen``, and for commands on ``admin``.

    ``stable`` and ``canary`` are the addresses of the two versions; ``stage`` puts one stage in force.
    """
    if plan.strategy in ("rolling", "feature-flag"):
        refuse(TARGET, "not_applicable", f"a {plan.strategy} release moves no traffic", where="strategy", got=plan.strategy)
    name = label(TARGET, plan.subject.service)
    ladder = {ROLLBACK: _keys(plan, name, None), **{s.name: _keys(plan, name, s) for s in plan.stages}}
    now = in_force(plan, stage)
    stages = [{**document.write(s), "runtime_modify": _query(ladder[s.name])} for s in plan.stages]
    gates = [document.write(g) for g in plan.gates]
    notes = {"plan_id": plan.plan_id, "plan_digest": plan.digest, "stages": stages, "gates": gates,
             ROLLBACK: {"runtime_modify": _query(ladder[ROLLBACK])}}
    hosts = [{"name": name, "domains": ["*"], "routes": list(_routes(plan, name))}]
    manager = {
        "@type": f"{_TYPES}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": name,
        "route_config": {"name": name, "virtual_hosts": hosts},
        "http_filters": [{"name": "envoy.filters.http.router", "typed_config": {"@type": f"{_TYPES}.http.router.v3.Router"}}],
    }
    filters = [{"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}]
    listener = {"name": name, "address": _socket("listen", listen), "filter_chains": [{"filters": filters}]}
    clusters = [_cluster(f"{name}-stable", _socket("stable", stable)), _cluster(f"{name}-canary", _socket("canary", canary))]
    keys = dict(ladder[now.name if now else ROLLBACK])
    layers = [{"name": "riskml", "static_layer": keys}, {"name": "admin", "admin_layer": {}}]
    bootstrap = {
        "node": {"id": name, "cluster": name, "metadata": {"riskml": notes}},
        "admin": {"address": _socket("admin", admin)},
        "layered_runtime": {"layers": layers},
        "static_resources": {"listeners": [listener], "clusters": clusters},
    }
    return f"# {headline(plan, TARGET)}\n" + dump(bootstrap)


def _keys(plan: Plan, name: str, now: Stage | None) -> dict[str, int]:
    """Return every runtime key of the ladder with its value in one stage (``None``: before the first)."""
    old, new = weights(public_bp(now) if now else 0)
    keys = {f"routing.traffic.{name}.{name}-stable": old, f"routing.traffic.{name}.{name}-canary": new}
    for i, s in enumerate(plan.stages):
        if audience(s):
            share = whole_percent(TARGET, audience_bp(s), f"stages[{i}].traffic_bp")
            keys[f"routing.audience.{name}.{s.name}"] = share if s is now else 0
    if any(s.mirror_bp for s in plan.stages):
        keys[f"routing.mirror.{name}"] = 0
        if now and now.mirror_bp:
            where = f"stages[{plan.stages.index(now)}].mirror_bp"
            keys[f"routing.mirror.{name}"] = whole_percent(TARGET, now.mirror_bp, where)
    return keys


def _query(keys: dict[str, int]) -> str:
    return "/runtime_modify?" + "&".join(f"{k}={v}" for k, v in keys.items())


def _routes(plan: Plan, name: str) -> list[dict[str, Any]]:
    routes = []
    for i, s in enumerate(plan.stages):
        who = audience(s)
        for test in header_tests(TARGET, who, f"stages[{i}]") if who else ():
            open_to = {"default_value": {"numerator": 0}, "runtime_key": f"routing.audience.{name}.{s.name}"}
            match = {"prefix": "/", "headers": [_header(test)], "runtime_fraction": open_to}
            routes.append({"match": match, "route": {"cluster": f"{name}-canary"}})
    split: dict[str, Any] = {"weighted_clusters": {"runtime_key_prefix": f"routing.traffic.{name}", "clusters": [
        {"name": f"{name}-stable", "weight": 100}, {"name": f"{name}-canary", "weight": 0}]}}
    if any(s.mirror_bp for s in plan.stages):
        copied = {"default_value": {"numerator": 0}, "runtime_key": f"routing.mirror.{name}"}
        split["request_mirror_policies"] = [{"cluster": f"{name}-canary", "runtime_fraction": copied}]
    return [*routes, {"match": {"prefix": "/"}, "route": split}]


def _header(test: HeaderTest) -> dict[str, Any]:
    how = {"safe_regex": {"regex": test.value}} if test.op == "regex" else {test.op: test.value}
    return {"name": test.name, "string_match": how}


def _cluster(name: str, address: dict[str, Any]) -> dict[str, Any]:
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": address}}]}]
    return {"name": name, "type": "STRICT_DNS", "connect_timeout": "5s",
            "load_assignment": {"cluster_name": name, "endpoints": endpoints}}


def _socket(option: str, value: str) -> dict[str, Any]:
    host, port = split_address(option, value)
    return {"socket_address": {"address": host, "port_value": port}}
