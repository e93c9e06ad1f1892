"""The use case: a change, its history and its tests in; probability, reasons and a release plan out. Gathers nothing itself."""

from riskml.assess.assess import assess, assess_features
from riskml.assess.judge import Decision, judge, judge_features
from riskml.assess.wire import to_wire

__all__ = ["Decision", "assess", "assess_features", "judge", "judge_features", "to_wire"]
