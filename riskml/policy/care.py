"""How careful a plan is, in four numbers that can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import NamedTuple

from riskml.plan import ALL_BP, Plan, Stage
from riskml.policy.stages import first_share


class Care(NamedTuple):
    """How wide, how fast and how watched a release is.

    ``first_bp`` is the first share of users that meets the new version; ``everybody_after_s`` how long it takes at least
    until all do; ``watched_s`` how much of that time gates are judged (both infinite when nobody is ever reached); ``asked``
    whether a person is asked first.
    """

    first_bp: int
    everybody_after_s: float
    watched_s: float
    asked: bool

    def at_least(self, other: Care) -> bool:
        """Return whether this is not wider, not faster, not less watched, and asks a person if the other does."""
        return (
            self.first_bp <= other.first_bp
            and self.everybody_after_s >= other.everybody_after_s
            and self.watched_s >= other.watched_s
            and self.asked >= other.asked
        )


def care_of(plan: Plan) -> Care:
    """Return how careful a plan is."""
    return care_of_stages(plan.stages)


def care_of_stages(stages: Sequence[Stage]) -> Care:
    """Return how careful a sequence of stages is.

    >>> care_of_stages((Stage("preview", 0, 300, gates=("err",)), Stage("switch", 10000, 0)))
    Care(first_bp=10000, everybody_after_s=300, watched_s=300, asked=False)
    """
    before = [s for s in stages if s.traffic_bp < ALL_BP]
    everybody = len(before) < len(stages)
    return Care(
        first_share(stages),
        sum(s.min_duration_s for s in before) if everybody else inf,
        sum(s.min_duration_s for s in before if s.gates) if everybody else inf,
        any(s.approval == "manual" for s in before) or stages[0].approval == "manual",
    )
