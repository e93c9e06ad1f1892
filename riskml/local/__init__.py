"""A repository on this machine, judged: git, mined history, artifact and policy wired together."""

from riskml.local.predict import predict_release_risk
from riskml.local.scorers import bundled_scorer, scorer_from
from riskml.local.workspace import POLICY_PATH, Past, Workspace

__all__ = ["POLICY_PATH", "Past", "Workspace", "bundled_scorer", "predict_release_risk", "scorer_from"]
