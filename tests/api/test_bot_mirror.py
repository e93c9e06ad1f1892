"""The bot with a mirror: a fork's commits are fetched into it and judged with its history, and nothing of them is run."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.fetching import bring
from riskml.errors import RepositoryError, ServiceUnavailable, UnknownRef
from tests.api.bots import RISKY, SECRET, BotWorld, wait_for
from tests.api.test_process import ROOT, environ
from tests.forges import GitHub

REF = "refs/pull/7/head"


@pytest.fixture
def upstream(make_repo: Callable[..., Any]) -> Any:
    """Give a repository with some history, and a mirror of it that was made before the pull request."""
    repo = make_repo("upstream")
    for n in range(6):
        repo.commit(f"Fix bug #{n}" if n % 2 else "Change", {"pay.py": f"x = {n}\n" * (n + 1)})
    repo.git("clone", "-q", "--mirror", repo.path.as_uri(), str(repo.path.parent / "mirrors/acme/shop.git"))
    repo.base = repo.git("rev-parse", "HEAD")
    repo.git("checkout", "-q", "--detach")
    repo.head = repo.commit("Pay faster", {"pay.py": "x = 1\n" * 150, ".gitattributes": "*.py filter=evil diff=evil\n"})
    repo.git("update-ref", REF, "HEAD")
    repo.git("checkout", "-q", "main")
    repo.mirror = repo.path.parent / "mirrors/acme/shop.git"
    return repo


def git(mirror: Path, *args: str) -> str:
    """Ask the mirror."""
    return subprocess.run(["git", *args], cwd=mirror, check=True, capture_output=True, text=True).stdout


def test_a_forks_commit_is_fetched_and_judged_with_the_mirrors_history(upstream: Any, tmp_path: Path, model: Path):
    """The past is known, the platform is asked for no diff, no ref of the mirror moves, and no hook or filter of it runs."""
    platform = GitHub()
    platform.head, platform.base = upstream.head, upstream.base
    for hook in ("reference-transaction", "post-checkout", "post-merge", "pre-auto-gc"):
        file = upstream.mirror / "hooks" / hook
        file.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
        file.chmod(0o755)
    git(upstream.mirror, "config", "filter.evil.clean", f"touch {tmp_path}/ran")
    git(upstream.mirror, "config", "diff.evil.textconv", f"touch {tmp_path}/ran")
    before = git(upstream.mirror, "for-each-ref")
    (tmp_path / "ran").unlink(missing_ok=True)
    world = BotWorld(platform, tmp_path, model, {"repositories": str(tmp_path / "mirrors")})
    with world.served() as served:
        assert served.result(served.send(served.offer())).result == "posted"
        (found,) = httpx.get(f"{served.url}/assessments").json()["items"]
    platform.close()
    assert (found["head"], found["base"]) == (upstream.head, upstream.base)
    assert "nuc" not in found["unknown"]
    assert not [asked for asked in platform.asked if asked.headers.get("accept") == "application/vnd.github.diff"]
    assert git(upstream.mirror, "for-each-ref") == before
    assert not (tmp_path / "ran").exists()


def test_what_the_mirror_has_is_not_fetched(upstream: Any):
    """The remote may even be gone."""
    git(upstream.mirror, "remote", "set-url", "origin", "file:///nowhere")
    bring(upstream.mirror, [upstream.base], REF, stopping=threading.Event())


def test_a_server_that_gives_out_refs_only_is_asked_for_the_ref(upstream: Any):
    """The old protocol refuses a commit by its id; where the platform keeps heads of merge requests, it is found."""
    git(upstream.mirror, "config", "protocol.version", "0")
    bring(upstream.mirror, [upstream.head], REF, stopping=threading.Event())
    assert git(upstream.mirror, "cat-file", "-t", upstream.head) == "commit\n"


def test_a_commit_that_the_remote_does_not_have_is_told(upstream: Any):
    """The ref has moved on, or never was: an error of its own, and git's words without the password of the address."""
    git(upstream.mirror, "config", "protocol.version", "0")
    with pytest.raises(UnknownRef):
        bring(upstream.mirror, ["1" * 40], REF, stopping=threading.Event())
    for password in ("hunter2", "lion@hunter2"):
        git(upstream.mirror, "remote", "set-url", "origin", f"http://bot:{password}@127.0.0.1:9/shop.git")
        with pytest.raises(RepositoryError) as refused:
            bring(upstream.mirror, ["1" * 40], REF, stopping=threading.Event())
        assert "hunter2" not in str(refused.value)


def test_a_remote_that_hangs_is_given_up(upstream: Any):
    """A fetch ends when its time is over, and when the service stops."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        git(upstream.mirror, "remote", "set-url", "origin", f"git://127.0.0.1:{deaf.getsockname()[1]}/shop.git")
        with pytest.raises(ServiceUnavailable):
            bring(upstream.mirror, ["1" * 40], REF, stopping=threading.Event(), timeout_s=0.2)
        stopping = threading.Event()
        stopping.set()
        with pytest.raises(ServiceUnavailable):
            bring(upstream.mirror, ["1" * 40], REF, stopping=stopping)


def test_a_service_that_is_killed_after_it_said_yes_speaks_at_its_next_start(tmp_path: Path, model: Path):
    """``kill -9`` between the 202 and the comment: the work lies in the store."""
    platform = GitHub()
    platform.patch, platform.pause_s = RISKY, 3.0
    for name, text in (("secret", SECRET), ("token", "t0k")):
        (tmp_path / name).write_text(text)
    settings = environ(tmp_path, RISKML_GITHUB_SECRET_FILE=f"{tmp_path}/secret", RISKML_BOT_REPOSITORIES="acme/shop",
                       RISKML_GITHUB_API_TOKEN_FILE=f"{tmp_path}/token", RISKML_GITHUB_API=platform.url)
    world = BotWorld(platform, tmp_path, model)
    first, world.url = start(settings)
    accepted = world.send(world.offer())
    assert accepted.status_code == 202
    first.send_signal(signal.SIGKILL)
    first.wait()
    platform.pause_s = 0.0
    assert platform.bodies == []
    second, _ = start(settings)
    try:
        assert world.result(accepted, timeout_s=60).result == "posted"
        assert world.heads() == [platform.head]
    finally:
        second.kill()
        second.wait()
        platform.close()


def start(settings: dict[str, str]) -> tuple[subprocess.Popen[str], str]:
    """Start a service as a process; give it, and its address."""
    process = subprocess.Popen([sys.executable, "-m", "api", "--port", "0"], cwd=ROOT, env=settings, text=True,
                               stderr=subprocess.PIPE)
    assert process.stderr is not None
    found = wait_for(lambda: next((line for line in process.stderr or () if "http://127.0.0.1:" in line), None))
    threading.Thread(target=process.stderr.read, daemon=True).start()
    return process, "http://" + found.partition("http://")[2].split()[0].rstrip('",')
