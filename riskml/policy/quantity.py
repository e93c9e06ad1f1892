"""Quantities as people write them: ``5m``, ``1 %``, ``< 800 ms``. The unit is part of the text; a bare number is refused."""

from __future__ import annotations

import re
from typing import Literal

from riskml.errors import PolicyError
from riskml.plan import ALL_BP
from riskml.policy.policy import basis_points
from riskml.validation import Criterion

_NUMBER = r"([0-9]{1,9}(?:\.[0-9]{1,6})?)"
_DURATION = re.compile(r"([0-9]{1,9}) ?(s|m|h|d)")
_PERCENT = re.compile(_NUMBER + " ?%")
_LIMIT = re.compile(r"(<=|<) ?" + _NUMBER + r" ?(%|ms|s)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
LONGEST_S = 30 * 86_400
METRICS: dict[str, Literal["percent", "milliseconds"]] = {
    "error_rate": "percent", "latency_p50": "milliseconds", "latency_p90": "milliseconds", "latency_p95": "milliseconds",
    "latency_p99": "milliseconds", "latency_p999": "milliseconds",
}
"""What a criterion may limit, and its unit in a plan."""


def duration_s(text: str, where: str) -> int:
    """Read a length of time in seconds, above 0 and at most 30 days.

    >>> [duration_s(t, "duration") for t in ("30s", "5m", "1 h", "2d")]
    [30, 300, 3600, 172800]
    """
    found = _DURATION.fullmatch(text)
    seconds = int(found[1]) * _SECONDS[found[2]] if found else 0
    if not 0 < seconds <= LONGEST_S:
        raise PolicyError("not a length of time", where=where, got=text,
                          expected="a whole number with its unit, from 1s to 30d, such as 30s, 5m or 4h")
    return seconds


def share_bp(text: str, where: str) -> int:
    """Read a share of the traffic in basis points, above 0 and at most 100 %, no finer than 0.01 %.

    >>> share_bp("1 %", "traffic"), share_bp("0.25%", "traffic")
    (100, 25)
    """
    found = _PERCENT.fullmatch(text)
    if found is None or not 0 < float(found[1]) * 100 <= ALL_BP:
        raise PolicyError("not a share", where=where, got=text, expected="a percentage above 0 and up to 100, such as 10 %")
    return basis_points(float(found[1]), where)


def criterion(metric: str, text: str, where: str) -> Criterion:
    """Read a limit on a metric; its unit must be the metric's.

    >>> criterion("latency_p95", "< 0.8 s", "criteria.latency_p95")
    Criterion(metric='latency_p95', op='<', value=800.0, unit='milliseconds')
    """
    percent = METRICS[metric] == "percent"
    found = _LIMIT.fullmatch(text)
    if found is None or (found[3] == "%") is not percent:
        raise PolicyError("not a limit", where=where, got=text, expected=f"such as \"{'< 0.5 %' if percent else '< 800 ms'}\"")
    value = round(float(found[2]) * (1000 if found[3] == "s" else 1), 6)
    if value == 0 or (percent and value > 100):
        raise PolicyError("a limit that means nothing", where=where, got=text,
                          expected="more than 0 % and at most 100 %" if percent else "more than 0 ms")
    return Criterion(metric, "<" if found[1] == "<" else "<=", value, METRICS[metric])
