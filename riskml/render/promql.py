"""PromQL for the metrics of gates and rules: error rate in percent, latency quantiles in milliseconds.

Names follow the common client libraries: a counter of requests with a status code, and a histogram of seconds. A gate's own
``value_query`` wins. The quantile interpolates inside a bucket: put a bucket edge at each limit.
"""

from __future__ import annotations

import re

from riskml.plan import Gate, Plan, Rule

LATENCY = re.compile(r"latency_p(\d{2,3})")


def quantile(metric: str) -> float | None:
    """Return which quantile a latency metric names: ``latency_p99`` → 0.99, ``latency_p999`` → 0.999.

    >>> quantile("latency_p95"), quantile("latency_p999"), quantile("error_rate")
    (0.95, 0.999, None)
    """
    found = LATENCY.fullmatch(metric)
    return float(f"0.{found[1]}") if found else None


def value_query(plan: Plan, check: Gate | Rule, selector: str, window_s: int) -> str | None:
    """Return the query for the value that a gate or rule compares, in its unit; ``None`` if riskml knows none.

    >>> from riskml.plan import Gate
    >>> value_query(None, Gate("err", "error_rate", "<", 1, "percent"), 'job="a"', 60)
    '100 * sum(rate(http_requests_total{job="a",code=~"5.."}[60s])) / sum(rate(http_requests_total{job="a"}[60s]))'
    """
    if isinstance(check, Gate) and check.value_query:
        return check.value_query
    requests, seconds = "http_requests_total", "http_request_duration_seconds_bucket"
    window = f"[{window_s}s]"
    q = quantile(check.metric)
    if check.metric in ("error_rate", "success_rate") and check.unit == "percent":
        code = '=~"5.."' if check.metric == "error_rate" else '!~"5.."'
        return (f"100 * sum(rate({requests}{{{selector},code{code}}}{window}))"
                f" / sum(rate({requests}{{{selector}}}{window}))")
    if q is not None and check.unit == "milliseconds":
        return f"1000 * histogram_quantile({q}, sum by (le) (rate({seconds}{{{selector}}}{window})))"
    if isinstance(check, Rule):  # a rule carries no query of its own; a gate on the same metric may
        return next((g.value_query for g in plan.gates if g.metric == check.metric and g.value_query), None)
    return None
