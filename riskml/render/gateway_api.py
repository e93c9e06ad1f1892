"""Kubernetes Gateway API: an HTTPRoute for every stage.

Weights are 0..1,000,000 and an omitted one means 1, so both are always written. Mirroring a part (``fraction``) is an Extended
feature that an implementation may lack; header tests other than exact are implementation-specific.
"""

from __future__ import annotations

from typing import Any

from riskml.plan import ALL_BP, Plan, Stage
from riskml.render.condition import HeaderTest, header_tests, quoted
from riskml.render.ladder import staged
from riskml.render.refusal import refuse
from riskml.render.stages import audience, audience_bp, label, public_bp, weights

TARGET = "gateway-api"


def render(plan: Plan, *, gateway: str | None = None, hostname: str | None = None, stable: str | None = None,
           canary: str | None = None, port: int = 80, stage: str | None = None, owner: str | None = None) -> str:
    """Render the HTTPRoute of the stage in force and the ladder of stages.

    ``gateway`` is the Gateway that the route hangs on, for ``hostname`` if one is given; without a gateway it hangs on the
    Service itself, as in a mesh. ``stable`` and ``canary`` are the Services of the two versions (``NAME-stable``,
    ``NAME-canary``) at ``port``. ``stage`` puts one stage in force, ``owner`` names a controller that already writes the route.
    """
    if plan.strategy in ("rolling", "feature-flag"):
        refuse(TARGET, "not_applicable", f"a {plan.strategy} release moves no routes", where="strategy", got=plan.strategy)
    if owner is not None:
        what = f"{owner} writes the HTTPRoute; render for {owner} instead"
        refuse(TARGET, "owner_conflict", what, where="options.owner", got=owner)
    name = label(TARGET, plan.subject.service)
    backends = (stable or f"{name}-stable", canary or f"{name}-canary")
    service = {"group": "", "kind": "Service", "name": name, "port": port}
    parent = {"name": gateway} if gateway else service

    def split(share_bp: int) -> list[dict[str, Any]]:
        return [{"name": backend, "port": port, "weight": weight}
                for backend, weight in zip(backends, weights(share_bp), strict=True)]

    def spec(i: int, s: Stage | None) -> dict[str, Any]:
        rules: list[dict[str, Any]] = []
        who = audience(s) if s else None
        if s and who:
            tests = header_tests(TARGET, who, f"stages[{i - 1}]")
            rules.append({"matches": [{"headers": [_header(t)]} for t in tests], "backendRefs": split(audience_bp(s))})
        public: dict[str, Any] = {"backendRefs": split(public_bp(s) if s else 0)}
        if s and s.mirror_bp:
            public = {"filters": [_mirror(backends[1], port, s.mirror_bp)], **public}
        hosts = {"hostnames": [hostname]} if hostname else {}
        return {"parentRefs": [parent], **hosts, "rules": [*rules, public]}

    return staged(plan, TARGET, ("gateway.networking.k8s.io/v1", "HTTPRoute"), spec, stage=stage)


def _header(test: HeaderTest) -> dict[str, str]:
    if test.op == "exact":
        return {"type": "Exact", "name": test.name, "value": test.value}
    value = quoted(test.value) + ".*" if test.op == "prefix" else test.value
    return {"type": "RegularExpression", "name": test.name, "value": value}


def _mirror(backend: str, port: int, share_bp: int) -> dict[str, Any]:
    part: dict[str, Any] = {}
    if share_bp != ALL_BP:
        whole = share_bp % 100 == 0
        part = {"percent": share_bp // 100} if whole else {"fraction": {"numerator": share_bp, "denominator": ALL_BP}}
    return {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": backend, "port": port}, **part}}
