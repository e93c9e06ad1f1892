"""Tasks in processes of this machine: all are done, and a process that dies takes nobody else's work with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from riskml.fleet.listing import Listed, tasks
from riskml.fleet.processes import in_processes
from riskml.fleet.recipe import Rows

pytest.importorskip("pyarrow")
pytest.importorskip("joblib")


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_every_task_has_one_result(make_repo, tmp_path, jobs):
    """However many processes there are, each repository gets its table, and the one that is none its reason."""
    repos = [make_repo(name) for name in "abc"]
    for repo in repos:
        repo.commit("Start", {"a": "1\n"})
    listed = [Listed(str(repo.path)) for repo in repos] + [Listed(str(tmp_path / "nowhere"))]

    results = list(in_processes(tasks(listed, tmp_path / "out", Rows(), resume=False), jobs))

    assert {Path(r.task.repository).name: r.failed for r in results} == {"a": False, "b": False, "c": False, "nowhere": True}
    assert len(list((tmp_path / "out").rglob("part.parquet"))) == 3


@dataclass(frozen=True, slots=True)
class Deadly(Rows):
    """A recipe that kills the process it runs in when it meets a repository of a certain name."""

    def write(self, source, tip, table, progress, notice):
        """Die, or mine."""
        if "=deadly" in str(table):
            os.kill(os.getpid(), signal.SIGKILL)
        return Rows.write(self, source, tip, table, progress, notice)


def test_process_that_is_killed_costs_its_own_repository_alone(make_repo, tmp_path):
    """Whoever was under way beside it is done again, whoever waited is done, and only the culprit has failed."""
    names = ["a", "b", "deadly", "c", "d", "e", "f"]
    for name in names:
        make_repo(name).commit("Start", {"a": "1\n"})
    listed = [Listed(str(tmp_path / name)) for name in names]

    results = list(in_processes(tasks(listed, tmp_path / "out", Deadly(), resume=False), 2))

    assert sorted(r.task.name for r in results) == sorted(names)
    assert [r.task.name for r in results if r.failed] == ["deadly"]
    assert "process was ended" in next(r.said for r in results if r.failed)


def test_processes_leave_with_the_one_that_started_them(make_repo, lengthen, tmp_path):
    """After kill -9 nothing goes on mining, and nothing waits for work that will never come."""
    places = []
    for name in ("a", "b"):
        repo = make_repo(name)
        lengthen(repo, 1500)
        places.append(str(repo.path))
    command = [sys.executable, "-m", "riskml", "mine", *places, "--jobs", "2", "--output", str(tmp_path / "out")]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as run:
        end = time.monotonic() + 60
        while len(scratches := list(tmp_path.glob("out/*/.part.parquet.*"))) < 1:
            assert time.monotonic() < end
            time.sleep(0.01)
        run.kill()
    workers = [int(scratch.name.split(".")[-1].split("-")[0]) for scratch in scratches]

    while any(_runs(worker) for worker in workers):
        assert time.monotonic() < end
        time.sleep(0.05)
    assert run.pid not in workers


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2][:3]
