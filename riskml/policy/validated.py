"""A plan with a validation applied: gates no looser, shares as written, and never less careful than the policy's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from riskml.document import printable
from riskml.errors import PolicyError
from riskml.plan import ALL_BP, EVERYONE, Gate, Plan, Stage
from riskml.policy.care import care_of_stages
from riskml.policy.shape import SHARED
from riskml.policy.stages import INTERVAL_S, first_share, share_name
from riskml.validation import Criterion, Validation


def with_validation(plan: Plan, validation: Validation) -> Plan:
    """Return the plan with the validation's limits as gates and, where it shows users a share, its shares and lengths.

    Raises PolicyError, with the key's path, where a limit or the ladder is less careful than the plan's. Strategies that have
    no shares keep their stages, and a note says so. What holds a release, its rollback rules and its approvals stay.
    """
    gates, added = _gates(plan, validation.criteria)
    stages = tuple(_gated(s, added) for s in plan.stages)
    notes = [f"validated as {printable(validation.feature)} at {printable(validation.api)}: {_words(validation.criteria)}"]
    if validation.steps and plan.strategy in SHARED:
        stages = _ladder(stages, validation)
        notes += _short_stages(stages)
    elif validation.steps:
        notes.append(f"the shares of the validation do not apply: a {plan.strategy} release has none")
    if not any(s.gates for s in stages):
        notes.append(f"no stage of a {plan.strategy} release waits for its gates: run the load test before it")
    return replace(
        plan, gates=gates, stages=stages, initial_traffic_bp=first_share(stages), notes=(*plan.notes, *notes),
    ).validate()


def _words(criteria: Sequence[Criterion]) -> str:
    unit = {"percent": "%", "milliseconds": "ms"}
    return ", ".join(f"{c.metric} {c.op} {c.value:g} {unit[c.unit]}" for c in criteria)


def _gates(plan: Plan, criteria: Sequence[Criterion]) -> tuple[tuple[Gate, ...], tuple[str, ...]]:
    """Return the plan's gates, tightened and added to, and the ids of those that are new. Queries and windows stay."""
    gates, added = list(plan.gates), []
    for limit in criteria:
        same = [i for i, g in enumerate(gates) if (g.metric, g.unit) == (limit.metric, limit.unit) and g.op in ("<", "<=")]
        for i in same:
            if limit.looser_than(gates[i].op, gates[i].value):
                raise PolicyError("looser than the policy's gate", where=f"criteria.{limit.metric}", got=_words([limit]),
                                  expected=f"{gates[i].op} {gates[i].value:g} or stricter")
            gates[i] = replace(gates[i], op=limit.op, value=limit.value)
        if not same:
            taken = {g.id for g in gates}
            id_ = limit.metric.removeprefix("latency_") if limit.unit == "milliseconds" else "err"
            while id_ in taken:
                id_ += "-validation"
            gates.append(Gate(id_, limit.metric, limit.op, limit.value, limit.unit, window_s=INTERVAL_S, severity="rollback"))
            added.append(id_)
    return tuple(gates), tuple(added)


def _gated(stage: Stage, added: Sequence[str]) -> Stage:
    """Return the stage with the new gates, where it is judged at all: everybody, at the end of a release, is not."""
    return replace(stage, gates=(*stage.gates, *added)) if stage.gates or stage.traffic_bp < ALL_BP else stage


def _ladder(planned: Sequence[Stage], validation: Validation) -> tuple[Stage, ...]:
    """Return the written shares behind the stages without users or for a named audience, which stay as planned."""
    crowd = [i for i, s in enumerate(planned) if s.traffic_bp and (s.audience or EVERYONE) == EVERYONE]
    first = crowd[0] if crowd else len(planned)
    ahead, own = tuple(planned[:first]), list(planned[first:])
    if len(own) != len(crowd):
        raise PolicyError("the plan reaches named audiences between its shares", where="stages",
                          expected="no stages, which keeps the plan's")
    made: list[Stage] = []
    for step in validation.steps:
        before = made[-1].traffic_bp if made else 0
        base = next(s for s in own if s.traffic_bp >= step.traffic_bp)
        if step.traffic_bp < ALL_BP and base.traffic_bp == ALL_BP:  # beyond the largest partial share: judged as that one is
            base = own[-2] if len(own) > 1 else replace(ahead[-1], audience=None, mirror_bp=None, min_duration_s=0)
        asked = any(before < s.traffic_bp <= step.traffic_bp and s.approval == "manual" for s in own)
        made.append(_stage(base, step.traffic_bp, step.duration_s, "manual" if asked else "automatic"))
    names = {s.name for s in ahead}
    made = [replace(s, name=f"{s.name}-everyone") if s.name in names else s for s in made]
    if made[0].traffic_bp == ALL_BP:
        raise PolicyError("everybody at once", where="stages[0].traffic", got="100 %", expected=_share_limit(own))
    _check_care(own, made)
    return (*ahead, *made)


