"""A decision as a dotenv file: ``RISKML_STRATEGY=canary``, for GitLab's ``artifacts:reports:dotenv``, Jenkins and shells.

Each value is one word that no shell expands (see ``facts``), so the file may be sourced as well as parsed. GitLab allows
neither blank lines nor comments, and 5 KiB in all.
"""

from __future__ import annotations

from riskml.render.facts import facts
from riskml.render.wording import Decision


def render(decision: Decision) -> str:
    """Show a decision, the object that ``POST /predict`` answers, as one variable a line.

    >>> print(render({"strategy": "canary", "initial_traffic": 1, "band": "high"}).splitlines()[3])
    RISKML_INITIAL_TRAFFIC_PERCENT=1
    """
    return "".join(f"RISKML_{name.upper().replace('-', '_')}={value}\n" for name, value in facts(decision).items())
