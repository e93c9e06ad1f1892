"""The shape of a plan: what a rule asks for, and the stages that it means for a service's traffic."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from riskml.plan import ALL_BP, Stage, Strategy
from riskml.policy.care import Care, care_of_stages
from riskml.policy.file import StageText
from riskml.policy.policy import Policy, Rule, basis_points
from riskml.policy.ramp import cheapest_ladder
from riskml.policy.stages import Traffic, ladder, mirror_stages, preview_stages, ramp_stages, written_stages

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


def stand_in(
    strategy: Strategy, wanted: Wanted, score: float, policy: Policy, traffic: Traffic, gates: tuple[str, ...]
) -> tuple[Stage, ...]:
    """Return the stages of the way that stands in for one that is not possible, keeping the order of caution among the rules.

    Between canary and feature flag the shares stay. What was less careful gets the least careful ladder of the policy, what was
    more careful (a dark launch) the most careful one; where none of them is, one is made that is. A policy without ladders gets
    its default one.
    """
    if strategy not in SHARED or wanted.strategy in SHARED:
        return stages_of(wanted._replace(strategy=strategy), score, policy, traffic, gates)
    ladders = [stages_of(wanted_of(r), score, policy, traffic, gates) for r in policy.rules if r.strategy in SHARED]
    if not ladders:
        return stages_of(Wanted(strategy, None), score, policy, traffic, gates)
    cares = [care_of_stages(ladder)._replace(asked=False) for ladder in ladders]
    most = wanted.strategy == "dark-launch"
    for stages, care in zip(ladders, cares, strict=True):
        if all(care.at_least(other) if most else other.at_least(care) for other in cares):
            return stages
    return _join(ladders, cares) if most else _meet(ladders, cares, gates)


def _meet(ladders: list[tuple[Stage, ...]], cares: list[Care], gates: tuple[str, ...]) -> tuple[Stage, ...]:
    """Return a ladder no more careful than any of these: their widest first share, as long as their shortest."""
    firsts = (next(s for s in stages if s.traffic_bp) for stages in ladders)
    widest = max(firsts, key=lambda s: s.traffic_bp)
    length = int(min(care.everybody_after_s for care in cares))
    longest = None if widest.max_duration_s is None else max(widest.max_duration_s, length)
    stage = replace(widest, min_duration_s=length, max_duration_s=longest, audience=None, gates=gates, approval="automatic")
    return (stage, Stage("all", ALL_BP, 0))


def _join(ladders: list[tuple[Stage, ...]], cares: list[Care]) -> tuple[Stage, ...]:
    """Return a ladder as careful as all of these: that with the smallest first share, stretched to the longest."""
    at = min(range(len(ladders)), key=lambda i: cares[i].first_bp)
    missing = int(max(c.everybody_after_s for c in cares) - cares[at].watched_s)

    def stretched(stage: Stage) -> Stage:
        if stage.traffic_bp != cares[at].first_bp or not stage.gates:
            return stage
        longest = None if stage.max_duration_s is None else stage.max_duration_s + missing
        return replace(stage, min_duration_s=stage.min_duration_s + missing, max_duration_s=longest)

    return tuple(stretched(stage) for stage in ladders[at])


def waits(stages: tuple[Stage, ...]) -> tuple[Stage, ...]:
    """Return the stages with a first one that waits for a person."""
    return (replace(stages[0], approval="manual"), *stages[1:])
