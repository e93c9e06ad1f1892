"""What is possible before what is preferred: each check names the ways of releasing that it rules out, and why.

The checks look at the service and at what the change is, never at the score; so the way that replaces a refused one keeps the
order of caution, and a higher score still never gives a less careful plan.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from riskml.plan import Strategy
from riskml.policy.facts import Facts
from riskml.policy.file import Eligibility
from riskml.policy.stages import Traffic
from riskml.policy.strategies import WAYS


@dataclass(frozen=True, slots=True)
class Check:
    """One check: when it applies, what it then rules out, why, and what would lift it."""

    name: str
    applies: Callable[[Facts, Traffic], bool]
    rules_out: tuple[Strategy, ...]
    why: str
    remedy: str


CHECKS: tuple[Check, ...] = (
    Check("destructive_migration", lambda facts, _: facts.destructive_migration is True,
          ("rolling", "canary", "dark-launch"),
          "a destructive migration breaks the old version while both run, and a rollback cannot bring the data back",
          "expand first, contract in a later release; or put the new code behind a flag"),
    Check("mesh", lambda facts, _: not facts.context.mesh, ("canary", "dark-launch"),
          "without a mesh or router no share of the traffic can be set", "a router that takes weights, or a flag service"),
    Check("flags", lambda facts, _: not facts.context.flags, ("feature-flag",), "there is no flag service", "a flag service"),
    Check("stateful", lambda facts, _: facts.context.stateful, ("blue-green", "dark-launch"),
          "a stateful service cannot be doubled: two copies would write the same state", "state moved out of the service"),
    Check("traffic", lambda _, traffic: traffic.smallest_share() is None, ("canary", "feature-flag", "dark-launch"),
          "too little traffic: even half of it brings no sample within the longest stage",
          "a longer timing.max_stage_s, a smaller sample, an internal audience or a load test"),
)


@dataclass(frozen=True, slots=True)
class Way:
    """The way that remains, what was ruled out on the way to it, and whether it is less careful than what was wanted."""

    strategy: Strategy
    refused: tuple[Check, ...]
    lesser: bool


def eligible_way(wanted: Strategy, facts: Facts, traffic: Traffic, switched_on: Eligibility) -> Way:
    """Return the wanted way if it is possible, else the next more careful one, else the most careful of the rest.

    A dark launch reaches no user, so it replaces nothing. ``lesser`` asks for a person's approval.
    """
    failing = [c for c in CHECKS if getattr(switched_on, c.name) and c.applies(facts, traffic)]
    impossible = {s for check in failing for s in check.rules_out}
    refused = tuple(c for c in failing if wanted in c.rules_out)
    if wanted not in impossible:
        return Way(wanted, (), lesser=False)
    caution = WAYS[wanted].caution
    rest = sorted((w for w in WAYS.values() if w.name not in impossible and w.name != "dark-launch"), key=lambda w: w.caution)
    more = [w for w in rest if w.caution >= caution]
    if more:
        return Way(more[0].name, refused, lesser=False)
    return Way(rest[-1].name, refused, lesser=True)  # a full release is never ruled out, so something remains
