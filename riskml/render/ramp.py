"""The plan of a decision alone, as JSON: the stages, gates and limits that a deploy job follows."""

from __future__ import annotations

import json

from riskml.render.wording import Decision


def render(decision: Decision) -> str:
    """Show the plan of a decision, the object that ``POST /predict`` answers, exactly as it was decided.

    >>> print(render({"plan": {"strategy": "canary"}}))
    {
      "strategy": "canary"
    }
    <BLANKLINE>
    """
    return json.dumps(decision.get("plan") or {}, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
