"""HAProxy splits as the rendered configuration and its runtime commands say."""

from __future__ import annotations

import re
import socket
import subprocess
from collections.abc import Callable

import pytest

from riskml.plan import Match, Plan
from riskml.render import render
from tests.consumers.conftest import COOKIES, TRICKY, about, ask, free_port, listening, plan_named, program, told, wait_for

N = 10_000


@pytest.fixture
def proxy(tmp_path, versions, started) -> Callable[..., tuple[str, Callable[[str], None]]]:
    """Start HAProxy on a rendered plan; returns its address, and a function that runs a stage's own commands."""
    haproxy = program("haproxy")

    def start(plan: Plan, **options: str) -> tuple[str, Callable[[str], None]]:
        address, path = f"127.0.0.1:{free_port()}", tmp_path / "s.sock"
        text = render(plan, "haproxy", listen=address, stable=versions.stable, canary=versions.canary,
                      socket=str(path), **options)
        (tmp_path / "haproxy.cfg").write_text(text)
        subprocess.run([haproxy, "-c", "-f", str(tmp_path / "haproxy.cfg")], check=True, capture_output=True)
        started(haproxy, "-db", "-f", str(tmp_path / "haproxy.cfg"))
        wait_for(lambda: listening(address), "haproxy")

        def enter(stage: str) -> None:
            command = re.search(rf"^# {stage}: (.*)$", text, re.MULTILINE)[1]
            with socket.socket(socket.AF_UNIX) as s:
                s.connect(str(path))
                s.sendall(command.encode() + b"\n")
                answer = s.makefile().read().strip()
            assert not answer, answer

        return address, enter

    return start


def test_weights_split_exactly(proxy):
    """1, 10 and 50 % of 10,000 requests, and none after the rollback; not one request fails."""
    address, enter = proxy(plan_named("canary"))
    for stage, share in (("p1", 0.01), ("p10", 0.1), ("p50", 0.5), ("rollback", 0.0)):
        enter(stage)
        seen = ask(address, N)
        assert abs(seen["canary"] - share * N) <= 2
        assert seen["canary"] + seen["stable"] == N


def test_random_splits_are_unbiased(proxy):
    """0.1 and 1 %, and none after the rollback, by rules that know any basis point."""
    address, enter = proxy(plan_named("canary-fine"), split="random")
    for stage, share in (("p0-1", 0.001), ("p1", 0.01), ("rollback", 0.0)):
        enter(stage)
        seen = ask(address, N)
        assert about(seen["canary"], share, N)
        assert seen["canary"] + seen["stable"] == N


def test_an_audience_is_recognised(proxy):
    """At the internal stage whoever sends the header gets the new version, and nobody else."""
    address, enter = proxy(plan_named("canary-internal"), split="random")
    assert ask(address, 500, "x-canary: insider") == {"canary": 500}
    assert ask(address, 500, "x-canary: insiders") == {"stable": 500}
    assert ask(address, 500) == {"stable": 500}
    enter("rollback")
    assert ask(address, 500, "x-canary: insider") == {"stable": 500}


@pytest.mark.parametrize(("op", "value", "fits", "other"), TRICKY)
def test_conditions_mean_what_they_say(proxy, op, value, fits, other):
    """Quotes, backslashes, variables and patterns in a condition are taken as they are, and cannot change the configuration."""
    address, _ = proxy(told(Match("header", "x-who", op, value)), split="random")
    assert ask(address, 50, f"x-who: {fits}") == {"canary": 50}
    assert ask(address, 50, f"x-who: {other}") == {"stable": 50}


@pytest.mark.parametrize(("op", "value", "fits", "other"), COOKIES)
def test_cookies_are_recognised(proxy, op, value, fits, other):
    """A cookie counts wherever it stands among others, and its name must be the whole name."""
    address, _ = proxy(told(Match("cookie", "who", op, value)), split="random")
    assert ask(address, 50, f"Cookie: a=b; who={fits}; c=d") == {"canary": 50}
    assert ask(address, 50, f"Cookie: who={other}; c=d") == {"stable": 50}
    assert ask(address, 50, f"Cookie: a=b; xwho={fits}") == {"stable": 50}
