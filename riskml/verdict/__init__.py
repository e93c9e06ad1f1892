"""Is this stage good enough to go on? Statistics of a canary that may be looked at after every minute."""

from riskml.verdict.judge import judge_stage
from riskml.verdict.observation import Observation, read_observations
from riskml.verdict.verdict import Evidence, Verdict, to_wire

__all__ = ["Evidence", "Observation", "Verdict", "judge_stage", "read_observations", "to_wire"]
