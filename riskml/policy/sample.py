"""How many requests a verdict needs, and how long a share of the traffic takes to deliver them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import ceil, sqrt
from statistics import NormalDist
from typing import Annotated

from riskml.document import Limits

SEQUENTIAL = 2.5  # a test that may look at every minute needs up to 2.5 times the sample of one look, for the same power


@dataclass(frozen=True, slots=True)
class Sample:
    """What a verdict must be able to see: a baseline error rate that rises ``detectable_ratio`` times, with chance ``power``.

    ``min_requests``, when given, replaces the computed size.
    """

    baseline_error_rate_percent: Annotated[float, Limits(above=0, maximum=50)] = 0.5
    detectable_ratio: Annotated[float, Limits(minimum=1.1, maximum=100)] = 2.0
    alpha: Annotated[float, Limits(minimum=0.0001, maximum=0.5)] = 0.05
    power: Annotated[float, Limits(minimum=0.5, maximum=0.999)] = 0.8
    min_requests: Annotated[int | None, Limits(minimum=1)] = None


DEFAULT_SAMPLE = Sample()


@lru_cache(maxsize=4096)
def fixed_sample(share: float, baseline: float, degraded: float, alpha: float, power: float) -> float:
    """Return the requests that the new version must get at a share of the traffic for one look at the end.

    The two-proportion test with unequal arms (Fleiss, Tytun & Ury 1980, without continuity correction), one-sided: the old
    version gets ``(1 - share) / share`` requests for each of the new one's. Rates and share are parts of 1.

    >>> round(fixed_sample(0.01, 0.005, 0.01, 0.05, 0.8)), round(fixed_sample(0.1, 0.005, 0.01, 0.05, 0.8))
    (1618, 1837)
    """
    normal = NormalDist()
    inverse = share / (1 - share)  # requests of the new version for each of the old one's
    pooled = (degraded * inverse + baseline) / (inverse + 1)
    chance = normal.inv_cdf(1 - alpha) * sqrt(pooled * (1 - pooled) * (1 + inverse))
    real = normal.inv_cdf(power) * sqrt(degraded * (1 - degraded) + inverse * baseline * (1 - baseline))
    return ((chance + real) / (degraded - baseline)) ** 2


def needed_requests(share_bp: int, sample: Sample) -> int:
    """Return the sample a stage needs for the sequential test to decide; above half of the traffic, that of half."""
    if sample.min_requests is not None:
        return sample.min_requests
    baseline = sample.baseline_error_rate_percent / 100
    degraded = min(baseline * sample.detectable_ratio, 0.99)
    share = min(share_bp, 5_000) / 10_000
    return ceil(SEQUENTIAL * fixed_sample(share, baseline, degraded, sample.alpha, sample.power))


def seconds_needed(share_bp: int, requests: int, requests_per_minute: float) -> float:
    """Return how long a share of the traffic takes to bring that many requests."""
    return requests * 60 / (requests_per_minute * share_bp / 10_000)


def requests_expected(share_bp: int, seconds: int, requests_per_minute: float) -> int:
    """Return how many requests a share brings in that time, rounded down."""
    return int(requests_per_minute * share_bp / 10_000 * seconds / 60)
