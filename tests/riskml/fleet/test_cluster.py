"""Tasks on a real cluster: a scheduler and two workers, each a process of its own, one of which is killed while it mines."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from riskml.cli.main import main
from riskml.errors import ServiceUnavailable
from riskml.fleet.cluster import on_cluster

pytest.importorskip("distributed")
pytest.importorskip("pyarrow")

PATIENCE_S = 300.0


@contextmanager
def running(*command: str, env: dict[str, str] | None = None) -> Iterator[subprocess.Popen]:
    """Run a part of a cluster, and end it."""
    process = subprocess.Popen([sys.executable, "-m", *command], env=os.environ | (env or {}), stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def waited_for(what: Callable[[], object]) -> object:
    """Wait until something is there, and return it."""
    end = time.monotonic() + PATIENCE_S
    while not (found := what()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)
    return found


@contextmanager
def cluster(folder: Path, workers: int, env: dict[str, str] | None = None) -> Iterator[str]:
    """Run a scheduler with workers of one thread each, and give its address."""
    from distributed.scheduler import json

    told = folder / "scheduler.json"
    with ExitStack() as parts:
        parts.enter_context(running("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard",
                                    "--no-show", "--scheduler-file", str(told), env=env))
        waited_for(lambda: told.exists() and told.read_text().strip().endswith("}"))
        address = json.loads(told.read_text())["address"]
        for _ in range(workers):
            parts.enter_context(running(
                "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard",
                "--host", "127.0.0.1", "--local-directory", str(folder / "scratch"), env=env))
        yield address


@pytest.fixture
def repositories(make_repo, lengthen) -> list[str]:
    """Return the paths of four repositories, each of which takes a second or more to mine."""
    found = []
    for number in range(4):
        repo = make_repo(f"repo-{number}")
        lengthen(repo, 500, seed=number)
        found.append(str(repo.path))
    return found


def kill_one_that_mines(output: Path) -> str:
    """Kill the first worker that is seen to write a table, and return the repository it was at."""
    scratch = waited_for(lambda: next(output.glob("*/.part.parquet.*"), None))
    os.kill(int(scratch.name.split(".")[-1].split("-")[0]), signal.SIGKILL)
    return scratch.parent.name.removeprefix("repository=")


def mine_while_one_is_killed(repositories: list[str], output: Path, address: str) -> tuple[subprocess.CompletedProcess, str]:
    """Run ``riskml mine`` on a cluster that loses a worker, and return how it ended and what the worker was at."""
    command = [sys.executable, "-m", "riskml", "mine", *repositories, "--output", str(output), "--scheduler", address]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as run:
        killed_at = kill_one_that_mines(output)
        _, told = run.communicate(timeout=PATIENCE_S)
    return subprocess.CompletedProcess(command, run.returncode, stderr=told), killed_at


def test_lost_worker_costs_its_own_work_alone(repositories, tmp_path, contents):
    """Killed while it mines, it leaves its repository to the other one, and the tables are those of a quiet run."""
    assert main(["mine", *repositories, "--output", str(tmp_path / "quiet")]) == 0
    with cluster(tmp_path, workers=2) as address:
        ended, killed_at = mine_while_one_is_killed(repositories, tmp_path / "out", address)

    assert ended.returncode == 0, ended.stderr
    assert killed_at.startswith("repo-")
    assert ended.stderr.count("500 rows") == 4
    assert contents(tmp_path / "out") == contents(tmp_path / "quiet")


def test_repository_that_costs_too_many_workers_has_failed(repositories, tmp_path):
    """Where the scheduler allows no loss, it is named with the reason and the exit code says so; the others are mined."""
    with cluster(tmp_path, workers=2, env={"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}) as address:
        ended, killed_at = mine_while_one_is_killed(repositories, tmp_path / "out", address)

        assert ended.returncode == 2
        failed = [line for line in ended.stderr.splitlines() if ": failed, " in line]
        assert failed
        assert any(killed_at in line and "worker that took it on was lost" in line for line in failed)
        missing = {path for path in repositories if any(path in line for line in failed)}
        assert len(list((tmp_path / "out").glob("*/part.parquet"))) == len(repositories) - len(missing)

        command = ["mine", *repositories, "--output", str(tmp_path / "out"), "--scheduler", address, "--resume"]
        assert main(command) == 0
        assert len(list((tmp_path / "out").glob("*/part.parquet"))) == len(repositories)


def test_nobody_at_the_address_is_told(tmp_path, capsys):
    """No scheduler is exit code 3, as for any service that is away."""
    assert main(["label", str(tmp_path), "--output", str(tmp_path / "out"), "--scheduler", "tcp://127.0.0.1:9"]) == 3
    assert "no scheduler answers" in capsys.readouterr().err


def test_scheduler_without_workers_is_told(tmp_path):
    """A cluster that does nothing is not waited for forever."""
    with cluster(tmp_path, workers=0) as address, pytest.raises(ServiceUnavailable, match="no worker"):
        next(on_cluster([], address, patience_s=1.0))
