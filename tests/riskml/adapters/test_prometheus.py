"""Counts come from raw counters, windows are read once, and what cannot be read is said."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs

import httpx
import pytest

from riskml.adapters.prometheus import Prometheus
from riskml.errors import UsageError
from riskml.plan import Gate, Plan, from_json
from riskml.verdict import Observation

SINCE = datetime(2026, 11, 24, 12, tzinfo=UTC)
PLANS = Path(__file__).parents[2] / "golden" / "plans"


def canary() -> Plan:
    """Read the sample canary; its interval is a minute."""
    return from_json(json.loads((PLANS / "canary.json").read_text()))

Kept = dict[str, dict[str, dict[int, float]]]


class Server:
    """A Prometheus that holds readings by minute since the stage's begin; ``asked`` keeps the queries."""

    def __init__(self, requests: Kept, buckets: Kept) -> None:
        self.requests, self.buckets, self.asked = requests, buckets, []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer a range query as the real one does."""
        form = {k: v[0] for k, v in parse_qs(request.content.decode()).items()}
        self.asked.append(form["query"])
        arm = "canary" if 'track="canary"' in form["query"] else "stable"
        kept, label = (self.buckets, "le") if "_bucket" in form["query"] else (self.requests, "code")
        start, stop = float(form["start"]), float(form["end"])
        result = []
        for value, readings in kept.get(arm, {}).items():
            inside = [[SINCE.timestamp() + 60 * m, str(v)] for m, v in readings.items()
                      if start <= SINCE.timestamp() + 60 * m <= stop]
            if inside:
                result.append({"metric": {label: value}, "values": inside})
        return httpx.Response(200, json={"status": "success", "data": {"resultType": "matrix", "result": result}})


def steady(per_minute: float, minutes: int = 6, start: float = 1000) -> dict[int, float]:
    """Make a counter that grows evenly."""
    return {m: start + per_minute * m for m in range(minutes)}


def asked(server: Server, **options: float) -> Prometheus:
    """Make the adapter before a server."""
    return Prometheus("http://prometheus:9090", transport=httpx.MockTransport(server), **options)


HEALTHY = Server(
    {"canary": {"200": steady(99), "500": steady(1)}, "stable": {"200": steady(9900), "503": steady(20)}},
    {"canary": {"0.5": steady(90), "1.0": steady(98), "+Inf": steady(100)},
     "stable": {"0.5": steady(9900), "1.0": steady(9910), "+Inf": steady(9920)}})


def test_counts_are_differences_of_counters() -> None:
    """Requests and errors a minute for both arms; a latency counts what was slower than its limit, at each limit."""
    pulled = asked(HEALTHY).pull(canary(), "p1", since=SINCE, until=SINCE + timedelta(seconds=125))
    assert pulled.trouble == ()
    cells = {(o.metric, o.over, o.arm, o.start_s): (o.bad, o.total) for o in pulled.observations}
    assert cells[("error_rate", None, "canary", 60)] == (1, 100)
    assert cells[("error_rate", None, "baseline", 0)] == (20, 9920)
    assert cells[("latency_p99", 500, "canary", 0)] == (10, 100)
    assert cells[("latency_p99", 1000, "baseline", 60)] == (10, 9920)
    assert {start for _, _, _, start in cells} == {0, 60}


def test_windows_that_are_known_or_not_over_are_not_read_again() -> None:
    """Only what is new is asked for; the running minute waits until it is over and its samples are in."""
    first = asked(HEALTHY).pull(canary(), "p1", since=SINCE, until=SINCE + timedelta(seconds=125)).observations
    later = asked(HEALTHY).pull(canary(), "p1", since=SINCE, until=SINCE + timedelta(seconds=181), known=first)
    assert later.observations == ()
    later = asked(HEALTHY).pull(canary(), "p1", since=SINCE, until=SINCE + timedelta(seconds=183), known=first)
    assert {o.start_s for o in later.observations} == {120}


def test_a_restarted_pod_and_a_new_one_are_counted_right() -> None:
    """A counter that fell began anew at 0; one that appears began at 0; one that vanishes adds nothing."""
    pods = {"200": {-1: 5.0, 0: 500.0, 1: 510.0, 2: 7.0}, "201": {1: 30.0, 2: 31.0}}
    pulled = asked(Server({"canary": pods}, {})).pull(canary(), "p1", since=SINCE, until=SINCE + timedelta(seconds=190))
    totals = {o.start_s: o.total for o in pulled.observations if o.metric == "error_rate"}
    assert totals == {0: 40, 60: 8}, "the third minute has no reading, which is not a count of 0"


def test_no_series_is_no_observation() -> None:
    """Silence is not health, and not zero."""
    pulled = asked(Server({}, {})).pull(canary(), "p1", since=SINCE, until=SINCE + timedelta(seconds=190))
    assert (pulled.observations, pulled.trouble) == ((), ())


def test_a_histogram_without_the_edge_is_not_measured() -> None:
    """An interpolated quantile would be a guess."""
    server = Server({}, {"canary": {"+Inf": steady(10)}})
    pulled = asked(server).pull(canary(), "p1", since=SINCE, until=SINCE + timedelta(seconds=70))
    assert pulled.trouble == ("latency_p99: the histogram has no bucket edge at 0.5 s",
                              "latency_p99: the histogram has no bucket edge at 1 s")


def _answers(status: int, body: bytes) -> Prometheus:
    answer = httpx.MockTransport(lambda _: httpx.Response(status, content=body))
    return Prometheus("http://u:secret@prometheus:9090", transport=answer)


@pytest.mark.parametrize(("status", "body", "words"), [
    (503, b"<html>", "the answer is not Prometheus's"),
    (400, b'{"status":"error","error":"parse error"}', "Prometheus refused a query"),
    (200, b'{"status":"success","data":{"resultType":"vector","result":[]}}', "the answer is not Prometheus's"),
])
def test_what_is_no_answer_is_said_once_and_without_the_password(status: int, body: bytes, words: str) -> None:
    """A bad gateway, a refused query, another server: one sentence, no numbers, no secret."""
    pulled = _answers(status, body).pull(canary(), "p1", since=SINCE, until=SINCE + timedelta(seconds=70))
    assert pulled.observations == ()
    assert len(pulled.trouble) == 1
    assert words in pulled.trouble[0]
    assert "secret" not in pulled.trouble[0]


def test_a_slow_server_costs_no_more_than_the_deadline() -> None:
    """A deploy tool waits ten seconds for a verdict; each query and all of them together end before."""
    def slow(_: httpx.Request) -> httpx.Response:
        time.sleep(0.2)
        raise httpx.ReadTimeout("too slow")
    began = time.monotonic()
    pulled = Prometheus("http://prometheus:9090", timeout_s=0.1, transport=httpx.MockTransport(slow)).pull(
        canary(), "p1", since=SINCE, until=SINCE + timedelta(seconds=70))
    assert time.monotonic() - began < 1
    assert "Prometheus did not answer" in pulled.trouble[0]


def test_a_gate_brings_its_own_queries() -> None:
    """Raw counters by ``bad_query`` and ``total_query``, a value by ``value_query``; each arm's selector is filled in."""
    plan = canary()
    orders = Gate("orders", "failed_orders", "<", 2, "percent", bad_query="failed{$selector}", total_query="orders{$selector}")
    gates = (orders, Gate("cpu", "cpu", "<", 80, "count", value_query="max(cpu)"))
    plan = replace(plan, gates=gates, stages=tuple(replace(s, gates=("orders", "cpu")) for s in plan.stages))
    server = Server({"canary": {"": steady(10)}, "stable": {"": steady(50)}}, {})
    pulled = asked(server).pull(plan, "p1", since=SINCE, until=SINCE + timedelta(seconds=70))
    assert 'failed{service="product",track="canary"}' in server.asked
    assert 'orders{service="product",track="stable"}' in server.asked
    assert Observation("p1", "cpu", "canary", 0, 60, value=1050.0) in pulled.observations


def test_an_address_that_is_none_is_refused() -> None:
    """At the start, not at the first release."""
    with pytest.raises(UsageError, match=r"not the address of a Prometheus at prometheus: got 'prometheus:9090'"):
        Prometheus("prometheus:9090")
