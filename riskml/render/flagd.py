"""flagd (OpenFeature): one flag whose targeting names the stage in force, and a reusable rule for every stage.

Shares are per user and sticky: ``fractional`` hashes flag key and targeting key, and with ``on`` as the first bucket whoever
was in stays in as the share grows. Users without a targeting key would all land in one bucket, so they get ``off`` until
everyone gets ``on``. flagd-core 2 hashes otherwise than earlier generations did: do not upgrade an SDK in the middle of a ramp.
"""

from __future__ import annotations

import json
from typing import Any

from riskml.plan import ALL_BP, Audience, Match, Plan, Stage
from riskml.render.refusal import refuse
from riskml.render.stages import ROLLBACK, audience, audience_bp, in_force, weights

TARGET = "flagd"
SCHEMA = "https://flagd.dev/schema/v0/flags.json"
STRATEGIES = ("full", "canary", "feature-flag", "dark-launch")
COMPARE = {"exact": "==", "prefix": "starts_with", "suffix": "ends_with"}

Rule = dict[str, Any]


def render(plan: Plan, *, flag: str | None = None, stage: str | None = None) -> str:
    """Render a flag file: ``flag`` is the flag's key (the service's name), ``stage`` puts one stage in force.

    The variants are ``on`` and ``off`` with true and false; a dark launch has texts, and a third one, ``shadow``: run the new
    code and throw its answer away. A named segment is looked for in the evaluation context's attribute ``segment``. To go on,
    let ``targeting`` name the next rule; ``rollback`` is one of them.
    """
    if plan.strategy not in STRATEGIES:
        what = "a flag chooses code inside one version"
        refuse(TARGET, "unsupported_strategy", what, where="strategy", got=plan.strategy)
    dark = any(s.mirror_bp for s in plan.stages)
    now = in_force(plan, stage)
    rules = {s.name: _rule(i, s) for i, s in enumerate(plan.stages)}
    notes: dict[str, str | int] = {"riskml.plan_id": plan.plan_id, "riskml.plan_digest": plan.digest,
                                   "riskml.stages": ",".join(s.name for s in plan.stages)}
    for s in plan.stages:
        notes[f"riskml.{s.name}.min_duration_s"] = s.min_duration_s
        if s.gates:
            notes[f"riskml.{s.name}.gates"] = ",".join(s.gates)
    made = {
        "state": "ENABLED",
        "variants": {"on": "on", "shadow": "shadow", "off": "off"} if dark else {"on": True, "off": False},
        "defaultVariant": "off",
        "targeting": {"if": [True, {"$ref": now.name if now else ROLLBACK}, "off"]},  # a reference must not stand alone
        "metadata": notes,
    }
    evaluators = {**rules, ROLLBACK: _always("off")}
    return json.dumps({"$schema": SCHEMA, "$evaluators": evaluators, "flags": {flag or plan.subject.service: made}},
                      indent=2, ensure_ascii=False) + "\n"


def _rule(i: int, stage: Stage) -> Rule:
    who = audience(stage)
    if stage.mirror_bp:
        if stage.traffic_bp or who:
            what = "a flag gives one variant: shadow traffic or real traffic"
            refuse(TARGET, "unsupported_stage", what, where=f"stages[{i}].mirror_bp", got=stage.mirror_bp)
        return _split("shadow", stage.mirror_bp)
    if who is None:
        return _split("on", stage.traffic_bp)
    tests = _tests(who, f"stages[{i}].audience")
    inside = tests[0] if len(tests) == 1 else {"or": tests}
    share = audience_bp(stage)
    return {"if": [inside, "on" if share == ALL_BP else _split("on", share), "off"]}


def _split(variant: str, share_bp: int) -> Rule:
    if share_bp in (0, ALL_BP):
        return _always(variant if share_bp else "off")
    off, on = weights(share_bp)
    key = {"cat": [{"var": "$flagd.flagKey"}, {"var": "targetingKey"}]}
    return {"if": [{"!=": [{"var": "targetingKey"}, None]}, {"fractional": [key, [variant, on], ["off", off]]}, "off"]}


def _always(variant: str) -> Rule:
    return {"if": [True, variant, variant]}


def _tests(who: Audience, where: str) -> list[Rule]:
    tests = [_test(m, f"{where}.match_any[{i}]") for i, m in enumerate(who.match_any) if m.kind == "attribute"]
    if who.segment != "everyone":
        return [{"==": [{"var": "segment"}, who.segment]}, *tests]
    if len(tests) < len(who.match_any):
        kinds = [m.kind for m in who.match_any]
        what = "a flag sees attributes of users, not headers"
        refuse(TARGET, "audience_unsupported", what, where=f"{where}.match_any", got=kinds)
    return tests


def _test(match: Match, where: str) -> Rule:
    if match.op not in COMPARE:
        refuse(TARGET, "audience_unsupported", "flagd has no regular expressions", where=f"{where}.op", got=match.op)
    return {COMPARE[match.op]: [{"var": match.name}, match.value]}
