"""Unleash: the Admin API requests that open each stage, and the one that undoes them.

A ``flexibleRollout`` takes whole percents, and its parameters are strings. Constraints of a strategy are joined by "and", the
values of one constraint by "or".
"""

from __future__ import annotations

import json
import re
from typing import Any

from riskml import document
from riskml.plan import Audience, Plan, Stage
from riskml.render.refusal import refuse
from riskml.render.stages import ROLLBACK, audience, audience_bp, whole_percent

TARGET = "unleash"
STRATEGIES = ("full", "canary", "feature-flag")
COMPARE = {"exact": "IN", "prefix": "STR_STARTS_WITH", "suffix": "STR_ENDS_WITH"}

_PLAIN = re.compile(r"[A-Za-z0-9._~-]+")


def render(plan: Plan, *, project: str = "default", flag: str | None = None, environment: str | None = None) -> str:
    """Render one request a stage.

    ``flag`` is the flag's name (the service's), ``project`` holds it, ``environment`` is the plan's, else ``production``.

    The first request creates the strategy and answers with its id, which the later ones carry in place of ``{strategyId}``. A
    named segment is compared with the context field ``segment``.
    """
    if plan.strategy not in STRATEGIES:
        code = "mirror_unsupported" if plan.strategy == "dark-launch" else "unsupported_strategy"
        refuse(TARGET, code, "a flag is on or off for a user", where="strategy", got=plan.strategy)
    flag = flag or plan.subject.service
    environment = environment or plan.subject.environment or "production"
    for where, text in (("options.project", project), ("options.flag", flag), ("options.environment", environment)):
        if not _PLAIN.fullmatch(text):
            refuse(TARGET, "invalid_name", "not a name that fits a path (letters, digits, . _ ~ -)", where=where, got=text)
    base = f"/api/admin/projects/{project}/features/{flag}/environments/{environment}"
    stages = []
    for i, stage in enumerate(plan.stages):
        if stage.mirror_bp:
            what = "a flag copies no traffic"
            refuse(TARGET, "mirror_unsupported", what, where=f"stages[{i}].mirror_bp", got=stage.mirror_bp)
        method, path = ("PUT", f"{base}/strategies/{{strategyId}}") if i else ("POST", f"{base}/strategies")
        request = {"method": method, "path": path, "body": _body(i, stage, flag)}
        stages.append({"stage": document.write(stage), "request": request})
    undo = {"method": "POST", "path": f"{base}/off"}
    made = {"plan_id": plan.plan_id, "plan_digest": plan.digest, "gates": [document.write(g) for g in plan.gates],
            "enable": {"method": "POST", "path": f"{base}/on"}, "stages": stages, ROLLBACK: undo}
    return json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def _body(i: int, stage: Stage, flag: str) -> dict[str, Any]:
    who = audience(stage)
    share = whole_percent(TARGET, audience_bp(stage) if who else stage.traffic_bp, f"stages[{i}].traffic_bp")
    parameters = {"rollout": str(share), "stickiness": "default", "groupId": flag}
    constraints = [_constraint(who, f"stages[{i}].audience")] if who else []
    return {"name": "flexibleRollout", "title": stage.name, "parameters": parameters, "constraints": constraints}


def _constraint(who: Audience, where: str) -> dict[str, Any]:
    if who.segment != "everyone" and not any(m.kind == "attribute" for m in who.match_any):
        return {"contextName": "segment", "operator": "IN", "values": [who.segment]}
    kinds = {(m.kind, m.name, m.op) for m in who.match_any}
    kind, name, op = next(iter(kinds))
    if len(kinds) > 1 or kind != "attribute" or op not in COMPARE or who.segment != "everyone":
        what = "Unleash joins constraints by 'and': give one segment, or one attribute compared in one way, without regex"
        refuse(TARGET, "audience_unsupported", what, where=f"{where}.match_any", got=sorted(kinds))
    return {"contextName": name, "operator": COMPARE[op], "values": [m.value for m in who.match_any]}
