"""nginx splits, recognises and mirrors as the rendered file says."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from riskml.render import render
from tests.consumers.conftest import about, ask, free_port, listening, plan_named, program, wait_for

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
def proxy(tmp_path, versions, started) -> Callable[[str], tuple[str, Callable[[str], None]]]:
    """Start nginx on a rendered plan; returns its address, and a function that puts a stage in force by a reload."""
    nginx = program("nginx")

    def start(name: str) -> tuple[str, Callable[[str], None]]:
        address, process = f"127.0.0.1:{free_port()}", None

        def enter(stage: str) -> None:
            where = {"listen": address, "stable": versions.stable, "canary": versions.canary}
            text = render(plan_named(name), "nginx", **where, stage=stage)
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
    address, enter = proxy("canary")
    for stage, share in (("p1", 0.01), ("p10", 0.1), ("p50", 0.5), ("all", 1.0), ("rollback", 0.0)):
        enter(stage)
        seen = ask(address, N)
        assert about(seen["canary"], share, N)
        assert seen["canary"] + seen["stable"] == N


def test_an_audience_is_recognised(proxy):
    """Whoever sends the header gets the new version, letter by letter, and nobody else."""
    address, enter = proxy("canary-internal")
    enter("internal")
    assert ask(address, 500, "x-canary: insider") == {"canary": 500}
    assert ask(address, 500, "x-canary: Insider") == {"stable": 500}
    assert ask(address, 500) == {"stable": 500}


@pytest.mark.parametrize(("name", "share"), [("dark", 1.0), ("dark-part", 0.05)])
def test_traffic_is_mirrored(proxy, versions, name, share):
    """Users stay on the old version while the new one gets copies."""
    address, enter = proxy(name)
    enter("mirror")
    assert ask(address, 4_000) == {"stable": 4_000}
    wait_for(lambda: about(versions.counted[b"canary"], share, 4_000), "copies", 5)
