"""The use case: a change, its history and its tests in; probability, reasons and a release plan out. Gathers nothing itself."""

from riskml.assess.assess import assess, assess_features
from riskml.assess.judge import Decision, judge, judge_features
from riskml.assess.release import Release, ReleaseDecision, judge_release
from riskml.assess.release_wire import release_to_wire
from riskml.assess.unit import Unit, effects_of, unit_of
from riskml.assess.unread import notes_on_unread
from riskml.assess.wire import to_wire
from riskml.assess.yardstick import Yardstick

__all__ = [
    "Decision", "Release", "ReleaseDecision", "Unit", "Yardstick", "assess", "assess_features", "effects_of", "judge",
    "judge_features", "judge_release", "notes_on_unread", "release_to_wire", "to_wire", "unit_of",
]
