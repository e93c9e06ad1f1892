"""What would lower the risk: each proposal is tried, scored and planned before it is made."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from riskml.assess.files import evidence_of
from riskml.assess.yardstick import Yardstick
from riskml.assessment import FileShare, Proposal
from riskml.features.catalogue import extract
from riskml.features.feature import Evidence
from riskml.plan import Plan
from riskml.policy.strategies import WAYS
from riskml.suite import CaseResult, SuiteRun

MOST = 3
NOTICEABLE = 0.02  # a score that falls by less, or by less than a tenth, is noise

Replan = Callable[[Evidence, float], tuple[float, Plan]]
"""From evidence and its probability to the score and the plan that the same policy gives."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Something to try: what to do, what is then left of the change, and the part that goes its own way, if one does."""

    action: str
    left: Evidence
    apart: Evidence | None = None


def proposals_of(
    evidence: Evidence,
    shares: Sequence[FileShare],
    lossy: Sequence[str],
    score: float,
    plan: Plan,
    measure: Yardstick,
    replan: Replan,
) -> tuple[Proposal, ...]:
    """Return at most three proposals, best first: those that lower the strategy, lift a hold or lower the score noticeably.

    A score below every threshold of the policy is low enough: to lower it further is no advice. ``lossy`` names the files with
    a destructive migration.
    """
    trials = [*_trials(evidence, shares, lossy)]
    parts = [e for t in trials for e in (t.left, t.apart) if e is not None]
    if not parts:
        return ()
    calm = score <= min(measure.policy.thresholds, default=0.0)
    probabilities = iter(measure.scorer.probabilities([extract(e) for e in parts]))
    made = []
    for trial in trials:
        lowered, other = replan(trial.left, next(probabilities))
        action = trial.action
        if trial.apart is not None:
            action += f" (which by itself scores {measure.score(next(probabilities)):.2f})"
        if _better(score, plan, lowered, other, calm=calm):
            made.append(Proposal(action, lowered, other.strategy, traffic_of(other)))
    return tuple(sorted(made, key=lambda p: (WAYS_CAUTION[p.strategy], p.score))[:MOST])


WAYS_CAUTION: dict[str, int] = {name: way.caution for name, way in WAYS.items()}


def traffic_of(plan: Plan) -> float | None:
    """Return where a plan starts, in percent, if its strategy shows the new version to a part of the users first."""
    return None if plan.strategy in ("full", "rolling", "blue-green") else plan.initial_traffic_bp / 100


def _better(score: float, plan: Plan, lowered: float, other: Plan, *, calm: bool) -> bool:
    if lowered > score:
        return False
    easier = WAYS_CAUTION[other.strategy] < WAYS_CAUTION[plan.strategy]
    released = bool(plan.hold) and not other.hold
    return easier or released or (not calm and score - lowered >= max(NOTICEABLE, 0.1 * score))


def _trials(evidence: Evidence, shares: Sequence[FileShare], lossy: Sequence[str]) -> Iterator[Trial]:
    files = evidence.change.files
    taken: set[frozenset[str]] = set()
    groups = []
    if lossy:
        groups.append((f"move the destructive migration {_shown(lossy[0])} to a later release", frozenset(lossy), False))
    if shares:
        groups.append((f"move {_shown(shares[0].path)} to a change of its own", frozenset({shares[0].path}), True))
    folder, inside = _riskiest_folder(shares)
    if len(inside) > 1:
        groups.append((f"move the {len(inside)} files under {_shown(folder)}/ to a change of their own", inside, True))
    for action, paths, scored in groups:
        if len(paths) < len(files) and paths not in taken:
            taken.add(paths)
            left = evidence_of(evidence, [f for f in files if f.path not in paths])
            yield Trial(action, left, evidence_of(evidence, [f for f in files if f.path in paths]) if scored else None)
    broken = [c for c in (evidence.suite.cases if evidence.suite else None) or () if c.outcome in ("failed", "error")]
    if broken and evidence.suite is not None:
        many = "the failing test" if len(broken) == 1 else f"the {len(broken)} failing tests"
        yield Trial(f"make {many} pass, {_shown(broken[0].name)} first", replace(evidence, suite=_mended(evidence.suite)))


def _riskiest_folder(shares: Sequence[FileShare]) -> tuple[str, frozenset[str]]:
    """Return the folder whose files hold the largest share, and their paths; the root is no folder."""
    inside: dict[str, set[str]] = defaultdict(set)
    weight: dict[str, float] = defaultdict(float)
    for share in shares:
        folder = share.path.rpartition("/")[0]
        if folder:
            inside[folder].add(share.path)
            weight[folder] += share.share
    if not weight:
        return "", frozenset()
    riskiest = max(weight, key=lambda f: (weight[f], f))
    return riskiest, frozenset(inside[riskiest])


def _mended(suite: SuiteRun) -> SuiteRun:
    """Return the same run with every failing case passed."""

    def passed(case: CaseResult) -> CaseResult:
        return replace(case, outcome="passed") if case.outcome in ("failed", "error") else case

    return replace(suite, cases=tuple(passed(c) for c in suite.cases or ()))


def _shown(text: str, limit: int = 120) -> str:
    return text if len(text) <= limit else "…" + text[-limit:]
