"""How a change is released, as one closed document: stages with shares, lengths and gates, and what rolls it back.

Units are in the names: ``*_bp`` is traffic in basis points (100 = 1 %, 10000 = all of it), ``*_s`` whole seconds, latency in
milliseconds, times RFC 3339 in UTC. The record is the contract; its JSON Schema, reader and printer are made from it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from riskml import document
from riskml.document import Limits
from riskml.errors import PlanError

Bp = Annotated[int, Limits(minimum=0, maximum=10_000)]
Label = Annotated[str, Limits(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]  # DNS-1123: fits labels, URLs, metadata
Share = Annotated[float, Limits(minimum=0, maximum=1)]
Factor = Annotated[float, Limits(above=0, maximum=1)]

Strategy = Literal["full", "rolling", "blue-green", "canary", "feature-flag", "dark-launch"]
Op = Literal["<", "<=", ">", ">="]
Unit = Literal["percent", "milliseconds", "ratio", "per_second", "count"]

ALL_BP = 10_000
NO_COMMIT = "0" * 40  # git's null id: a posted diff, a working tree or a bare score has no commit


@dataclass(frozen=True, slots=True)
class Subject:
    """What is released. ``commit_sha`` is git's null id (forty zeros) when the change is no commit."""

    service: str
    commit_sha: Annotated[str, Limits(pattern=r"^[0-9a-f]{7,64}$")]
    namespace: str | None = None
    environment: str | None = None
    repository: str | None = None
    change_id: str | None = None
    image: str | None = None


@dataclass(frozen=True, slots=True)
class Factors:
    """The four factors of the score, each in (0, 1]: ``score = min(1, impact × probability / detection / rollback speed)``."""

    impact: Factor
    probability: Share
    detection_capability: Factor
    rollback_speed: Factor


@dataclass(frozen=True, slots=True)
class RiskReason:
    """One reason of the risk: the feature's name as ``code``, and its words. ``contribution`` is in log-odds."""

    code: str
    text: str
    contribution: float | None = None


