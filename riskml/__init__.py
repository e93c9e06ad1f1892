"""riskml: how risky a software change is to release, and how to release it.

>>> from riskml import optimize_release_plan
>>> optimize_release_plan({"score": 0.82})
{'strategy': 'canary', 'initial_traffic': 1}
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from riskml.local import Workspace as Workspace
    from riskml.local import predict_release_risk as predict_release_risk
    from riskml.policy.founding import optimize_release_plan as optimize_release_plan

__all__ = ["Workspace", "optimize_release_plan", "predict_release_risk"]

_HOMES = {
    "Workspace": "riskml.local", "predict_release_risk": "riskml.local", "optimize_release_plan": "riskml.policy.founding",
}


def __getattr__(name: str) -> object:
    """Load a public name when it is first asked for, so that ``import riskml`` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has: {', '.join(__all__)}")
    from importlib import import_module  # only on the way to something else that is imported

    return getattr(import_module(_HOMES[name]), name)
