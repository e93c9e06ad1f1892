"""Envoy splits, recognises and mirrors as the rendered bootstrap and its runtime keys say."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import httpx
import pytest
import yaml

from riskml.plan import Match, Plan
from riskml.render import render
from tests.consumers.conftest import COOKIES, TRICKY, about, ask, free_port, listening, plan_named, program, told, wait_for

N = 10_000


@pytest.fixture
def proxy(tmp_path, versions, started) -> Callable[[Plan], tuple[str, Callable[[str], None]]]:
    """Start Envoy on a rendered plan; returns its address, and a function that posts a stage's own runtime keys."""
    envoy = program("envoy")

    def start(plan: Plan) -> tuple[str, Callable[[str], None]]:
        address, admin, path = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}", tmp_path / "envoy.yaml"
        text = render(plan, "envoy", listen=address, admin=admin, stable=versions.stable, canary=versions.canary)
        path.write_text(text)
        subprocess.run([envoy, "--mode", "validate", "-c", str(path)], check=True, capture_output=True, timeout=20)
        started(envoy, "-c", str(path), "--concurrency", "2", "--use-dynamic-base-id", "--log-level", "warning")
        wait_for(lambda: listening(address), "envoy")
        notes = yaml.safe_load(text)["node"]["metadata"]["riskml"]
        keys = {s["name"]: s["runtime_modify"] for s in notes["stages"]} | {"rollback": notes["rollback"]["runtime_modify"]}

        def enter(stage: str) -> None:
            httpx.post(f"http://{admin}{keys[stage]}").raise_for_status()

        return address, enter

    return start


def test_weights_are_unbiased(proxy):
    """1, 10 and 50 % of 10,000 requests, and none after the rollback; not one request fails."""
    address, enter = proxy(plan_named("canary"))
    assert about(ask(address, N)["canary"], 0.01, N)
    for stage, share in (("p10", 0.1), ("p50", 0.5), ("rollback", 0.0)):
        enter(stage)
        seen = ask(address, N)
        assert about(seen["canary"], share, N)
        assert seen["canary"] + seen["stable"] == N


def test_a_tenth_of_a_percent(proxy):
    """Weights of clusters know any basis point."""
    address, _ = proxy(plan_named("canary-fine"))
    assert about(ask(address, N)["canary"], 0.001, N)


def test_an_audience_is_recognised(proxy):
    """Whoever sends the header gets the new version, and nobody else; in later stages the header means nothing."""
    address, enter = proxy(plan_named("canary-internal"))
    assert ask(address, 500, "x-canary: insider") == {"canary": 500}
    assert ask(address, 500) == {"stable": 500}
    enter("p1")
    assert about(ask(address, 1_000, "x-canary: insider")["canary"], 0.01, 1_000)
    enter("rollback")
    assert ask(address, 500, "x-canary: insider") == {"stable": 500}


@pytest.mark.parametrize(("name", "share"), [("dark", 1.0), ("dark-part", 0.05)])
def test_traffic_is_mirrored(proxy, versions, name, share):
    """Users stay on the old version while the new one gets copies."""
    address, enter = proxy(plan_named(name))
    assert ask(address, 4_000) == {"stable": 4_000}
    wait_for(lambda: about(versions.counted[b"canary"], share, 4_000), "copies", 5)
    enter("rollback")
    before = versions.counted[b"canary"]
    ask(address, 1_000)
    assert versions.counted[b"canary"] - before <= 2  # copies that were still on their way


@pytest.mark.parametrize(("op", "value", "fits", "other"), TRICKY)
def test_conditions_mean_what_they_say(proxy, op, value, fits, other):
    """Quotes, backslashes, variables and patterns in a condition are taken as they are, and cannot change the configuration."""
    address, _ = proxy(told(Match("header", "x-who", op, value)))
    assert ask(address, 50, f"x-who: {fits}") == {"canary": 50}
    assert ask(address, 50, f"x-who: {other}") == {"stable": 50}


@pytest.mark.parametrize(("op", "value", "fits", "other"), COOKIES)
def test_cookies_are_recognised(proxy, op, value, fits, other):
    """A cookie counts wherever it stands among others, and its name must be the whole name."""
    address, _ = proxy(told(Match("cookie", "who", op, value)))
    assert ask(address, 50, f"Cookie: a=b; who={fits}; c=d") == {"canary": 50}
    assert ask(address, 50, f"Cookie: who={other}; c=d") == {"stable": 50}
    assert ask(address, 50, f"Cookie: a=b; xwho={fits}") == {"stable": 50}
