"""From facts to a plan: the first matching rule, then what is possible, then how long each stage must be. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from riskml.document import printable
from riskml.errors import PolicyError
from riskml.plan import (
    NO_COMMIT,
    Analysis,
    DecidedBy,
    Factors,
    Gate,
    Plan,
    Risk,
    RiskReason,
    Rollback,
    Stage,
    Strategy,
    Subject,
    Unit,
)
from riskml.plan import Rule as Limit
from riskml.policy.eligibility import eligible_way
from riskml.policy.facts import Facts
from riskml.policy.file import Override, RollbackText
from riskml.policy.freeze import frozen_until
from riskml.policy.policy import Policy, basis_points
from riskml.policy.sample import Sample, needed_requests
from riskml.policy.shape import SHARED, Wanted, stages_of, stand_in, waits, wanted_of
from riskml.policy.stages import INTERVAL_S, Traffic, first_share, traffic_of

NOTHING = "nothing to release: no risk was measured, and the score 0 stands for none"
LIMITS: dict[str, tuple[str, Unit]] = {  # key under ``rollback`` -> metric and unit of the plan's rule
    "error_rate_percent": ("error_rate", "percent"),
    "latency_p50_ms": ("latency_p50", "milliseconds"),
    "latency_p95_ms": ("latency_p95", "milliseconds"),
    "latency_p99_ms": ("latency_p99", "milliseconds"),
}


def decide(
    facts: Facts,
    policy: Policy,
    *,
    plan_id: str,
    now: datetime,
    subject: Subject | None = None,
    override: Override | None = None,
) -> Plan:
    """Return the plan that a policy gives for these facts.

    ``now`` (aware) dates the plan and is looked up in freeze windows. ``override`` must name this change and not be expired,
    else ``PolicyError``; an override written in the policy is applied while it lasts, and its end is told in the notes.

    >>> from riskml.policy.facts import facts_of_score
    >>> from riskml.policy.policy import default_policy
    >>> from datetime import UTC, datetime
    >>> plan = decide(facts_of_score(0.82), default_policy(), plan_id="p-1", now=datetime(2026, 11, 23, tzinfo=UTC))
    >>> plan.strategy, plan.initial_traffic_bp, plan.rules_fired, [s.traffic_bp for s in plan.stages]
    ('canary', 100, ('score > 0.7',), [100, 500, 2500, 5000, 10000])
    """
    subject = subject or Subject(facts.context.name, NO_COMMIT)
    traffic = traffic_of(policy.text, facts.context.requests_per_minute)
    rule, unjudged = policy.rule_for(facts)
    fired, notes = [str(rule)], [f"a rule could not be judged, because what it asks is unknown: {r}" for r in unjudged]
    wanted = wanted_of(rule)
    hold = [] if facts.empty else _guardrails(facts, policy, fired, notes) + _freezes(facts, policy, now, fired)

    override = _override(policy, override, subject, now, notes)
    if override is not None:
        fired.append(f"override: {override.reason}")
        wanted = _overridden(wanted, override, policy)
        if override.lift_hold:
            notes += [f"held, and lifted by an override: {reason}" for reason in hold]
            hold = []

    way = eligible_way(wanted.strategy, facts, traffic, policy.text.eligibility)
    for check in way.refused:
        fired.append(f"not eligible: {check.name}")
        notes.append(f"{wanted.strategy} is not possible: {check.why}. What would help: {check.remedy}")
    approval = rule.approval == "manual" or way.lesser
    if way.lesser:
        notes.append(f"{way.strategy} is less careful than the policy asks, so a person has to approve it")
    gates = _gates(policy)
    names = tuple(g.id for g in gates)
    if way.refused:
        stages = stand_in(way.strategy, wanted, facts.score, policy, traffic, names)
    else:
        stages = stages_of(wanted, facts.score, policy, traffic, names)
    notes = [NOTHING] if facts.empty else [*notes, *_about_stages(way.strategy, wanted.first_bp, stages, traffic)]
    if hold or approval:
        stages = waits(stages)
    return Plan(
        plan_id=plan_id, created_at=now, expires_at=now + timedelta(seconds=policy.text.timing.expires_s), subject=subject,
        risk=_risk(facts, policy), strategy=way.strategy,
        initial_traffic_bp=first_share(stages),
        stages=stages, gates=gates, analysis=_analysis(policy.text.sample), rollback=_rollback(policy.text.rollback),
        policy=DecidedBy(policy.ref.name, policy.ref.version, policy.text.mode), rules_fired=tuple(map(printable, fired)),
        hold=tuple(map(printable, hold)), notes=tuple(map(printable, notes)), fail_mode=policy.text.fail_mode,
    ).validate()


def _guardrails(facts: Facts, policy: Policy, fired: list[str], notes: list[str]) -> list[str]:
    """Say what holds the release whatever its score."""
    hold = []
    for guardrail in policy.guardrails:
        found = [c.holds(facts) for c in guardrail.when]
        if False in found or None in found:
            continue
        fired.append("guardrail: " + " and ".join(str(c) for c in guardrail.when))
        if guardrail.action == "hold":
            hold.append(guardrail.reason)
        else:
            notes.append(f"warning: {guardrail.reason}")
    if facts.destructive_migration and policy.text.eligibility.destructive_migration:
        fired.append("guardrail: destructive migration")
        hold.append("a destructive migration cannot be undone: expand first, contract in a later release")
    return hold


def _freezes(facts: Facts, policy: Policy, now: datetime, fired: list[str]) -> list[str]:
    hold = []
    for window in policy.text.freeze:
        end = frozen_until(window, now)
        if end is None:
            continue
        if window.allow_below is not None and facts.score < window.allow_below:
            fired.append(f"freeze passed: score < {window.allow_below:g}")
            continue
        fired.append(f"freeze: {window.reason}")
        hold.append(f"frozen until {end.isoformat().replace('+00:00', 'Z')}: {window.reason}")
    return hold


def names_change(override: Override, subject: Subject) -> bool:
    """Return whether an override is meant for this change: its commit (7 digits or more of it) or its change id."""
    commit = len(override.change) >= 7 and subject.commit_sha.startswith(override.change.lower())
    return commit or override.change == subject.change_id


def _override(policy: Policy, given: Override | None, subject: Subject, now: datetime, notes: list[str]) -> Override | None:
    if given is not None:
        if not names_change(given, subject):
            raise PolicyError("an override for another change", where="override.change", got=given.change,
                              expected=f"{subject.commit_sha} or {subject.change_id}")
        if given.expires <= now:
            raise PolicyError("the override is over", where="override.expires", got=given.expires.isoformat(),
                              expected=f"a time after {now.isoformat()}")
        return given
    for written in policy.text.overrides:
        if names_change(written, subject):
            if written.expires > now:
                return written
            notes.append(f"an override for this change ended at {written.expires.isoformat()}: {written.reason}")
    return None


def _overridden(wanted: Wanted, override: Override, policy: Policy) -> Wanted:
    if override.strategy is None and override.initial_traffic is None:
        return wanted
    strategy = override.strategy or wanted.strategy
    percent = override.initial_traffic or (100.0 if strategy == "dark-launch" else policy.text.stages[0])
    return Wanted(strategy, basis_points(percent, "override.initial_traffic"), (), wanted.optimise)


def _about_stages(strategy: Strategy, asked_bp: int | None, stages: tuple[Stage, ...], traffic: Traffic) -> list[str]:
    """Say what a reader must know about the stages: what is unknown, and what the traffic changed."""
    if strategy == "blue-green":
        return ["the preview gets no user traffic: its gates need a load test, or a person's promotion"]
    first = first_share(stages)
    if strategy not in SHARED or not first:
        return []
    notes = []
    if traffic.requests_per_minute is None:
        needed = needed_requests(first, traffic.sample)
        notes.append("requests per minute are unknown, so stages have default lengths; a verdict on the first share needs "
                     f"about {needed:,} requests to the new version")
    if asked_bp is not None and first > asked_bp:
        notes.append(f"{asked_bp / 100:g} % of the traffic brings no sample within the longest stage, so the ramp "
                     f"starts at {first / 100:g} %")
    return notes


def _gates(policy: Policy) -> tuple[Gate, ...]:
    """Return the policy's own gates, or else its rollback limits, with errors also compared to the old version's."""
    if policy.text.gates:
        return policy.text.gates
    made = []
    for metric, unit, value in _limits(policy.text.rollback):
        errors = metric == "error_rate"
        made.append(Gate(
            "err" if errors else metric.removeprefix("latency_"), metric, "<", value, unit, window_s=INTERVAL_S,
            max_ratio_to_baseline=policy.text.sample.detectable_ratio if errors else None, severity="rollback",
        ))
    return tuple(made)


def _limits(text: RollbackText) -> list[tuple[str, Unit, float]]:
    return [(metric, unit, value) for key, (metric, unit) in LIMITS.items() if (value := getattr(text, key)) is not None]


def _analysis(sample: Sample) -> Analysis:
    return Analysis(interval_s=INTERVAL_S, max_failed_checks=5, method="anytime-valid", alpha=sample.alpha, power=sample.power,
                    min_ratio_detectable=sample.detectable_ratio, on_no_data="hold")


def _rollback(text: RollbackText) -> Rollback:
    rules = tuple(Limit(metric, ">", value, unit) for metric, unit, value in _limits(text))
    return Rollback(rules, drain_s=text.drain_s, notify=text.notify)


def _risk(facts: Facts, policy: Policy) -> Risk:
    context = facts.context
    scale = context.impact / context.detection_capability / context.rollback_speed
    band = "unknown" if facts.empty else policy.band(facts.score)
    return Risk(
        score=facts.score, model_version=facts.model_version,
        lower=None if facts.lower is None else min(1.0, facts.lower * scale),
        upper=None if facts.upper is None else min(1.0, facts.upper * scale),
        band=None if band == "unknown" else band,
        factors=None if facts.probability is None else Factors(
            context.impact, facts.probability, context.detection_capability, context.rollback_speed
        ),
        reasons=tuple(RiskReason(r.feature, printable(r.text), r.contribution) for r in facts.reasons),
    )