def _stage(base: Stage, bp: int, seconds: int, approval: str) -> Stage:
    """Return a written stage, judged as the plan judges the next larger share of its own, which needs no smaller a sample."""
    manual = approval == "manual"
    if bp == ALL_BP:
        return replace(base, min_duration_s=max(seconds, base.min_duration_s), approval="manual" if manual else "automatic",
                       max_duration_s=None if base.max_duration_s is None else max(base.max_duration_s, seconds))
    planned = base.min_duration_s * base.traffic_bp
    expected = None if base.expected_requests is None or not planned else base.expected_requests * seconds * bp // planned
    return replace(
        base, name=share_name(bp), traffic_bp=bp, min_duration_s=seconds, expected_requests=expected,
        max_duration_s=None if base.max_duration_s is None else max(base.max_duration_s, seconds),
        approval="manual" if manual else "automatic",
    )


def _check_care(own: Sequence[Stage], made: Sequence[Stage]) -> None:
    """Refuse a written ladder that is less careful than the policy's."""
    policy, written = care_of_stages(own), care_of_stages(made)
    if written.first_bp > policy.first_bp:
        raise PolicyError("a wider first share than the policy's", where="stages[0].traffic",
                          got=f"{written.first_bp / 100:g} %", expected=_share_limit(own))
    if not written.at_least(policy):
        raise PolicyError("everybody sooner, or less watched, than in the policy's plan", where="stages",
                          got=f"{_minutes(written.everybody_after_s)} until 100 %, {_minutes(written.watched_s)} of it judged",
                          expected=f"at least {_minutes(policy.everybody_after_s)} and {_minutes(policy.watched_s)}, as in: "
                          f"{_spelled(own)}")
    horizon = int(policy.everybody_after_s)
    most, reached = _exposure(own, horizon), _exposure(made, horizon)
    if reached > most:
        raise PolicyError(
            "more users meet the new version than in the policy's plan", where="stages",
            got=f"{reached / horizon / 100:.2f} % of the traffic on average over the first {_minutes(horizon)}",
            expected=f"at most {most / horizon / 100:.2f} %: smaller shares, or longer early ones, as in: {_spelled(own)}")


def _exposure(stages: Sequence[Stage], horizon_s: int) -> int:
    """Return the traffic that meets the new version within a time, in basis points times seconds."""
    total = at = 0
    for stage in stages:
        length = min(stage.min_duration_s, horizon_s - at) if stage.traffic_bp < ALL_BP else horizon_s - at
        total, at = total + stage.traffic_bp * length, at + length
    return total


def _short_stages(stages: Sequence[Stage]) -> list[str]:
    return [
        f"stage {s.name} brings about {s.expected_requests:,} requests in {_minutes(s.min_duration_s)}; its verdict needs "
        f"about {s.min_requests:,}, and waits for them"
        for s in stages
        if s.expected_requests is not None and s.min_requests is not None and s.expected_requests < s.min_requests
    ]


def _share_limit(own: Sequence[Stage]) -> str:
    return f"at most {first_share(own) / 100:g} % first, as in: {_spelled(own)}"


def _spelled(stages: Sequence[Stage]) -> str:
    return ", ".join(f"{s.traffic_bp / 100:g} %" + (f" for {_minutes(s.min_duration_s)}" if s.min_duration_s else "")
                     for s in stages)


def _minutes(seconds: float) -> str:
    """Spell a length as the file does, in whole hours where it is.

    >>> _minutes(5400), _minutes(7200)
    ('90m', '2h')
    """
    return f"{seconds // 3600:.0f}h" if seconds % 3600 == 0 else f"{seconds / 60:g}m"
