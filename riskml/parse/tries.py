"""Several tries of one test case, settled: the last one decides, and a failure before a pass makes it flaky."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from riskml.suite import CaseResult, Outcome

BAD: frozenset[Outcome] = frozenset({"failed", "error"})


class Try(NamedTuple):
    """One execution of a case. ``flaky`` is set when the producer has settled retries of its own (Surefire)."""

    outcome: Outcome
    duration_s: float | None
    flaky: bool = False


def settle(suite: str, name: str, file: str | None, tries: Sequence[Try]) -> CaseResult:
    """Settle tries in the order they ran. A skip after another result decides nothing.

    >>> settle("api", "test_pay", None, [Try("failed", 0.5), Try("passed", 0.25)])
    CaseResult(suite='api', name='test_pay', outcome='passed', duration_s=0.75, flaky=True, file=None)
    """
    ran = [t for t in tries if t.outcome != "skipped"]
    last = (ran or tries)[-1]
    known = [t.duration_s for t in tries if t.duration_s is not None]
    flaky = last.outcome == "passed" and any(t.flaky or t.outcome in BAD for t in ran)
    return CaseResult(suite, name, last.outcome, sum(known) if known else None, flaky, file)
