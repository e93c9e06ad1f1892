"""A decision as the outputs of a GitHub Actions step: append it to the file that ``$GITHUB_OUTPUT`` names.

Each value stands between two lines of a delimiter that nobody can know when the change is written: it is a hash over the values
and over the decision's id, which is drawn at random when the change is judged. A value could hold no line end anyway.
"""

from __future__ import annotations

import hashlib

from riskml.render.facts import facts
from riskml.render.wording import Decision


def render(decision: Decision) -> str:
    """Show a decision, the object that ``POST /predict`` answers, as ``name<<delimiter``, value, delimiter.

    >>> [line[:17] for line in render({"strategy": "canary", "band": "high"}).splitlines()[6:8]]
    ['strategy<<riskml_', 'canary']
    """
    found = facts(decision)
    told = "\0".join((str(decision.get("id")), *found.values()))
    delimiter = "riskml_" + hashlib.sha256(told.encode("utf-8", "surrogateescape")).hexdigest()[:32]
    return "".join(f"{name}<<{delimiter}\n{value}\n{delimiter}\n" for name, value in found.items())
