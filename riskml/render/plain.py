"""The plan itself, as JSON: every target that is not here can be built on it."""

from __future__ import annotations

import json

from riskml.plan import Plan, to_json

TARGET = "json"


def render(plan: Plan) -> str:
    """Render the plan as indented JSON with its digest; ``riskml.plan.from_json`` reads it back."""
    return json.dumps(to_json(plan), indent=2, ensure_ascii=False) + "\n"
