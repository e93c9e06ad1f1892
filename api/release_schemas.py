"""The wire of releases: what is measured and asked, verdicts, and the outcomes that come home."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from api.schemas import Finite, In, Out, OutcomeOut, Share

Stage = Annotated[str, Field(min_length=1, max_length=63)]


class ObservationIn(In):
    """One metric of one arm in one window of a stage, in counts: `bad` of `total` events. Once kept, it is never changed."""

    stage: Stage
    metric: Annotated[str, Field(min_length=1, max_length=100)]
    arm: Literal["canary", "baseline"]
    start_s: Annotated[int, Field(ge=0, description="Begin of the window, in seconds since the stage began.")]
    window_s: Annotated[int, Field(ge=1)]
    total: Annotated[float | None, Field(ge=0, allow_inf_nan=False)] = None
    bad: Annotated[float | None, Field(ge=0, allow_inf_nan=False)] = None
    over: Annotated[float | None, Field(
        ge=0, allow_inf_nan=False, description="Of a latency: the limit in ms that bad events were slower than.")] = None
    value: Annotated[Finite | None, Field(description="The metric itself, where there is no count behind it.")] = None


class ObservationsIn(In):
    """What was measured of a release. The same window twice counts once; measured otherwise, it is a 409."""

    observations: Annotated[tuple[ObservationIn, ...], Field(min_length=1, max_length=10_000)]


class VerdictIn(In):
    """A stage to judge without keeping anything: a whole plan, or gates (and limits) alone, and what was measured."""

    plan: Annotated[dict[str, Any] | None, Field(description="A plan as `GET /plans/{plan_id}` answers it.")] = None
    gates: Annotated[list[Any] | None, Field(description="Without a plan: gates as in a plan.")] = None
    rules: Annotated[tuple[Any, ...], Field(description="With `gates`: hard limits, as in a plan's `rollback.rules`.")] = ()
    stage: Annotated[Stage | None, Field(description="The stage of the plan that is judged.")] = None
    observations: Annotated[tuple[ObservationIn, ...], Field(max_length=100_000)]
    elapsed_s: Annotated[float | None, Field(
        ge=0, allow_inf_nan=False, description="How long the stage has lasted; the end of the last window if absent.")] = None
    approved: Annotated[tuple[str, ...], Field(description="Stages that a person has let through.")] = ()
    traffic_bp: Annotated[int | None, Field(ge=1, le=10_000, description="With `gates`: the canary's share.")] = None
    design_effect: Annotated[float, Field(ge=1, allow_inf_nan=False)] = 1.0


class HaltIn(In):
    """Why a release is switched off."""

    reason: Annotated[str, Field(min_length=1, max_length=500)] = "switched off by hand"


class ApproveIn(In):
    """The stage that a person lets a release through to."""

    stage: Stage
    note: Annotated[str | None, Field(max_length=500)] = None


class SettleIn(In):
    """Which change an outcome that waits was about."""

    assessment_id: Annotated[str | None, Field(max_length=64)] = None
    plan_id: Annotated[str | None, Field(max_length=64)] = None


class MissingOut(Out):
    """What a verdict lacks: about how many more canary requests, and which gates have no data."""

    requests: int | None
    data: list[str]


class VerdictOut(Out):
    """Whether a stage is good enough. Deploy tools read ``verdict`` and show ``reason``."""

    verdict: Literal["promote", "hold", "rollback"]
    reason: str
    stage: str
    evidence: dict[str, dict[str, Any]]
    missing: MissingOut
    next_check_s: int


class KeptOut(Out):
    """How many of the windows sent were new."""

    kept: int


class ProgressOut(Out):
    """How far a release has come. ``run`` counts how often it was begun anew under its plan."""

    plan_id: str
    stage: str | None
    since: AwareDatetime | None
    passed: list[str]
    approved: list[str]
    halted: str | None
    ended: str | None
    run: int


class TakenOnOut(Out):
    """A merge request that the bot took on."""

    id: str
    repository: str
    number: int
    head: str
    fresh: Annotated[bool, Field(description="Whether this delivery is new.")]


class HeardOut(Out):
    """What a webhook told: the outcomes that were kept, as they stand; none if it told no end."""

    outcomes: list[OutcomeOut]
    accepted: Annotated[TakenOnOut | None, Field(description="With 202: what the bot does now.")] = None
    ignored: Annotated[str | None, Field(description="Why nothing is done about a merge request.")] = None


class WaitingOut(Out):
    """Outcomes of which no assessment is known, oldest first; give ``next`` as ``after`` to go on."""

    items: list[OutcomeOut]
    next: str | None


class LabelOut(Out):
    """What all outcomes of a change say together, as of now."""

    harm: Annotated[bool | None, Field(description="Whether the change did harm; null while that is not known, or censored.")]
    known_at: Annotated[AwareDatetime | None, Field(description="When the label could first be known.")]
    confidence: Share
    sources: list[str]
    why: str
    tail_s: Annotated[int, Field(description="How long a promoted change is watched before it counts as harmless.")]
