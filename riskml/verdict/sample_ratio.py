"""Did the canary get the share that the plan gave it? If not, the two arms are not comparable and no test on them means much.

Sequential form of the sample-ratio check of online experiments (Fabijan et al., KDD 2019; Lindon, Malek 2022): requests are
events, asked shares are exposures, and the odds may be off by a tolerated factor.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import log

from riskml.plan import ALL_BP
from riskml.verdict.eprocess import Interval, ratio_path
from riskml.verdict.observation import Window

TOLERANCE = 1.2
"""Odds may be wrong by this factor: user-sticky splits and retries are never exact."""

ALPHA = 0.001


def mismatch(windows: Iterable[Window], asked_bp: int) -> str | None:
    """Return in words how the share is off, or ``None`` while it may be right. Needs both arms in the same windows."""
    asked = asked_bp / ALL_BP
    if not 0 < asked < 1:
        return None
    seen = [(w.canary.total, w.baseline.total) for w in windows
            if w.canary and w.baseline and w.canary.total is not None and w.baseline.total is not None]
    new, old = sum(n for n, _ in seen), sum(o for _, o in seen)
    if not seen or not new + old:
        return None
    counts = [Interval(n, asked, o, 1.0 - asked) for n, o in seen]
    off = (ratio_path(counts, TOLERANCE, "above")[-1], ratio_path(counts, 1.0 / TOLERANCE, "below")[-1])
    if max(off) < log(2 / ALPHA):
        return None
    return f"the canary got {100 * new / (new + old):.2f} % of the requests, not {100 * asked:g} %"
