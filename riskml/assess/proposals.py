"""What would lower the risk: each proposal is tried, scored and planned before it is made."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from riskml.assess.trials import Trial, trials_of
from riskml.assess.yardstick import Yardstick
from riskml.assessment import FileShare, Proposal
from riskml.features.catalogue import extract
from riskml.features.feature import Evidence
from riskml.plan import Plan
from riskml.policy.strategies import WAYS

MOST = 3
NOTICEABLE = 0.02  # a score that falls by less, or by less than a tenth, is noise

Replan = Callable[[Trial, float], tuple[float, Plan]]
"""From a trial and the probability of what is left to the score and the plan that the same policy gives."""


def proposals_of(
    evidence: Evidence,
    shares: Sequence[FileShare],
    lossy: Sequence[str],
    score: float,
    plan: Plan,
    measure: Yardstick,
    replan: Replan,
) -> tuple[Proposal, ...]:
    """Return at most three proposals, best first: those that lift a hold, lower the strategy or lower the score noticeably.

    A score below every threshold of the policy is low enough: to lower it further is no advice. ``lossy`` names the files with
    a destructive migration.
    """
    trials = [*trials_of(evidence, shares, lossy, measure.context)]
    parts = [e for t in trials for e in (t.left, t.apart) if e is not None]
    if not parts:
        return ()
    calm = score <= min(measure.policy.thresholds, default=0.0)
    probabilities = iter(measure.scorer.probabilities([extract(e) for e in parts]))
    made = []
    for trial in trials:
        lowered, other = replan(trial, next(probabilities))
        action = trial.action
        if trial.apart is not None:
            action += f" (which by itself scores {measure.score(next(probabilities)):.2f})"
        possible = trial.flag is None or other.strategy == "feature-flag"  # what eligibility refused is no way out
        if possible and _better(score, plan, lowered, other, calm=calm):
            made.append(Proposal(action, lowered, other.strategy, traffic_of(other), bool(other.hold)))
    return tuple(sorted(made, key=lambda p: (p.held, WAYS_CAUTION[p.strategy], p.score))[:MOST])


WAYS_CAUTION: dict[str, int] = {name: way.caution for name, way in WAYS.items()}


def traffic_of(plan: Plan) -> float | None:
    """Return where a plan starts, in percent, if its strategy shows the new version to a part of the users first."""
    return None if plan.strategy in ("full", "rolling", "blue-green") else plan.initial_traffic_bp / 100


def _better(score: float, plan: Plan, lowered: float, other: Plan, *, calm: bool) -> bool:
    mine, then = WAYS_CAUTION[plan.strategy], WAYS_CAUTION[other.strategy]
    if plan.hold and not other.hold and then <= mine:
        return True  # a hold is worse than a score that rises a little, as it does when tests make a change longer
    if lowered > score:
        return False
    return then < mine or (not calm and score - lowered >= max(NOTICEABLE, 0.1 * score))
