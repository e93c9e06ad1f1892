"""Locust: a validation's load test as a self-contained locustfile, which exits 1 when a criterion fails.

Every text of the validation is embedded as an ASCII literal, so nothing in it can become code. The number of users, their spawn
rate and the duration are in the file's load shape; the host is not, because it differs by environment.
"""

from __future__ import annotations

from riskml.errors import UsageError
from riskml.validation import Criterion, Validation

_TEMPLATE = '''\
# Made by riskml from a validation. Run it with:  locust -f THIS_FILE --headless --host https://HOST
# Exit code: 0 when every criterion holds, 1 when one fails, no request was answered, or a user's code raised.
# Locust keeps response times to two significant digits: above 100 ms, limits are as fine as that.
import sys

from locust import HttpUser, LoadTestShape, constant_pacing, events, task
from locust.runners import WorkerRunner

FEATURE = @feature@
ENDPOINT = @endpoint@
METHOD = @method@
BODY = @body@
HEADERS = @headers@
USERS = @users@
SPAWN_RATE = @spawn_rate@  # users started a second
DURATION_S = @duration_s@
# (metric, percentile as a part of 1 or None for the error rate in percent, operator, limit)
CRITERIA = @criteria@


class FeatureUser(HttpUser):
    wait_time = constant_pacing(1)  # one request a second, as long as answers take less

    @task
    def call(self):
        data = None if BODY is None else BODY.encode("utf-8")
        self.client.request(METHOD, ENDPOINT, data=data, headers=HEADERS, name=ENDPOINT)


class Load(LoadTestShape):
    def tick(self):
        return (USERS, SPAWN_RATE) if self.get_run_time() < DURATION_S else None


def failures(total):
    if total.num_requests == 0:
        return ["no request was answered: nothing is known"]
    found = []
    for metric, percentile, op, limit in CRITERIA:
        value = 100 * total.fail_ratio if percentile is None else total.get_response_time_percentile(percentile)
        if not (value < limit if op == "<" else value <= limit):
            found.append(f"{metric} is {value:g}, must be {op} {limit:g}")
    return found


@events.quitting.add_listener
def judge(environment, **_):
    if isinstance(environment.runner, WorkerRunner):
        return  # the master has the numbers of all workers
    found = failures(environment.stats.total)
    raised = bool(environment.runner is not None and environment.runner.exceptions)
    for line in [*found, *(["a user's code raised"] if raised else [])]:
        print(f"{FEATURE!a}: {line}", file=sys.stderr)
    environment.process_exit_code = 1 if found or raised else 0
'''


def locustfile(validation: Validation) -> str:
    """Return the load test of a validation as the text of a locustfile.

    Raises UsageError when the validation has no load test.

    >>> from riskml.validation import LoadTest
    >>> limit = Criterion("latency_p95", "<", 800.0, "milliseconds")
    >>> text = locustfile(Validation("cart", "/cart", (limit,), LoadTest(10, 2.0, 60, "/cart")))
    >>> [line for line in text.splitlines() if line.startswith(("ENDPOINT", "USERS", "CRITERIA"))][:2]
    ["ENDPOINT = '/cart'", 'USERS = 10']
    """
    load = validation.load_test
    if load is None:
        raise UsageError("the validation has no load test", where="load_test", expected="users, spawn_rate and duration")
    headers = {} if load.body is None else {"Content-Type": load.content_type}
    values: dict[str, object] = {
        "feature": validation.feature, "endpoint": load.endpoint, "method": load.method, "body": load.body, "headers": headers,
        "users": load.users, "spawn_rate": load.spawn_rate, "duration_s": load.duration_s,
        "criteria": [_row(c) for c in validation.criteria],
    }
    lines = _TEMPLATE.splitlines(keepends=True)
    return "".join(_filled(line, values) for line in lines)


def _filled(line: str, values: dict[str, object]) -> str:
    """Return a line of the template with its one value, if it has one; a value is never looked at for another."""
    name, equals, rest = line.partition(" = @")
    key, end, comment = rest.partition("@")
    return f"{name} = {values[key]!a}{comment}" if equals and end else line


def _row(criterion: Criterion) -> tuple[str, float | None, str, float]:
    percentile = float(f"0.{criterion.metric.removeprefix('latency_p')}") if criterion.unit == "milliseconds" else None
    return criterion.metric, percentile, criterion.op, criterion.value
