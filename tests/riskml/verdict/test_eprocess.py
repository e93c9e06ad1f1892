"""The statistics err as rarely as they say, whenever one looks."""

from __future__ import annotations

import random
from math import inf, isinf, log

import pytest

from riskml.verdict.eprocess import Interval, rate_bounds, rate_path, ratio_bounds, ratio_path

ALPHA = 0.05


def poisson(rng: random.Random, mean: float) -> int:
    """Draw from a Poisson distribution by waiting times; exact, and fast enough for small means."""
    n, left = -1, mean
    while left > 0:
        left -= rng.expovariate(1.0)
        n += 1
    return n


def ramp(rng: random.Random, base: float, ratio: float) -> list[Interval]:
    """Draw 80 minutes over shares of 1, 5, 25 and 50 % of 3,000 requests a minute."""
    seen = []
    for share in (0.01, 0.05, 0.25, 0.5):
        new, old = 3_000 * share, 3_000 * (1 - share)
        seen += [Interval(poisson(rng, new * base * ratio), new, poisson(rng, old * base), old) for _ in range(20)]
    return seen


def test_a_healthy_release_is_rarely_called_worse_at_any_of_its_looks():
    """Over 400 ramps of 80 looks at alpha 5 % the ratio test errs in at most 5 %, though shares change on the way."""
    rng = random.Random(1)
    wrong = sum(max(ratio_path(ramp(rng, 0.005, 1.0), 1.0, "above")) >= log(1 / ALPHA) for _ in range(400))
    assert wrong / 400 <= ALPHA


def test_a_canary_at_its_limit_is_rarely_proven_sound():
    """At exactly the limit the promotion test errs in 5 % of the releases at most (and two standard errors of 400 runs)."""
    rng = random.Random(2)
    wrong = sum(max(rate_path(ramp(rng, 0.005, 2.0), 0.01, "below")) >= log(1 / ALPHA) for _ in range(400))
    assert wrong / 400 <= ALPHA + 2 * (ALPHA * (1 - ALPHA) / 400) ** 0.5


def test_a_tenfold_error_rate_is_seen():
    """0.5 % against 5 % at 1 % of 3,000 requests a minute is proven within twenty minutes in nearly every release."""
    rng = random.Random(3)
    seen = [ratio_path(ramp(rng, 0.005, 10.0)[:20], 1.0, "above")[-1] >= log(1 / ALPHA) for _ in range(50)]
    assert sum(seen) >= 45


@pytest.mark.parametrize("side", ["above", "below"])
def test_evidence_adds_up_over_intervals_of_one_exposure(side):
    """Cutting time into other windows changes nothing while the traffic share stays."""
    whole = [Interval(8, 4_000, 20, 36_000)]
    parts = [Interval(2, 1_000, 5, 9_000)] * 4
    assert ratio_path(parts, 1.5, side)[-1] == pytest.approx(ratio_path(whole, 1.5, side)[-1])
    assert rate_path(parts, 0.004, side)[-1] == pytest.approx(rate_path(whole, 0.004, side)[-1])


def test_an_arm_without_traffic_says_nothing_about_the_ratio():
    """An interval in which nobody used one version adds no evidence, however bad the other was."""
    assert ratio_path([Interval(5, 100, 0, 0), Interval(0, 0, 5, 100)], 1.0, "above") == [0.0, 0.0]


def test_evidence_grows_with_bad_events():
    """One more bad event of the canary never lowers the evidence that it is worse, nor raises that it is sound."""
    worse = [ratio_path([Interval(k, 1_000, 10, 9_000)], 1.0, "above")[-1] for k in range(30)]
    sound = [rate_path([Interval(k, 1_000)], 0.02, "below")[-1] for k in range(30)]
    assert worse == sorted(worse)
    assert sound == sorted(sound, reverse=True)


def test_bounds_hold_the_truth_at_all_looks():
    """In 95 % of 200 releases the bounds of the rate hold the true rate after every one of 30 minutes."""
    rng = random.Random(4)
    kept = 0
    for _ in range(200):
        bad = total = 0.0
        inside = True
        for _minute in range(30):
            bad, total = bad + poisson(rng, 5.0), total + 1_000.0
            low, high = rate_bounds(bad, total, ALPHA)
            inside = inside and low <= 0.005 <= high
        kept += inside
    assert kept >= 190


@pytest.mark.parametrize(("bad", "total", "low", "high"), [(0, 0, 0.0, 1.0), (0, 1_000, 0.0, None), (1_000, 1_000, None, 1.0)])
def test_bounds_at_the_ends(bad, total, low, high):
    """Without events nothing is known; without bad ones the lower end is 0, with nothing but bad ones the upper is 1."""
    found = rate_bounds(bad, total, ALPHA)
    assert low is None or found[0] == low
    assert high is None or found[1] == high
    assert 0.0 <= found[0] <= found[1] <= 1.0


def test_bounds_of_a_ratio_without_bad_events():
    """No bad event on one side leaves that side open."""
    assert ratio_bounds([Interval(0, 100, 0, 900)], ALPHA) == (0.0, inf)
    low, high = ratio_bounds([Interval(9, 100, 0, 900)], ALPHA)
    assert low > 1
    assert isinf(high)
