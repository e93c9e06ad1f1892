"""The shape of a plan: what a rule asks for, and the stages that it means for a service's traffic."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from riskml.plan import ALL_BP, Stage, Strategy
from riskml.policy.file import StageText
from riskml.policy.policy import Policy, Rule, basis_points
from riskml.policy.ramp import cheapest_ladder
from riskml.policy.stages import Traffic, first_share, ladder, mirror_stages, preview_stages, ramp_stages, written_stages

SHARED: tuple[Strategy, ...] = ("canary", "feature-flag")  # the ways that show the new version to a part of the users


class Wanted(NamedTuple):
    """What a rule, or an override, asks for, before anything is known to be possible."""

    strategy: Strategy
    first_bp: int | None
    stages: tuple[StageText, ...] = ()
    optimise: bool = False


def wanted_of(rule: Rule) -> Wanted:
    """Return what a rule asks for."""
    return Wanted(rule.strategy, rule.initial_bp, rule.stages, rule.ramp == "optimise")


def replacement(strategy: Strategy, wanted: Wanted, policy: Policy, traffic: Traffic) -> Wanted:
    """Return what stands in for a way that is not possible, so that the order of caution among the policy's rules is kept.

    Between canary and feature flag the shares stay. What was less careful gets the policy's least careful ladder, what was more
    careful (a dark launch) its most careful one; a policy without any gets its default ladder.
    """
    if strategy not in SHARED or wanted.strategy in SHARED:
        return wanted._replace(strategy=strategy)
    ladders = [wanted_of(r) for r in policy.rules if r.strategy in SHARED]
    if not ladders:
        return Wanted(strategy, basis_points(policy.text.stages[0], "stages[0]"))

    def caution(other: Wanted) -> tuple[int, int]:
        stages = stages_of(other, 1.0, policy, traffic, ())
        return -first_share(stages), sum(s.min_duration_s for s in stages if s.traffic_bp < ALL_BP)

    chosen = max(ladders, key=caution) if wanted.strategy == "dark-launch" else min(ladders, key=caution)
    return chosen._replace(strategy=strategy)


def stages_of(wanted: Wanted, score: float, policy: Policy, traffic: Traffic, gates: tuple[str, ...]) -> tuple[Stage, ...]:
    """Return the stages of what is wanted, for this much traffic."""
    if wanted.strategy in ("full", "rolling"):
        return (Stage("all", ALL_BP, 0),)
    if wanted.strategy == "blue-green":
        return preview_stages(traffic, gates)
    first = wanted.first_bp or basis_points(policy.text.stages[0], "stages[0]")
    if wanted.strategy == "dark-launch":
        return mirror_stages(first, traffic, gates)
    floor = traffic.smallest_share() or 1
    if wanted.stages:
        return written_stages(wanted.stages, first, floor, traffic, gates)
    shares = ladder(first, policy.text.stages, floor)
    if wanted.optimise:
        shares = cheapest_ladder(shares, score, traffic, policy.text.ramp_cost)
    return ramp_stages(shares, traffic, gates)


def waits(stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
    """Return the stages with a first one that waits for a person."""
    return (replace(stages[0], approval="manual"), *stages[1:])
