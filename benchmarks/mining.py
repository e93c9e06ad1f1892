"""Time and memory of mining histories, beside ``git log -p -U0 --raw -M`` on the same: ``python -m benchmarks.mining REPO…``.

Runs alternate with git's, each in a process of its own, and medians of the ratios are printed, so that whatever else the
machine does weighs on both. ``state`` is what ``riskml predict`` keeps and opens; ``open`` is opening it.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

GIT = ("git", "-c", "core.quotePath=true", "log", "-p", "-U0", "--raw", "--no-abbrev", "-M", "--root", "HEAD")


class Cost(NamedTuple):
    """Wall time and processor time in seconds, and the largest process in MiB."""

    wall: float
    cpu: float
    memory: float


def parse(repository: str, _state: Path) -> None:
    """Read every commit and file, and do nothing with them."""
    from riskml.adapters.git import GitRepository
    from riskml.history import ordered
    from riskml.mine.stream import measured
    from riskml.mine.walk import walk

    source = GitRepository.open(repository)
    shas = [h.sha for h in ordered(walk(source, source.resolve("HEAD")))]
    sum(1 for _ in measured(source, shas, missing=set()))


def rows(repository: str, _state: Path) -> None:
    """Compute all features of every commit."""
    from riskml.adapters.git import GitRepository
    from riskml.mine.rows import mine

    sum(1 for _ in mine(GitRepository.open(repository)))


def szz(repository: str, _state: Path) -> None:
    """Follow every line, and suspect whom fixes point at."""
    from riskml.adapters.git import GitRepository
    from riskml.mine.szz import szz as links

    sum(1 for _ in links(GitRepository.open(repository)))


def state(repository: str, path: Path) -> None:
    """Mine what ``riskml predict`` needs, and keep it."""
    from riskml.adapters.git import GitRepository
    from riskml.mine.state import update

    path.unlink(missing_ok=True)
    source = GitRepository.open(repository)
    update(source, path, source.resolve("HEAD"))


def opening(_repository: str, path: Path) -> None:
    """Open what was kept."""
    from riskml.mine.state import State

    State.load(path)


TASKS: dict[str, Callable[[str, Path], None]] = {"parse": parse, "rows": rows, "szz": szz, "state": state, "open": opening}


def measured_run(command: list[str]) -> Cost:
    """Run a command and everything it starts, and say what that cost."""
    before = os.times()
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        _, code, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(code)
    wall = time.perf_counter() - started
    if process.returncode:
        raise SystemExit(f"{command} failed; git log needs a repository that lacks no blob")
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(wall, cpu, usage.ru_maxrss / 1024)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mining", description=__doc__)
    parser.add_argument("repositories", nargs="+", metavar="REPO")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--run", choices=TASKS, help=argparse.SUPPRESS)
    parser.add_argument("--state", type=Path, default=Path(tempfile.gettempdir()) / f"riskml-bench-{os.getpid()}.state",
                        help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.run:
        TASKS[args.run](args.repositories[0], args.state)
        return
    for repository in args.repositories:
        compare(repository, args.tasks, args.rounds, args.state)
    args.state.unlink(missing_ok=True)


def compare(repository: str, tasks: list[str], rounds: int, state_file: Path) -> None:
    """Run git and the tasks in turn, and print medians of their ratios."""
    git = ["git", "-C", repository]
    count = int(subprocess.run([*git, "rev-list", "--count", "HEAD"], check=True, capture_output=True, text=True).stdout)
    print(f"{repository}: {count:,} commits, medians of {rounds} rounds")
    base: list[Cost] = []
    costs: dict[str, list[Cost]] = {task: [] for task in tasks}
    for _ in range(rounds):
        base.append(measured_run([*git, *GIT[1:]]))
        for task in tasks:
            run = [sys.executable, "-m", "benchmarks.mining", repository, "--run", task, "--state", str(state_file)]
            costs[task].append(measured_run(run))
    print(f"  {'git log':8} {statistics.median(c.wall for c in base):8.2f} s   1.00 × wall   1.00 × cpu "
          f"{statistics.median(c.memory for c in base):7.0f} MiB")
    for task in tasks:
        wall = statistics.median(c.wall / b.wall for c, b in zip(costs[task], base, strict=True))
        cpu = statistics.median(c.cpu / b.cpu for c, b in zip(costs[task], base, strict=True))
        print(f"  {task:8} {statistics.median(c.wall for c in costs[task]):8.2f} s {wall:6.2f} × wall {cpu:6.2f} × cpu "
              f"{statistics.median(c.memory for c in costs[task]):7.0f} MiB", flush=True)


if __name__ == "__main__":

    main()
