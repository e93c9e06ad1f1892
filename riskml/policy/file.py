"""A policy as it is written in YAML: every key that exists, with its type, limits and default."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from riskml.document import Limits
from riskml.plan import Audience, Gate, Label, Strategy
from riskml.policy.sample import DEFAULT_SAMPLE, Sample

Percent = Annotated[float, Limits(minimum=0, maximum=100)]
Limit = Annotated[float, Limits(above=0)]
Clock = Annotated[str, Limits(pattern=r"^(mon|tue|wed|thu|fri|sat|sun) ([01]\d|2[0-3]):[0-5]\d$")]


@dataclass(frozen=True, slots=True)
class StageText:
    """One step of a ladder of your own. ``traffic`` and ``mirror`` in percent; lengths in seconds."""

    traffic: Percent
    name: Label | None = None
    mirror: Percent | None = None
    audience: Audience | None = None
    min_duration_s: Annotated[int | None, Limits(minimum=0)] = None
    max_duration_s: Annotated[int | None, Limits(minimum=1)] = None
    approval: Literal["automatic", "manual"] = "automatic"
    on_inconclusive: Literal["hold", "promote", "rollback"] = "hold"


@dataclass(frozen=True, slots=True)
class RuleText:
    """One rule: when it matches, the way to release. The last rule has no ``when`` and catches the rest."""

    strategy: Strategy
    when: object = None
    initial_traffic: Annotated[float | None, Limits(above=0, maximum=100)] = None
    stage: Annotated[int | None, Limits(minimum=2, maximum=2)] = None
    stages: Annotated[tuple[StageText, ...], Limits(max_items=49)] = ()
    approval: Literal["automatic", "manual"] = "automatic"
    ramp: Literal["standard", "optimise"] | None = None


@dataclass(frozen=True, slots=True)
class RollbackText:
    """Hard limits that undo a release, ends excluded: percent of requests that fail, milliseconds of latency."""

    error_rate_percent: Annotated[float | None, Limits(above=0, maximum=100)] = 5.0
    latency_p50_ms: Limit | None = None
    latency_p95_ms: Limit | None = None
    latency_p99_ms: Limit | None = 1000.0
    drain_s: Annotated[int | None, Limits(minimum=0)] = None
    notify: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GuardrailText:
    """What is looked at whatever the score says: ``hold`` keeps the release from starting, ``warn`` only says so."""

    when: object
    reason: str
    action: Literal["hold", "warn"] = "hold"


@dataclass(frozen=True, slots=True)
class Eligibility:
    """Which checks of feasibility apply before preference. Switching one off is a statement that you know better."""

    destructive_migration: bool = True
    mesh: bool = True
    flags: bool = True
    stateful: bool = True
    traffic: bool = True


@dataclass(frozen=True, slots=True)
class Timing:
    """Lengths in seconds: bounds of a stage, its length when the traffic is unknown, and how long a plan is good for."""

    min_stage_s: Annotated[int, Limits(minimum=60, maximum=604_800)] = 300
    max_stage_s: Annotated[int, Limits(minimum=60, maximum=2_592_000)] = 86_400
    default_stage_s: Annotated[int, Limits(minimum=60, maximum=604_800)] = 3_600
    expires_s: Annotated[int, Limits(minimum=60)] = 604_800


@dataclass(frozen=True, slots=True)
class RampCost:
    """What ``ramp: optimise`` weighs: an hour of delay in hours of full exposure to harm, and the time a rollback takes."""

    delay: Annotated[float, Limits(minimum=0)] = 0.01
    rollback_s: Annotated[int, Limits(minimum=0)] = 120


@dataclass(frozen=True, slots=True)
class Weekly:
    """A window that returns every week, in the zone of ``utc_offset_minutes``: from ``fri 16:00`` until ``mon 08:00``."""

    starts: Clock
    ends: Clock
    utc_offset_minutes: Annotated[int, Limits(minimum=-840, maximum=840)] = 0


@dataclass(frozen=True, slots=True)
class FreezeText:
    """When nothing is released on its own: one window (``starts``, ``ends``) or a ``weekly`` one; below a score it may."""

    reason: str
    starts: datetime | None = None
    ends: datetime | None = None
    weekly: Weekly | None = None
    allow_below: Annotated[float | None, Limits(minimum=0, maximum=1)] = None


@dataclass(frozen=True, slots=True)
class Override:
    """A person's decision over the policy's, for one change (its commit, 7 hex digits or more, or its change id).

    It needs a reason and an end. ``lift_hold`` lets a held release start; ``strategy`` replaces the policy's choice.
    """

    change: Annotated[str, Limits(pattern=r"^\S{2,}$")]
    reason: Annotated[str, Limits(pattern=r"\S")]
    expires: datetime
    strategy: Strategy | None = None
    initial_traffic: Annotated[float | None, Limits(above=0, maximum=100)] = None
    lift_hold: bool = False


@dataclass(frozen=True, slots=True)
class PolicyText:
    """A whole policy file."""

    version: Annotated[int, Limits(minimum=1, maximum=1)]
    rules: Annotated[tuple[RuleText, ...], Limits(min_items=1, max_items=100)]
    name: str | None = None
    mode: Literal["shadow", "advise", "enforce"] = "enforce"
    fail_mode: Literal["open", "closed"] = "closed"
    rollback: RollbackText = RollbackText()  # frozen, so one default can be shared (and below)
    guardrails: tuple[GuardrailText, ...] = (GuardrailText({"tests_failed": True}, "tests failed"),)
    eligibility: Eligibility = Eligibility()
    stages: Annotated[tuple[Percent, ...], Limits(min_items=1, max_items=49)] = (1.0, 5.0, 25.0, 50.0)
    ramp: Literal["standard", "optimise"] = "standard"
    ramp_cost: RampCost = RampCost()
    sample: Sample = DEFAULT_SAMPLE
    timing: Timing = Timing()
    gates: tuple[Gate, ...] = ()
    freeze: tuple[FreezeText, ...] = ()
    overrides: tuple[Override, ...] = ()
