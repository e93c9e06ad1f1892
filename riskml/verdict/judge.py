"""Judging one stage of a release, at any time and as often as one likes.

In this order, and the first that applies decides:

1. a hard limit (rollback rule) passed in two windows in a row, of at least 30 requests each: rollback;
2. proof that a limit is passed, or that the canary is worse than the baseline by at least the tolerated ratio: rollback;
3. the canary's share of traffic is not the plan's: hold, because nothing may be compared;
4. something that must be watched was not measured: hold;
5. every gate proven healthy, the minimal length and sample reached, the next stage approved: promote;
6. else hold, and after the maximal length what the stage says (``on_inconclusive``).

Proofs are e-processes (``eprocess.py``): the probability to *ever* roll back a release in which every claim holds is at most
the plan's alpha, shared among all tests of the release; looks need no correction. A gate is proven healthy when either its
limit or its ratio is: roll back on the ratio, promote on the limit, because showing a ratio near 1 needs many times the
traffic.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from riskml.errors import UsageError
from riskml.plan import Plan, Stage
from riskml.verdict.claim import Claim, claims, shares_of_alpha
from riskml.verdict.observation import Observation, Series, Window, windows
from riskml.verdict.sample_ratio import mismatch
from riskml.verdict.verdict import Decision, Evidence, Verdict
from riskml.verdict.weigh import Weight, missing_requests, threshold, weigh

ALPHA = 0.05
WARM_UP_S = 60
DISASTER_WINDOWS = 2
DISASTER_REQUESTS = 30


@dataclass(frozen=True, slots=True)
class _Case:
    """One stage with everything that was seen of it."""

    plan: Plan
    stage: Stage
    place: int
    seen: Mapping[Series, Sequence[Window]]
    elapsed_s: float
    approved: Collection[str]
    design_effect: float

    @property
    def alpha(self) -> float:
        return self.plan.analysis.alpha or ALPHA

    def now(self, series: Series) -> list[Window]:
        """Return the windows of this stage in which the canary was measured."""
        return [w for w in self.seen.get(series, ()) if w.stage == self.stage.name and w.canary]


def judge_stage(plan: Plan, stage: str, observations: Iterable[Observation], *, elapsed_s: float | None = None,
                approved: Collection[str] = (), warm_up_s: int = WARM_UP_S, design_effect: float = 1.0) -> Verdict:
    """Return the verdict on a stage from everything observed so far, in this stage and in those before it.

    ``elapsed_s`` is how long the stage has lasted; without it, the end of the last window. ``approved`` names the stages that a
    person has let through. Windows that begin within ``warm_up_s`` of a stage's start do not count. ``design_effect`` deflates
    counts where errors come in bursts (1: every request errs for itself).
    """
    place = next((i for i, s in enumerate(plan.stages) if s.name == stage), None)
    if place is None:
        names = ", ".join(s.name for s in plan.stages)
        raise UsageError("no such stage", where="stage", got=stage, expected=f"one of: {names}")
    if design_effect < 1:
        what = "counts cannot be worth more than they are"
        raise UsageError(what, where="design_effect", got=design_effect, expected="1 or more")
    reached = {s.name: i for i, s in enumerate(plan.stages[: place + 1])}
    given = [o for o in observations if o.stage in reached]
    ends = [float(o.start_s + o.window_s) for o in given if o.stage == stage]
    rows = windows(o for o in given if o.start_s >= warm_up_s)
    seen = {series: sorted(row, key=lambda w: (reached[w.stage], w.start_s)) for series, row in rows.items()}
    case = _Case(plan, plan.stages[place], place, seen, elapsed_s if elapsed_s is not None else max(ends, default=0.0),
                 approved, design_effect)
    return replace(_judged(case), stage=stage, next_check_s=plan.analysis.interval_s)


def _judged(case: _Case) -> Verdict:
    gates, rules = claims(case.plan, case.stage.gates)
    disaster = next((words for r in rules if (words := _disaster(case, r))), None)
    weights = {c: _weighed(case, c) for c in (*gates, *rules)}
    need = threshold(case.alpha, shares_of_alpha(case.plan))
    proof = next((words for c, w in weights.items() if c.rolls_back and (words := _broken(c, w, need))), None)
    verdict = Verdict("hold", "", case.stage.name, tuple(_shown(case, c, weights[c]) for c in gates))
    if disaster or proof:
        return replace(verdict, decision="rollback", reason=disaster or proof or "")
    if case.plan.analysis.method == "threshold" and (words := _failed_checks(case, [*gates, *rules])):
        return replace(verdict, decision="rollback", reason=words)
    unfit = _unfit(case)
    if unfit:
        return replace(verdict, reason=unfit)
    unknown = tuple(c.name for c in gates if not _measured(case, c))
    if unknown:
        return _without_data(case, replace(verdict, unknown=unknown))
    return _progress(case, gates, weights, verdict)


def _weighed(case: _Case, claim: Claim) -> Weight:
    whole = case.seen.get(claim.series, ())
    public = {s.name for s in case.plan.stages if s.audience is None}  # an audience errs in its own way
    comparable = [w for w in whole if w.stage in public]
    return weigh(claim, whole, comparable, case.alpha, case.design_effect)


def _disaster(case: _Case, rule: Claim) -> str | None:
    """Say which hard limit was passed in two windows in a row, if one was."""
    for series in dict.fromkeys((rule.series, (rule.series[0], None))):
        row = 0
        for w in case.now(series):
            enough = w.canary is not None and (w.canary.total is None or w.canary.total >= DISASTER_REQUESTS)
            row = row + 1 if enough and w.canary and rule.violated(w.canary) else 0
            if row >= DISASTER_WINDOWS:
                return f"{rule.name}: passed in {row} windows in a row"
    return None


def _broken(claim: Claim, weight: Weight, need: float) -> str | None:
    e = weight.evidence
    if weight.broken >= need and claim.limit is not None and e.rate is not None:
        return (f"{claim.name}: {100 * e.rate:.2f} % bad ({e.bad:,.0f} of {e.total:,.0f}), and the limit of "
                f"{100 * claim.limit:g} % is proven to be passed")
    if weight.worse >= need and e.rate is not None and e.baseline_total:
        other = 100 * (e.baseline_bad or 0) / e.baseline_total
        return f"{claim.name}: {100 * e.rate:.2f} % bad against {other:.2f} % of the baseline, proven worse"
    return None


def _failed_checks(case: _Case, watched: Sequence[Claim]) -> str | None:
    """Count bad windows over the stage, as Flagger does (``method: threshold``); no statistics."""
    bad = {(w.start_s) for c in watched for w in case.now(c.series) if w.canary and c.violated(w.canary)}
    limit = case.plan.analysis.max_failed_checks
    return f"{len(bad)} failed checks, the limit is {limit}" if len(bad) >= limit else None


def _unfit(case: _Case) -> str | None:
    if case.stage.audience is not None:
        return None  # how large an audience is, the plan does not say
    counted = (mismatch(case.now(series), case.stage.traffic_bp) for series in case.seen)
    return next((f"no comparison is valid: {words}" for words in counted if words), None)


def _measured(case: _Case, gate: Claim) -> bool:
    """Return whether a gate has fresh data in this stage: counts with requests in them, or values."""
    rows = case.now(gate.series) + (case.now((gate.series[0], None)) if gate.limit is None else [])
    known = [w for w in rows if w.canary and (w.canary.total or w.canary.value is not None)]
    fresh = case.elapsed_s - 3 * case.plan.analysis.interval_s
    return any(w.start_s + w.window_s >= fresh for w in known)


def _without_data(case: _Case, verdict: Verdict) -> Verdict:
    said = f"no data for {', '.join(verdict.unknown)}"
    late = WARM_UP_S + 3 * case.plan.analysis.interval_s
    if case.plan.analysis.on_no_data == "rollback" and case.elapsed_s >= late:
        return replace(verdict, decision="rollback", reason=f"{said} after {case.elapsed_s:,.0f} s")
    return replace(verdict, reason=said)


def _progress(case: _Case, gates: Sequence[Claim], weights: Mapping[Claim, Weight], verdict: Verdict) -> Verdict:
    """Promote when nothing is missing; else say what is."""
    stage, lacks = case.stage, []
    if case.elapsed_s < stage.min_duration_s:
        lacks.append(f"{stage.min_duration_s - case.elapsed_s:,.0f} s of its minimal length")
    sample = max((sum(w.canary.total or 0 for w in case.now(g.series) if w.canary) for g in gates), default=0.0)
    short = max(0, int((stage.min_requests or 0) - sample)) if gates else 0
    if short:
        lacks.append(f"{short:,} canary requests of its minimal sample")
    bad_now = [g.name for g in gates if _bad_now(case, g)]
    if bad_now:
        lacks.append(f"a last window within the limits of {', '.join(bad_now)}")
    more, unproven = _unproven(case, gates, weights)
    if unproven:
        lacks.append(f"proof of {', '.join(unproven)}" + (f" (about {more:,} more canary requests)" if more else ""))
    following = case.plan.stages[case.place + 1] if case.place + 1 < len(case.plan.stages) else None
    waits = following is not None and following.approval == "manual" and following.name not in case.approved
    if waits and following:
        lacks.append(f"approval of stage {following.name}")
    if not lacks:
        return replace(verdict, decision="promote", reason="every gate is proven healthy" if gates else "its time is over")
    missing = max(short, more or 0) or None
    reason = f"lacks {'; '.join(lacks)}"
    if stage.max_duration_s is not None and case.elapsed_s >= stage.max_duration_s and not (bad_now or waits):
        decision: Decision = stage.on_inconclusive
        return replace(verdict, decision=decision, reason=f"{reason}; its maximal length is over", missing_requests=missing)
    return replace(verdict, reason=reason, missing_requests=missing)


def _unproven(case: _Case, gates: Sequence[Claim], weights: Mapping[Claim, Weight]) -> tuple[int | None, list[str]]:
    """Return the gates that are not proven healthy, and the requests after which the slowest of them might be."""
    if case.plan.analysis.method == "threshold":
        return None, []
    names, requests = [], []
    for gate in gates:
        if not _sound(case, gate, weights[gate]):
            names.append(gate.name)
            requests.append(missing_requests(weights[gate], gate, _needs(case, gate)))
    return (None if None in requests else max((r for r in requests if r is not None), default=None)), names


def _needs(case: _Case, gate: Claim) -> float:
    """Return the log evidence for health: alpha is halved where limit and ratio may both promote."""
    return threshold(case.alpha, 2 if gate.limit is not None and gate.max_ratio is not None else 1)


def _sound(case: _Case, gate: Claim, weight: Weight) -> bool:
    if gate.limit is None:  # no counts: a value is all there is
        return not _bad_now(case, gate)
    return max(weight.sound, weight.close) >= _needs(case, gate)


def _bad_now(case: _Case, gate: Claim) -> bool:
    """Return whether the last window of this stage breaks the gate, by enough requests to say so."""
    rows = case.now(gate.series)
    last = rows[-1].canary if rows else None
    return bool(last and (last.total is None or last.total >= DISASTER_REQUESTS) and gate.violated(last))


def _shown(case: _Case, gate: Claim, weight: Weight) -> Evidence:
    need = threshold(case.alpha, shares_of_alpha(case.plan))
    rows = case.now(gate.series)
    value = rows[-1].canary.value if rows and rows[-1].canary else None
    healthy = False if max(weight.broken, weight.worse) >= need else (True if _sound(case, gate, weight) else None)
    if gate.limit is None and not rows:
        healthy = None
    return replace(weight.evidence, healthy=healthy, value=value)
