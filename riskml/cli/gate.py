"""From a decision to the exit code that a CI job sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

FailOn = Literal["never", "block", "high", "unknown"]
FAIL_ON: tuple[FailOn, ...] = get_args(FailOn)

PASS, WARN, BLOCK, UNKNOWN = 0, 10, 20, 30


def exit_code(decision: Mapping[str, object], fail_on: FailOn) -> int:
    """Exit code of a decision. Each level of ``fail_on`` includes the one before it.

    ``never`` always passes; ``block`` fails on a release that a guardrail holds; ``high`` also on a high band; ``unknown`` also
    where too little is known to name a band. Where there is nothing to release, all pass.

    >>> exit_code({"band": "high", "hold": False}, "high"), exit_code({"band": "high", "hold": False}, "block")
    (10, 0)
    """
    level = FAIL_ON.index(fail_on)
    if decision.get("empty"):
        return PASS
    if level >= FAIL_ON.index("block") and decision.get("hold"):
        return BLOCK
    if level >= FAIL_ON.index("high") and decision["band"] == "high":
        return WARN
    if level >= FAIL_ON.index("unknown") and decision["band"] == "unknown":
        return UNKNOWN
    return PASS
