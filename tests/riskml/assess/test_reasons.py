"""Which of the features that moved a margin are told as reasons."""

from __future__ import annotations

from riskml.assess.reasons import MOST, reasons_of
from riskml.assess.yardstick import Yardstick
from riskml.assessment import ModelRef, Scored
from riskml.context import ServiceContext
from riskml.policy.policy import default_policy


class Weighing:
    """A model that is never asked: its answer is at hand."""

    ref = ModelRef("weighing", "1", 1, "0" * 64)
    base_rate = 0.5
    feature_names = ("la",)

    def training_percentile(self, _feature: str, _value: float) -> float | None:
        """Know nothing."""
        return None


def told(**contributions: float) -> list[str]:
    """Names of the reasons, all features having the value 1."""
    scored = Scored(0.5, 0.0, 0.0, contributions, 0.4, 0.6)
    measure = Yardstick(Weighing(), default_policy(), ServiceContext())
    return [reason.feature for reason in reasons_of(dict.fromkeys(contributions, 1.0), scored, measure, None)]


def test_of_the_repository_as_a_whole_only_the_strongest_is_told():
    """Several windows of one thing would push out what the author of a change can act on."""
    assert told(repo_revisits_7d=0.5, la=0.1, repo_revisits_30d=-0.6, repo_fix_share_90d=0.4, nf=-0.2) == [
        "repo_revisits_30d", "nf", "la"]


def test_what_hardly_moves_the_margin_is_no_reason():
    """Neither is more than fits the eye."""
    names = ("la", "ld", "nf", "ns", "nd", "entropy", "nuc", "age", "ndev", "hunks")

    assert told(la=0.009, ld=-0.02) == ["ld"]
    assert len(told(**dict.fromkeys(names, 0.3))) == MOST == 8
