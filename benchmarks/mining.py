"""Time and memory of mining histories, beside ``git log -p -U0 --raw -M`` on the same: ``python -m benchmarks.mining REPO…``.

Runs alternate with git's, each in a process of its own, and medians of the ratios are printed, so that whatever else the
machine does weighs on both. ``survey`` is everything in one reading: all features, the writer of every line, and labels.
``state`` is what ``riskml predict`` keeps and opens; ``open`` is opening it; ``warm`` is opening one and mining the last 1,000
commits on top, beside ``git log`` of those commits. ``--pin`` holds git and riskml to one core each run.
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

from benchmarks.whole_clone import git, whole

GIT = ("git", "-c", "core.quotePath=true", "log", "-p", "-U0", "--raw", "--no-abbrev", "-M", "--root", "HEAD")
NEW = 1000
"""How many commits are new to a warm state, at least."""


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


def survey(repository: str, _state: Path) -> None:
    """Do both in one reading, and label."""
    from riskml.adapters.git import GitRepository
    from riskml.mine.labels import Hearing
    from riskml.mine.survey import survey as surveyed
    from riskml.mine.traced import Traced

    traced = Traced(GitRepository.open(repository), "HEAD")
    hearing = Hearing(header.sha for header in traced.headers)
    for change, _, removals in surveyed(traced):
        hearing.hear(change, removals)
    hearing.labels()


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


def warm(repository: str, path: Path) -> None:
    """Open what was kept, mine what is new, and keep it."""
    from riskml.adapters.git import GitRepository
    from riskml.mine.state import update

    source = GitRepository.open(repository)
    update(source, path, source.resolve("HEAD"))


TASKS: dict[str, Callable[[str, Path], None]] = {
    "parse": parse, "rows": rows, "szz": szz, "survey": survey, "state": state, "open": opening,
}


def measured_run(command: list[str], *, pin: bool = False) -> Cost:
    """Run a command and everything it starts, and say what that cost; with ``pin``, all on one core."""
    cores = os.sched_getaffinity(0)
    before = os.times()
    started = time.perf_counter()
    try:
        if pin:
            os.sched_setaffinity(0, {min(cores)})  # children inherit it
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            _, code, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(code)
    finally:
        os.sched_setaffinity(0, cores)
    wall = time.perf_counter() - started
    if process.returncode:
        raise SystemExit(f"{command} failed")
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(wall, cpu, usage.ru_maxrss / 1024)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mining", description=__doc__)
    parser.add_argument("repositories", nargs="+", metavar="REPO")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tasks", nargs="+", choices=[*TASKS, "warm"], default=list(TASKS))
    parser.add_argument("--pin", action="store_true")
    parser.add_argument("--run", choices=[*TASKS, "warm"], help=argparse.SUPPRESS)
    parser.add_argument("--state", type=Path, default=Path(tempfile.gettempdir()) / f"riskml-bench-{os.getpid()}.state",
                        help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.run:
        {**TASKS, "warm": warm}[args.run](args.repositories[0], args.state)
        return
    try:
        for repository in args.repositories:
            count = int(git(repository, "rev-list", "--count", "HEAD"))
            print(f"{repository}: {count:,} commits, medians of {args.rounds} rounds" + (", on one core" if args.pin else ""))
            with whole(repository) as clone:
                if tasks := [task for task in args.tasks if task != "warm"]:
                    compare(repository, clone, tasks, args.rounds, args.state, args.pin)
                if "warm" in args.tasks:
                    compare_warm(repository, clone, args.rounds, args.state)
    finally:
        args.state.unlink(missing_ok=True)


def compare(repository: str, clone: str, tasks: list[str], rounds: int, state_file: Path, pin: bool) -> None:
    """Run git and the tasks in turn, and print medians of their ratios."""
    pairs: dict[str, list[tuple[Cost, Cost]]] = {task: [] for task in tasks}
    for _ in range(rounds):
        base = measured_run(["git", "-C", clone, *GIT[1:]], pin=pin)
        for task in tasks:
            pairs[task].append((measured_run(command(repository, task, state_file), pin=pin), base))
    tell("git log", [(base, base) for _, base in next(iter(pairs.values()))])
    for task in tasks:
        tell(task, pairs[task])


def compare_warm(repository: str, clone: str, rounds: int, state_file: Path) -> None:
    """Keep the state of an ancestor, let it grow to the tip, and compare that with git's log of the commits between."""
    from riskml.adapters.git import GitRepository
    from riskml.mine.state import update

    trunk = git(repository, "rev-list", "--first-parent", "HEAD").split()
    old = next(sha for sha in trunk if int(git(repository, "rev-list", "--count", f"{sha}..HEAD")) >= NEW)
    kept = state_file.with_suffix(".kept")
    update(GitRepository.open(repository), kept, old)
    pairs = []
    for _ in range(rounds):
        base = measured_run(["git", "-C", clone, *GIT[1:-1], f"{old}..HEAD"])
        state_file.write_bytes(kept.read_bytes())
        pairs.append((measured_run(command(repository, "warm", state_file)), base))
    kept.unlink()
    print(f"  {git(repository, 'rev-list', '--count', f'{old}..HEAD')} commits that are new to a kept state:")
    tell("git log", [(base, base) for _, base in pairs])
    tell("warm", pairs)


def command(repository: str, task: str, state_file: Path) -> list[str]:
    """Return the command line that runs one task once."""
    return [sys.executable, "-m", "benchmarks.mining", repository, "--run", task, "--state", str(state_file)]


def tell(name: str, pairs: list[tuple[Cost, Cost]]) -> None:
    """Print medians of one task, and of its ratios to git in the same round."""
    wall, cpu, memory = (statistics.median(own[part] / base[part] for own, base in pairs) for part in range(3))
    costs = [statistics.median(own[part] for own, _ in pairs) for part in range(3)]
    print(f"  {name:8} {costs[0]:8.2f} s {wall:6.2f} × wall {costs[1]:8.2f} s {cpu:6.2f} × cpu "
          f"{costs[2]:7.0f} MiB {memory:5.2f} × memory", flush=True)


if __name__ == "__main__":
    main()
