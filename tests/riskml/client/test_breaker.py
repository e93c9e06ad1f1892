"""The breaker is resilience4j's, replayed against its own recorded state changes."""

import gzip
import json
from pathlib import Path

import pytest

from riskml.client.breaker import BreakerSettings, CircuitBreaker
from riskml.errors import UsageError

TRACES = Path(__file__).resolve().parents[3].parent / "shared" / "data" / "resilience4j-2.4.0-traces.json.gz"


class Clock:
    """A clock that moves when told, in whole milliseconds as the recorded one."""

    def __init__(self) -> None:
        self.ms = 0

    def __call__(self) -> float:
        """Tell the time in seconds."""
        return self.ms / 1000


def small(clock: Clock, **changes: object) -> CircuitBreaker:
    """Build a breaker that opens after two failures and tries again with two calls."""
    settings = {"window": 4, "minimum_calls": 2, "half_open_calls": 2, "wait_s": 10.0} | changes
    return CircuitBreaker(BreakerSettings(**settings), clock=clock)


def open_up(breaker: CircuitBreaker) -> None:
    """Fail twice."""
    for _ in range(2):
        assert breaker.allow()
        breaker.record(failed=True)
    assert breaker.state == "OPEN"


def test_every_recorded_step_of_resilience4j_is_reproduced():
    """Permission, state and failure rate equal the recording at each step of each trace."""
    if not TRACES.exists():
        pytest.skip("the recorded traces are not beside this checkout (../shared/data)")
    mismatches = steps = 0
    for trace in json.loads(gzip.decompress(TRACES.read_bytes())):
        clock = Clock()
        breaker = CircuitBreaker(BreakerSettings(
            kind=trace["window"], window=trace["size"], threshold_percent=trace["threshold"], minimum_calls=trace["min"],
            half_open_calls=trace["half"], wait_s=trace["wait_s"]), clock=clock)
        for advance_ms, failed, permitted, state, rate in trace["steps"]:
            clock.ms += advance_ms
            allowed = breaker.allow()
            if allowed:
                breaker.record(failed=bool(failed))
            got = breaker.failure_rate
            same = (allowed, breaker.state) == (bool(permitted), state) and abs((-1.0 if got is None else got) - rate) < 1e-3
            mismatches += not same
            steps += 1
    assert steps > 1000
    assert mismatches == 0


def test_opening_needs_the_minimum_number_of_results():
    """One failure of one call is a rate of 100 % but not evidence."""
    breaker = small(Clock())
    breaker.allow()
    breaker.record(failed=True)
    assert breaker.state == "CLOSED"


def test_the_wait_must_be_exceeded_not_reached():
    """An attempt exactly at the end of the wait is still refused; a millisecond later it is let through."""
    clock = Clock()
    breaker = small(clock)
    open_up(breaker)
    clock.ms += 10_000
    assert not breaker.allow()
    clock.ms += 1
    assert breaker.allow()
    assert breaker.state == "HALF_OPEN"


def test_half_open_lets_only_its_trials_through():
    """A third attempt waits until the two trials have answered."""
    clock = Clock()
    breaker = small(clock)
    open_up(breaker)
    clock.ms += 10_001
    assert [breaker.allow() for _ in range(3)] == [True, True, False]


def test_a_released_trial_can_be_used_again():
    """A trial that was not made, or that says nothing of the service, does not block the breaker forever."""
    clock = Clock()
    breaker = small(clock, half_open_calls=1)
    open_up(breaker)
    clock.ms += 10_001
    assert breaker.allow()
    breaker.release()
    assert breaker.allow()
    breaker.record(failed=False)
    assert breaker.state == "CLOSED"


def test_results_that_arrive_after_opening_change_nothing():
    """A slow success does not close a breaker that has opened meanwhile."""
    clock = Clock()
    breaker = small(clock)
    open_up(breaker)
    breaker.record(failed=False)
    assert breaker.state == "OPEN"
    assert breaker.failure_rate == 100.0


def test_retry_after_counts_down_to_zero():
    """An open breaker says how long its callers may save themselves the attempt."""
    clock = Clock()
    breaker = small(clock)
    assert breaker.retry_after_s == 0
    open_up(breaker)
    clock.ms += 4_000
    assert breaker.retry_after_s == 6.0


@pytest.mark.parametrize("bad", [{"threshold_percent": 0}, {"threshold_percent": 100.5}, {"window": 0}, {"minimum_calls": 0},
                                 {"half_open_calls": 0}, {"wait_s": 0.0}, {"wait_s": float("nan")}, {"kind": "sliding"}])
def test_settings_outside_the_limits_are_refused_by_name(bad: dict[str, object]):
    """The message names the setting, its value and what is legal."""
    with pytest.raises(UsageError, match=next(iter(bad))):
        BreakerSettings(**bad)
