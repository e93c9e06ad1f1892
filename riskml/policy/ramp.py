"""``ramp: optimise``: of the ladders that start at the rule's share, the one with the least expected harm and delay.

Expected cost, in hours of full exposure: ``score × harm(ladder) + delay × length(ladder)``. Harm counts the share of users
while a degradation of the detectable ratio goes unseen: each stage sees it with the policy's power, after 1.3 times the sample
of one look (the median of the sequential test), then the rollback takes its time; unseen, it goes on to the next stage, and
after the last one to everybody for one longest stage. As the score grows, the ladder chosen never gets shorter: of two ladders
the longer one wins by its harm, and its advantage grows with the score.
"""

from __future__ import annotations

from collections.abc import Sequence

from riskml.policy.file import RampCost
from riskml.policy.sample import SEQUENTIAL
from riskml.policy.stages import Traffic

MEDIAN_LOOK = 1.3  # detection takes 1.2 to 1.4 times the sample of one look, in the median


def cheapest_ladder(shares: Sequence[int], score: float, traffic: Traffic, cost: RampCost) -> tuple[int, ...]:
    """Return the ladder, from the whole one down to its first share alone, whose expected cost is least; ties: the longer."""
    candidates = [(shares[0], *shares[i:]) for i in range(1, len(shares) + 1)]
    longest_first = sorted(candidates, key=lambda c: -_hours(c, traffic))
    return min(longest_first, key=lambda c: score * expected_harm(c, traffic, cost) + cost.delay * _hours(c, traffic))


def expected_harm(shares: Sequence[int], traffic: Traffic, cost: RampCost) -> float:
    """Return the hours of full exposure that a harmful release costs on this ladder."""
    undetected, harm = 1.0, 0.0
    power = traffic.sample.power
    for share in shares:
        length = traffic.length(share)
        seen_after = length * MEDIAN_LOOK / SEQUENTIAL + cost.rollback_s
        harm += undetected * share / 10_000 * (power * min(seen_after, length + cost.rollback_s) + (1 - power) * length)
        undetected *= 1 - power
    return (harm + undetected * traffic.timing.max_stage_s) / 3600


def _hours(shares: Sequence[int], traffic: Traffic) -> float:
    return sum(traffic.length(s) for s in shares) / 3600
