"""nginx splits, recognises and mirrors as the rendered file says."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from riskml.plan import Match, Plan
from riskml.render import render
from tests.consumers.conftest import COOKIES, TRICKY, about, ask, free_port, listening, plan_named, program, told, wait_for

N = 10_000
MAIN = """daemon off;
worker_processes 2;
error_log {0}/error.log;
pid {0}/nginx.pid;
events {{ worker_connections 512; }}
http {{
    access_log off;
    keepalive_requests 100000;
    client_body_temp_path {0}/body;
    proxy_temp_path {0}/proxy;
    fastcgi_temp_path {0}/fastcgi;
    uwsgi_temp_path {0}/uwsgi;
    scgi_temp_path {0}/scgi;
    include {0}/riskml.conf;
}}
"""


@pytest.fixture
def proxy(tmp_path, versions, started) -> Callable[[Plan], tuple[str, Callable[[str], None]]]:
    """Start nginx on a rendered plan; returns its address, and a function that puts a stage in force by a reload."""
    nginx = program("nginx")

    def start(plan: Plan) -> tuple[str, Callable[[str], None]]:
        address, process = f"127.0.0.1:{free_port()}", None

        def enter(stage: str) -> None:
            where = {"listen": address, "stable": versions.stable, "canary": versions.canary}
            text = render(plan, "nginx", **where, stage=stage)
            (tmp_path / "riskml.conf").write_text(text)
            subprocess.run([nginx, "-t", "-q", "-c", str(tmp_path / "nginx.conf")], check=True, capture_output=True)
            if process is not None:
                before = workers(process.pid)
                process.send_signal(signal.SIGHUP)
                wait_for(lambda: not (workers(process.pid) & before), "nginx reload")

        (tmp_path / "nginx.conf").write_text(MAIN.format(tmp_path))
        enter("rollback")
        process = started(nginx, "-c", str(tmp_path / "nginx.conf"))
        wait_for(lambda: listening(address), "nginx")
        return address, enter

    return start


def workers(parent: int) -> set[str]:
    """Return the process ids of a process's children."""
    return set(Path(f"/proc/{parent}/task/{parent}/children").read_text().split())


def test_splits_are_unbiased(proxy):
    """1, 10 and 50 % of 10,000 requests, and none after the rollback; not one request fails."""
    address, enter = proxy(plan_named("canary"))
    for stage, share in (("p1", 0.01), ("p10", 0.1), ("p50", 0.5), ("all", 1.0), ("rollback", 0.0)):
        enter(stage)
        seen = ask(address, N)
        assert about(seen["canary"], share, N)
        assert seen["canary"] + seen["stable"] == N


def test_an_audience_is_recognised(proxy):
    """Whoever sends the header gets the new version, letter by letter, and nobody else."""
    address, enter = proxy(plan_named("canary-internal"))
    enter("internal")
    assert ask(address, 500, "x-canary: insider") == {"canary": 500}
    assert ask(address, 500, "x-canary: Insider") == {"stable": 500}
    assert ask(address, 500) == {"stable": 500}


@pytest.mark.parametrize(("name", "share"), [("dark", 1.0), ("dark-part", 0.05)])
def test_traffic_is_mirrored(proxy, versions, name, share):
    """Users stay on the old version while the new one gets copies."""
    address, enter = proxy(plan_named(name))
    enter("mirror")
    assert ask(address, 4_000) == {"stable": 4_000}
    wait_for(lambda: about(versions.counted[b"canary"], share, 4_000), "copies", 5)


@pytest.mark.parametrize(("op", "value", "fits", "other"), TRICKY)
def test_conditions_mean_what_they_say(proxy, op, value, fits, other):
    """Quotes, backslashes, variables and patterns in a condition are taken as they are, and cannot change the configuration."""
    address, enter = proxy(told(Match("header", "x-who", op, value)))
    enter("internal")
    assert ask(address, 50, f"x-who: {fits}") == {"canary": 50}
    assert ask(address, 50, f"x-who: {other}") == {"stable": 50}


@pytest.mark.parametrize(("op", "value", "fits", "other"), COOKIES)
def test_cookies_are_recognised(proxy, op, value, fits, other):
    """A cookie counts wherever it stands among others, and its name must be the whole name."""
    address, enter = proxy(told(Match("cookie", "who", op, value)))
    enter("internal")
    assert ask(address, 50, f"Cookie: a=b; who={fits}; c=d") == {"canary": 50}
    assert ask(address, 50, f"Cookie: who={other}; c=d") == {"stable": 50}
    assert ask(address, 50, f"Cookie: a=b; xwho={fits}") == {"stable": 50}
