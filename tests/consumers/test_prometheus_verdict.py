"""A real Prometheus, filled with the past of two versions, gives the counts that verdicts rest on."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from riskml.adapters.prometheus import Prometheus
from riskml.plan import Plan
from riskml.verdict import judge_stage
from tests.api.conftest import World, make_world, model  # noqa: F401 - fixtures
from tests.consumers.conftest import free_port, listening, plan_named, program, wait_for

SCRAPE_S = 15
MINUTES = 70
RESTART = 30  # the minute in which the canary's pod is replaced


def began() -> datetime:
    """Return when the stage began: some hours ago, on a whole minute."""
    return datetime.fromtimestamp((int(time.time()) - 6 * 3600) // 60 * 60, UTC)


def history(since: datetime, bad: float, slow: float) -> str:
    """Write the counters of both versions as OpenMetrics: 2 requests a second of the canary, 198 of the stable version."""
    lines = []

    def counter(name: str, labels: str, per_s: float, pod: str) -> list[str]:
        rows = []
        for at in range(-10 * 60, MINUTES * 60 + 1, SCRAPE_S):
            age = at + 3600 if pod == "a" else at - RESTART * 60
            alive = (at < RESTART * 60) if pod == "a" else at >= RESTART * 60
            if labels.startswith('track="stable"'):
                age, alive = at + 3600, pod == "a"
            if alive:
                series = f'{name}{{service="product",{labels},pod="{pod}"}}'
                rows.append(f"{series} {round(per_s * age)} {since.timestamp() + at:.0f}")
        return rows

    for family in ("http_requests", "http_request_duration_seconds"):
        lines.append(f"# TYPE {family} {'counter' if family == 'http_requests' else 'histogram'}")
        for track, rate, errors, late in (("canary", 2.0, bad, slow), ("stable", 198.0, 0.001, 0.001)):
            for pod in ("a", "b"):
                if family == "http_requests":
                    for code, share in (("200", 1 - errors), ("500", errors)):
                        lines += counter("http_requests_total", f'track="{track}",code="{code}"', rate * share, pod)
                else:
                    for le, share in (("0.5", 1 - late), ("1.0", 1 - late / 2), ("+Inf", 1.0)):
                        lines += counter(f"{family}_bucket", f'track="{track}",le="{le}"', rate * share, pod)
    return "\n".join(lines) + "\n# EOF\n"


@pytest.fixture
def prometheus(tmp_path: Path, started: Callable[..., subprocess.Popen]) -> Callable[..., str]:
    """Return a starter of servers that hold such a past."""

    def start(since: datetime, bad: float = 0.0, slow: float = 0.0) -> str:
        server, promtool = program("prometheus"), program("promtool")
        (tmp_path / "past.om").write_text(history(since, bad, slow))
        fill = [promtool, "tsdb", "create-blocks-from", "openmetrics", str(tmp_path / "past.om"), str(tmp_path / "data")]
        subprocess.run(fill, check=True, capture_output=True)
        (tmp_path / "prometheus.yml").write_text("scrape_configs: []\n")
        address = f"127.0.0.1:{free_port()}"
        started(server, f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data",
                "--storage.tsdb.retention.time=10y", f"--web.listen-address={address}")
        wait_for(lambda: listening(address) and httpx.get(f"http://{address}/-/ready").status_code == 200, "prometheus")
        return f"http://{address}"

    return start


def plan() -> Plan:
    """Return the sample canary."""
    return plan_named("canary")


def test_counts_add_up_to_what_was_counted(prometheus: Callable[..., str]) -> None:
    """No request too many, and through the replacement of a pod only those that its last scrape missed."""
    since = began()
    url = prometheus(since, bad=0.01)
    pulled = Prometheus(url).pull(plan(), "p1", since=since, until=since + timedelta(minutes=61))
    assert pulled.trouble == ()
    canary = [o for o in pulled.observations if (o.metric, o.arm) == ("error_rate", "canary")]
    assert len(canary) == 60
    before = [o for o in canary if o.start_s < (RESTART - 1) * 60]
    assert {o.total for o in before} <= {119, 120, 121}
    assert sum(o.total or 0 for o in before) == pytest.approx(120 * len(before), abs=2)
    stable = [o for o in pulled.observations if (o.metric, o.arm) == ("error_rate", "baseline")]
    assert sum(o.total or 0 for o in stable) == pytest.approx(198 * 3600, abs=2)
    assert 120 * 60 - 2 * SCRAPE_S <= sum(o.total or 0 for o in canary) <= 120 * 60


@pytest.mark.parametrize(("bad", "slow", "decision"), [(0.0, 0.0, "promote"), (0.2, 0.0, "rollback"), (0.0, 0.3, "rollback")])
def test_the_verdict_is_what_the_traffic_deserves(prometheus: Callable[..., str], bad: float, slow: float,
                                                  decision: str) -> None:
    """Healthy is promoted after its hour; errors, and answers slower than the limit, are rolled back."""
    since = began()
    pulled = Prometheus(prometheus(since, bad, slow)).pull(plan(), "p1", since=since, until=since + timedelta(minutes=65))
    verdict = judge_stage(plan(), "p1", pulled.observations, elapsed_s=65 * 60)
    assert (verdict.decision, pulled.trouble) == (decision, ()), verdict.reason


def test_the_service_pulls_keeps_and_promotes(
    prometheus: Callable[..., str], make_world: Callable[..., World],  # noqa: F811 - the fixture
) -> None:
    """Polled as Argo Rollouts polls: hold while it is young, promote when it is proven; every window is kept once."""
    since = began()
    lasting = {"created_at": "2020-01-01T00:00:00Z", "expires_at": "2999-01-01T00:00:00Z"}
    world = make_world(prometheus=prometheus(since), change=lasting)
    world.clock.now = since
    assert world.verdict("p1")["verdict"] == "hold"
    for minute in (10, 10, 30):
        world.clock.now = since + timedelta(minutes=minute, seconds=5)
        assert world.verdict("p1")["verdict"] == "hold"
    kept = world.store.observations(world.plan_id, run=0)
    assert len(kept) == 30 * 6, "error rate and two limits of the latency, of two versions"
    world.clock.now = since + timedelta(minutes=61)
    answer = world.verdict("p1")
    assert answer["verdict"] == "promote", answer["reason"]


def test_a_version_without_series_is_no_data(prometheus: Callable[..., str]) -> None:
    """Another service's name: nothing is measured, and that is a hold."""
    since = began()
    silent = Prometheus(prometheus(since), canary='service="{service}",track="ghost"')
    pulled = silent.pull(plan(), "p1", since=since, until=since + timedelta(minutes=61))
    assert {o.arm for o in pulled.observations} == {"baseline"}
    assert judge_stage(plan(), "p1", pulled.observations, elapsed_s=3660).reason == "no data for err, p99"