@dataclass(frozen=True, slots=True)
class Risk:
    """The risk that the plan answers to. ``lower`` and ``upper`` bound the score; ``band`` is absent when unknown."""

    score: Share
    model_version: str
    lower: float | None = None
    upper: float | None = None
    band: Literal["low", "medium", "high", "critical"] | None = None
    factors: Factors | None = None
    reasons: tuple[RiskReason, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """One condition on a request or a user."""

    kind: Literal["header", "cookie", "attribute"]
    name: str
    op: Literal["exact", "prefix", "suffix", "regex"]
    value: str


@dataclass(frozen=True, slots=True)
class Audience:
    """Who may see a stage: a named segment, or any of the conditions."""

    segment: Literal["everyone", "internal", "staff", "beta"] = "everyone"
    match_any: tuple[Match, ...] = ()


EVERYONE = Audience()


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the ramp: a share of the traffic (of the audience, if one is given) for at least ``min_duration_s``.

    ``min_requests`` is the sample that a verdict needs; ``expected_requests`` is what the new version will get in
    ``min_duration_s`` at the service's stated traffic, absent when the traffic is unknown.
    """

    name: Label
    traffic_bp: Bp
    min_duration_s: Annotated[int, Limits(minimum=0)]
    mirror_bp: Bp | None = None
    audience: Audience | None = None
    max_duration_s: Annotated[int | None, Limits(minimum=1, nullable=True)] = None
    min_requests: Annotated[int | None, Limits(minimum=0, nullable=True)] = None
    expected_requests: Annotated[int | None, Limits(minimum=0)] = None
    gates: tuple[str, ...] = ()
    approval: Literal["automatic", "manual"] = "automatic"
    on_inconclusive: Literal["hold", "promote", "rollback"] = "hold"


@dataclass(frozen=True, slots=True)
class Gate:
    """What must hold for a stage to go on: ``metric op value``, and at most so many times the baseline's rate."""

    id: str
    metric: str
    op: Op
    value: float
    unit: Unit
    window_s: Annotated[int | None, Limits(minimum=10)] = None
    max_ratio_to_baseline: Annotated[float | None, Limits(nullable=True)] = None
    bad_query: str | None = None
    total_query: str | None = None
    value_query: str | None = None
    severity: Literal["hold", "rollback"] | None = None  # spelled as everywhere: typing takes equal sets for one


@dataclass(frozen=True, slots=True)
class Analysis:
    """How the gates are judged. ``alpha`` and ``power`` are per release; the sample can see ``min_ratio_detectable``."""

    interval_s: Annotated[int, Limits(minimum=10)]
    max_failed_checks: Annotated[int, Limits(minimum=1)]
    method: Literal["threshold", "anytime-valid"] | None = None
    alpha: float | None = None
    power: float | None = None
    min_ratio_detectable: float | None = None
    on_no_data: Literal["hold", "rollback"] | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A hard limit: roll back when ``metric op value``."""

    metric: str
    op: Op
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Rollback:
    """When the release is undone, how long old connections drain, and who hears of it."""

    rules: tuple[Rule, ...]
    drain_s: Annotated[int | None, Limits(minimum=0)] = None
    notify: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DecidedBy:
    """Which policy decided, and whether its word is only recorded (shadow), shown (advise) or binding (enforce)."""

    name: str
    version: str
    mode: Literal["shadow", "advise", "enforce"]


@dataclass(frozen=True, slots=True)
class Plan:
    """How one change is released.

    A non-empty ``hold`` says why the release must not start on its own; its first stage then waits for approval.
    ``rules_fired`` lists, in order, what decided. ``fail_mode`` says what a gate answers when it cannot judge: ``open`` lets
    the release go on, ``closed`` holds it.
    """

    plan_id: Label
    created_at: datetime
    subject: Subject
    risk: Risk
    strategy: Strategy
    initial_traffic_bp: Bp
    stages: Annotated[tuple[Stage, ...], Limits(min_items=1, max_items=50)]
    gates: tuple[Gate, ...]
    analysis: Analysis
    rollback: Rollback
    schema_version: Literal["1.0"] = "1.0"
    expires_at: datetime | None = None
    supersedes: Annotated[str | None, Limits(nullable=True)] = None
    policy: DecidedBy | None = None
    rules_fired: tuple[str, ...] = ()
    hold: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    fail_mode: Literal["open", "closed"] = "closed"

    @property
    def digest(self) -> str:
        """SHA-256 of the plan's canonical JSON (RFC 8785), in hex: ties a rendered manifest to its plan."""
        return _digest_of(document.write(self))

    def validate(self) -> Plan:
        """Return this plan, or raise ``PlanError`` with the path of what contradicts: single values, then across fields."""
        document.check(self, error=PlanError)
        for where, what, got, expected in _contradictions(self):
            raise PlanError(what, where=where, got=got, expected=expected)
        return self


def to_json(plan: Plan) -> dict[str, Any]:
    """Return the plan as JSON values, with its ``digest``; ``from_json`` gives the same plan back."""
    written = document.write(plan)
    return {"schema_version": plan.schema_version, **written, "digest": _digest_of(written)}


def _digest_of(written: dict[str, Any]) -> str:
    return hashlib.sha256(document.canonical(written)).hexdigest()


def summary(plan: Plan) -> dict[str, Any]:
    """Return the short form of the answer to a prediction: shares in percent, limits by name, the stages as in the plan.

    ``initial_traffic`` stands where the strategy shows the new version to a part of the users (or, for a dark launch, is 0);
    ``stage`` is the number of stages of blue-green. A rule without a short name appears under ``metric_unit``.
    """
    short: dict[str, Any] = {"strategy": plan.strategy}
    if plan.strategy == "blue-green":
        short["stage"] = len(plan.stages)
    elif plan.strategy not in ("full", "rolling"):
        short["initial_traffic"] = whole(plan.initial_traffic_bp / 100)
    suffix = {"milliseconds": "ms"}
    limits = {f"{r.metric}_{suffix.get(r.unit, r.unit)}": whole(r.value) for r in plan.rollback.rules}
    return {
        **short, "plan_id": plan.plan_id, "stages": [document.write(s) for s in plan.stages], "rollback": limits,
        "rules_fired": list(plan.rules_fired), "hold": list(plan.hold), "notes": list(plan.notes),
    }


def whole(value: float) -> int | float:
    """Return a number without its decimals where they are nought, for people and for JSON."""
    return int(value) if value == int(value) else value


def from_json(value: object) -> Plan:
    """Read a plan; an unknown key, a value out of range, a contradiction or a wrong digest is a ``PlanError``."""
    digest = None
    if isinstance(value, dict):
        if "schema_version" not in value:
            raise PlanError("missing key", where="schema_version", expected="1.0")
        digest = value.get("digest")
        value = {k: v for k, v in value.items() if k != "digest"}
    plan = document.read(Plan, value, error=PlanError).validate()
    if digest is not None and digest != plan.digest:
        raise PlanError("the plan was altered after it was made", where="digest", got=digest, expected=plan.digest)
    return plan


def schema() -> dict[str, Any]:
    """Make the JSON Schema of a plan from the records."""
    made = document.schema(Plan)
    made["properties"]["digest"] = {"type": "string", "pattern": "^[0-9a-f]{64}$", "description": "SHA-256 of canonical JSON"}
    made["properties"]["schema_version"] = {"const": "1.0"}
    made["required"] = ["schema_version", *made["required"]]
    draft = "https://json-schema.org/draft/2020-12/schema"
    return {"$schema": draft, "$id": "urn:riskml:rollout-plan:1", "title": "RolloutPlan", **made}


Contradiction = tuple[str, str, object, str]  # where, what, got, expected


def _contradictions(plan: Plan) -> Iterator[Contradiction]:
    """Yield everything across fields that cannot be, in document order."""
    yield from _bad_stages(plan)
    yield from _bad_shape(plan)
    yield from _bad_gates(plan)
    if plan.expires_at is not None and plan.expires_at <= plan.created_at:
        yield "expires_at", "the plan expires before it is made", plan.expires_at.isoformat(), "a time after created_at"
    first = next((s.traffic_bp for s in plan.stages if s.traffic_bp), 0)
    if plan.initial_traffic_bp != first:
        yield "initial_traffic_bp", "not the first stage that has traffic", plan.initial_traffic_bp, str(first)
    if plan.hold and plan.stages[0].approval != "manual":
        yield "stages[0].approval", "a held plan starts without approval", plan.stages[0].approval, "manual"
    f = plan.risk.factors
    if f is not None:
        score = min(1.0, f.impact * f.probability / f.detection_capability / f.rollback_speed)
        if abs(score - plan.risk.score) > 1e-6:
            yield "risk.score", "not what its factors give", plan.risk.score, f"{score:.6f}"


def _bad_stages(plan: Plan) -> Iterator[Contradiction]:
    names: set[str] = set()
    for i, stage in enumerate(plan.stages):
        if stage.name in names:
            yield f"stages[{i}].name", "two stages with one name", stage.name, "a name of its own"
        names.add(stage.name)
        if stage.max_duration_s is not None and stage.max_duration_s < stage.min_duration_s:
            wanted = f"at least {stage.min_duration_s}"
            yield f"stages[{i}].max_duration_s", "shorter than min_duration_s", stage.max_duration_s, wanted
    last: dict[Audience, int] = {}
    for i, stage in enumerate(plan.stages):
        who = stage.audience or EVERYONE
        if stage.traffic_bp < last.get(who, 0):
            yield f"stages[{i}].traffic_bp", "the share falls", stage.traffic_bp, f"at least {last[who]}"
        last[who] = stage.traffic_bp


def _bad_shape(plan: Plan) -> Iterator[Contradiction]:
    """Yield what the strategy does not allow."""
    shares = [s.traffic_bp for s in plan.stages]
    end = f"stages[{len(shares) - 1}].traffic_bp"
    if plan.strategy == "dark-launch":
        if not any(s.mirror_bp for s in plan.stages):
            yield "stages[0].mirror_bp", "a dark launch that mirrors nothing", plan.stages[0].mirror_bp, "a share above 0"
    elif shares[-1] != ALL_BP:
        yield end, "the release never reaches everyone", shares[-1], str(ALL_BP)
    if plan.strategy in ("full", "rolling") and len(shares) != 1:
        yield "stages", f"a {plan.strategy} release has one stage", len(shares), "1 stage"
    if plan.strategy == "blue-green":
        for i, share in enumerate(shares):
            if share not in (0, ALL_BP):
                yield f"stages[{i}].traffic_bp", "blue-green switches all traffic at once", share, f"0 or {ALL_BP}"
        if len(shares) < 2 or shares[0] != 0:
            yield "stages[0].traffic_bp", "blue-green without a preview", shares[0], "0, then a switch to all traffic"
    if plan.strategy == "canary" and not any(0 < s < ALL_BP for s in shares):
        yield "stages", "a canary without a partial share", shares, f"a stage between 0 and {ALL_BP}"


def _bad_gates(plan: Plan) -> Iterator[Contradiction]:
    known = [g.id for g in plan.gates]
    for (i, a), b in zip(enumerate(known), known[1:], strict=False):
        if b in known[: i + 1]:
            yield f"gates[{i + 1}].id", "two gates with one id", b, f"an id other than {a}"
    for i, stage in enumerate(plan.stages):
        for j, gate in enumerate(stage.gates):
            if gate not in known:
                yield f"stages[{i}].gates[{j}]", "no such gate", gate, f"one of: {', '.join(known) or 'none defined'}"
