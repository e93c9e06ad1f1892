"""Weighing one claim: from windows to log evidence for and against it, always-valid bounds, and what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil, inf, log

from riskml.verdict.claim import Claim
from riskml.verdict.eprocess import Interval, rate_bounds, rate_path, ratio_bounds, ratio_path
from riskml.verdict.observation import Window
from riskml.verdict.verdict import Evidence

FARTHEST = 1_000
"""How many times the present sample is looked ahead for a promotion."""


@dataclass(frozen=True, slots=True)
class Weight:
    """What the windows say of one claim, as natural logarithms of e-values.

    ``broken`` is the highest evidence so far that the limit is passed, ``worse`` the same for the ratio to the baseline, but
    only where the measured ratio is beyond the tolerated one too: a difference that is certain and small does not undo a
    release. ``sound`` and ``close`` are the present evidence that the limit, or the ratio, is kept.
    """

    evidence: Evidence
    broken: float = -inf
    worse: float = -inf
    sound: float = -inf
    close: float = -inf


def weigh(claim: Claim, whole: Sequence[Window], comparable: Sequence[Window], alpha: float, design_effect: float) -> Weight:
    """Weigh a claim.

    ``whole`` are all windows that count, ``comparable`` those whose baseline saw the same kind of traffic. ``design_effect`` is
    by how much errors that come in bursts inflate the variance; counts are divided by it.
    """
    alone = list(intervals(whole, design_effect))
    paired = [i for i in intervals(comparable, design_effect) if i.total and i.baseline_total]
    bad, total = sum(i.bad for i in alone), sum(i.total for i in alone)
    weight: dict[str, float] = {}
    low, high = rate_bounds(bad, total, alpha)
    if claim.limit is not None and alone:
        weight["broken"] = max(rate_path(alone, claim.limit, "above"))
        weight["sound"] = rate_path(alone, claim.limit, "below")[-1]
    ratios: tuple[float | None, float | None] = (None, None)
    if claim.max_ratio is not None and paired:
        ratios = ratio_bounds(paired, alpha)
        if measured_ratio(paired) >= claim.max_ratio:
            weight["worse"] = max(ratio_path(paired, 1.0, "above"))
        weight["close"] = ratio_path(paired, claim.max_ratio, "below")[-1]
    evidence = Evidence(
        claim.name, None, bad * design_effect, total * design_effect, sum(i.baseline_bad for i in paired) * design_effect,
        sum(i.baseline_total for i in paired) * design_effect, low, high, claim.limit, *ratios, claim.max_ratio,
    )
    return Weight(evidence, **weight)


def intervals(windows: Iterable[Window], design_effect: float) -> Iterable[Interval]:
    """Turn windows with counts into intervals for the tests."""
    for w in windows:
        if w.canary is None or w.canary.bad is None or w.canary.total is None:
            continue
        pair = (w.baseline.bad, w.baseline.total) if w.baseline else (None, None)
        other = (pair[0] or 0.0, pair[1] or 0.0) if None not in pair else (0.0, 0.0)
        yield Interval(*(n / design_effect for n in (w.canary.bad, w.canary.total, *other)))


def measured_ratio(paired: Iterable[Interval]) -> float:
    """Return the ratio of the two rates over intervals of different exposure (Mantel, Haenszel 1959).

    It is 0 without any bad event, and infinite if all were the canary's.
    """
    above = below = 0.0
    for i in paired:
        both = i.total + i.baseline_total
        above += i.bad * i.baseline_total / both
        below += i.baseline_bad * i.total / both
    return above / below if below else (inf if above else 0.0)


def missing_requests(weight: Weight, claim: Claim, need: float) -> int | None:
    """Return how many more requests to the canary would promote at the present rates; ``None`` if no number would.

    ``need`` is the log evidence at which a gate counts as healthy.
    """
    e = weight.evidence
    total, bad = e.total or 0.0, e.bad or 0.0
    rate = (bad + 0.5) / (total + 1.0)
    needed = []
    if claim.limit is not None and rate < claim.limit:
        limit = claim.limit
        needed.append(_requests(lambda n: rate_path([Interval(rate * n, n)], limit, "below")[-1], need, total))
    if claim.max_ratio is not None and e.baseline_total and e.baseline_bad:
        ratio, other = claim.max_ratio, e.baseline_bad / e.baseline_total
        share = (e.baseline_total / total) if total else 1.0
        if rate < ratio * other:
            needed.append(_requests(
                lambda n: ratio_path([Interval(rate * n, n, other * n * share, n * share)], ratio, "below")[-1],
                need, total))
    found = [n for n in needed if n is not None]
    return min(found) if found else None


def _requests(evidence_of: Callable[[float], float], need: float, have: float) -> int | None:
    """Find, by bisection, the sample at which evidence reaches what is needed, and return what is missing of it."""
    low, high = max(have, 1.0), max(have, 100.0) * FARTHEST
    if evidence_of(high) < need:
        return None
    while high / low > 1.01:
        middle = (low * high) ** 0.5
        low, high = (low, middle) if evidence_of(middle) >= need else (middle, high)
    return max(ceil(high - have), 1)


def threshold(alpha: float, tests: int) -> float:
    """Return the log evidence at which one of ``tests`` tests decides, so that all together err with probability ``alpha``.

    >>> round(threshold(0.05, 2), 2)
    3.69
    """
    return log(tests / alpha)
