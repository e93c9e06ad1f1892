"""Istio: a DestinationRule with two subsets, and a VirtualService for every stage.

Weights are relative int32 (istio/api networking/v1): percents where whole, else basis points. The mirror percentage is a
double.
"""

from __future__ import annotations

from typing import Any

from riskml.plan import Plan, Stage
from riskml.render.condition import HeaderTest, header_tests
from riskml.render.ladder import staged
from riskml.render.manifest import resource
from riskml.render.refusal import refuse
from riskml.render.stages import audience, audience_bp, label, public_bp, weights

TARGET = "istio"


def render(plan: Plan, *, host: str | None = None, stable: str = "stable", canary: str = "canary", label_key: str = "version",
           stage: str | None = None, owner: str | None = None) -> str:
    """Render the objects of the stage in force and the ladder of stages.

    ``host`` is the service's host (the service's name), ``stable`` and ``canary`` the values of the pod label ``label_key``
    that tells the versions apart and the names of the subsets, ``stage`` puts one stage in force, ``owner`` names a controller
    that already writes the VirtualService.
    """
    if plan.strategy in ("rolling", "feature-flag"):
        refuse(TARGET, "not_applicable", f"a {plan.strategy} release moves no routes", where="strategy", got=plan.strategy)
    if owner is not None:
        what = f"{owner} writes the VirtualService; render for {owner} instead"
        refuse(TARGET, "owner_conflict", what, where="options.owner", got=owner)
    name = label(TARGET, plan.subject.service)
    host = host or name
    subsets = [{"name": v, "labels": {label_key: v}} for v in (stable, canary)]
    rule = resource(plan, ("networking.istio.io/v1", "DestinationRule"), name, {"host": host, "subsets": subsets})

    def split(share_bp: int) -> list[dict[str, Any]]:
        return [{"destination": {"host": host, "subset": subset}, "weight": weight}
                for subset, weight in zip((stable, canary), weights(share_bp), strict=True)]

    def spec(i: int, s: Stage | None) -> dict[str, Any]:
        routes: list[dict[str, Any]] = []
        who = audience(s) if s else None
        if s and who:
            tests = header_tests(TARGET, who, f"stages[{i - 1}]")
            routes.append({"name": f"audience-{s.name}", "match": [_match(t) for t in tests], "route": split(audience_bp(s))})
        public: dict[str, Any] = {"name": "everyone", "route": split(public_bp(s) if s else 0)}
        if s and s.mirror_bp:
            public |= {"mirror": {"host": host, "subset": canary}, "mirrorPercentage": {"value": s.mirror_bp / 100}}
        return {"hosts": [host], "http": [*routes, public]}

    return staged(plan, TARGET, ("networking.istio.io/v1", "VirtualService"), spec, stage=stage, before=(rule,))


def _match(test: HeaderTest) -> dict[str, Any]:
    return {"headers": {test.name: {test.op: test.value}}}
