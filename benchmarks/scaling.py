"""How cost grows with a history, beside ``git log -p -U0 --raw -M``: ``python -m benchmarks.scaling [NAME=]REPO…``.

Prints, in Markdown, what docs/scaling.md holds: what a thousand more commits cost, a table a task, and what that comes to for a
fleet and for 1,000 predictions a second. Processor time is that of a task and of the git it starts; wall time tells as much of
the rest of the machine. Memory is that of Python: the pages that git maps of a pack are the system's cache and not its own.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from math import ceil
from pathlib import Path
from typing import NamedTuple

from benchmarks.mining import GIT
from benchmarks.serving import bodies, own, server

MIB = 1 << 20
_LARGE = 10_000  # commits from which one round must do


class Cost(NamedTuple):
    """Wall and processor time in seconds, memory of the Python process and bytes of what was written."""

    wall: float
    cpu: float
    memory: int = 0
    size: int = 0


class Measured(NamedTuple):
    """A repository: its name, its commits, and the cost of each task in it."""

    name: str
    commits: int
    costs: dict[str, Cost]


def rows(repository: str, folder: Path) -> int:
    """``riskml mine REPO --output rows.parquet``."""
    return _table("mine", repository, folder / "rows.parquet")


def labels(repository: str, folder: Path) -> int:
    """``riskml label REPO --output labels.parquet``."""
    return _table("label", repository, folder / "labels.parquet")


def state(repository: str, folder: Path) -> int:
    """Mine what ``riskml predict`` needs when it sees a repository for the first time, and keep it."""
    from riskml.adapters.git import GitRepository
    from riskml.mine.state import update

    file = folder / "state"
    file.unlink(missing_ok=True)
    source = GitRepository.open(repository)
    update(source, file, source.resolve("HEAD"))
    return file.stat().st_size


def opening(_repository: str, folder: Path) -> int:
    """Open what was kept, as every later ``riskml predict`` does."""
    from riskml.mine.state import State

    State.load(folder / "state")
    return 0


TASKS: dict[str, Callable[[str, Path], int]] = {"rows": rows, "labels": labels, "state": state, "open": opening}
_TITLES = {
    "git": "`git log -p -U0 --raw -M`", "rows": "`riskml mine`", "labels": "`riskml label`",
    "state": "the state that `riskml predict` keeps", "open": "opening it",
}


DIFF = "diff --git a/src/a.py b/src/a.py\n--- a/src/a.py\n+++ b/src/a.py\n@@ -1 +1,2 @@\n-x = 1\n+x = {}\n+y = 2\n"


def main() -> None:
    """Measure and print, or do one task and tell its memory and bytes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("repositories", nargs="*", metavar="[NAME=]REPO")
    parser.add_argument("--rounds", type=int, default=3, help=f"of which medians are taken; one from {_LARGE:,} commits on")
    parser.add_argument("--keep", type=Path, help="JSON lines of what was measured; repositories in it are not measured again")
    parser.add_argument("--mean-commits", type=int, default=5000, help="of a repository of the fleet")
    parser.add_argument("--write", type=Path, help="page whose measured part to replace, too")
    parser.add_argument("--seconds", type=float, default=8, help="of load on the service; 0 leaves it out")
    parser.add_argument("--run", choices=TASKS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.run:
        size = TASKS[args.run](args.repositories[0], args.folder)
        print(json.dumps({"memory": _peak(), "size": size}))
        return
    found = _kept(args.keep)
    for given in args.repositories:
        name, _, repository = given.rpartition("=")
        name = name or _name(repository)
        if name not in found:
            found[name] = measured = measure(name, repository, args.rounds)
            print(f"{measured.name}: done", file=sys.stderr, flush=True)
            if args.keep is not None:
                with args.keep.open("a") as out:
                    out.write(json.dumps(measured._asdict()) + "\n")
    text = page(sorted(found.values(), key=lambda m: m.commits), args.mean_commits) if found else ""
    if args.seconds:
        text += "\n\n" + predictions(args.seconds)
    if args.write is not None:
        _write(args.write, text.strip())
    print(text.strip())


def measure(name: str, repository: str, rounds: int) -> Measured:
    """Run git and each task in turn, as often as there are rounds, and take medians."""
    git = ["git", "-C", repository]
    commits = int(subprocess.run([*git, "rev-list", "--count", "HEAD"], check=True, capture_output=True, text=True).stdout)
    taken: dict[str, list[Cost]] = {name: [] for name in ("git", *TASKS)}
    with tempfile.TemporaryDirectory() as folder:
        whole = _whole(git, Path(folder) / "objects")
        for _ in range(1 if commits >= _LARGE else rounds):
            taken["git"].append(_cost([*git, *GIT[1:]], environment=whole))
            for task in TASKS:
                command = [sys.executable, "-m", "benchmarks.scaling", repository, "--run", task, "--folder", folder]
                taken[task].append(_cost(command, tells=True))
    counted = subprocess.run([*git, "count-objects", "-v"], check=True, capture_output=True, text=True).stdout
    pack = re.search(r"size-pack: (\d+)", counted)
    medians = {task: Cost(*(statistics.median(values) for values in zip(*costs, strict=True))) for task, costs in taken.items()}
    medians["git"] = medians["git"]._replace(size=int(pack[1]) * 1024 if pack else 0)
    return Measured(name, commits, medians)


def _whole(git: list[str], objects: Path) -> dict[str, str]:
    """Let something stand in for the blobs that a clone lacks, so that plain git gets to the end; return its environment."""
    from riskml.adapters.git.stand_in import write_stand_ins

    command = [*git, "rev-list", "--objects", "--missing=print", "HEAD"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True)
    objects.mkdir()
    write_stand_ins(objects, [line[1:] for line in listed.stdout.splitlines() if line.startswith("?")])
    return {"GIT_ALTERNATE_OBJECT_DIRECTORIES": str(objects), "GIT_NO_LAZY_FETCH": "1"}


def _cost(command: list[str], *, tells: bool = False, environment: Mapping[str, str] = {}) -> Cost:
    """Run a command and everything it starts; what it ``tells`` is its memory and its bytes."""
    started = time.perf_counter()
    out = subprocess.PIPE if tells else subprocess.DEVNULL
    with subprocess.Popen(command, stdout=out, text=True, env=os.environ | environment) as process:
        told = process.stdout.read() if process.stdout else "{}"
        _, code, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(code)
    if process.returncode:
        raise SystemExit(f"{command} failed")
    return Cost(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, **json.loads(told))


def _peak() -> int:
    """Return the most memory that this process had, in bytes.

    (Not ``ru_maxrss``, which starts with that of the process that started this one.)
    """
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def page(found: Sequence[Measured], mean_commits: int) -> str:
    """Return the measured tables, and the arithmetic for a fleet."""
    growth = [_growth(found)] if len(found) > 1 else []  # one point is on every line
    parts = [*growth, *(_task(found, task) for task in ("rows", "labels", "state", "open")), _fleet(found, mean_commits)]
    return "\n\n".join(parts)


def _task(found: Sequence[Measured], task: str) -> str:
    lines = [f"### {_TITLES[task][0].upper() + _TITLES[task][1:]}", "",
             "| repository | commits | wall s | CPU s | × git's CPU | CPU s / 1,000 | MiB | KiB written / 1,000 |",
             "|---|--:|--:|--:|--:|--:|--:|--:|"]
    for name, commits, costs in found:
        cost, git = costs[task], costs["git"]
        written = f"{cost.size / 1024 / commits * 1000:,.0f}" if cost.size else "–"
        lines.append(f"| {name} | {commits:,} | {cost.wall:,.2f} | {cost.cpu:,.2f} | {cost.cpu / git.cpu:.2f} | "
                     f"{cost.cpu / commits * 1000:.2f} | {cost.memory / MIB:,.0f} | {written} |")
    return "\n".join(lines)


def _growth(found: Sequence[Measured]) -> str:
    """Return what one more thousand commits costs: slopes of straight lines through what was measured."""
    lines = ["| per 1,000 more commits | CPU s | × git's | MiB of memory | MiB at 0 commits | KiB written |",
             "|---|--:|--:|--:|--:|--:|"]
    git = slope([(m.commits, m.costs["git"].cpu) for m in found])[0]
    packs, _ = slope([(m.commits, m.costs["git"].size / 1024) for m in found])
    lines.append(f"| {_TITLES['git']} | {git * 1000:.2f} | 1.00 | – | – | its packs: {packs * 1000:,.0f} |")
    for task in TASKS:
        cpu, _ = slope([(m.commits, m.costs[task].cpu) for m in found])
        memory, start = slope([(m.commits, m.costs[task].memory / MIB) for m in found])
        written, _ = slope([(m.commits, m.costs[task].size / 1024) for m in found])
        lines.append(f"| {_TITLES[task]} | {cpu * 1000:.2f} | {cpu / git:.2f} | {memory * 1000:.2f} | {start:,.0f} | "
                     + (f"{written * 1000:,.0f} |" if written else "– |"))
    return "\n".join(lines)


def slope(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return rise and height at 0 of the straight line that fits best.

    >>> slope([(0, 1.0), (2, 5.0), (4, 9.0)])
    (2.0, 1.0)
    """
    line = statistics.linear_regression([x for x, _ in points], [y for _, y in points])
    return line.slope, line.intercept


def _fleet(found: Sequence[Measured], mean_commits: int) -> str:
    """Return what 10,000 repositories come to, at the mean cost of a commit in what was measured."""
    fleet = 10_000 * mean_commits
    commits = sum(m.commits for m in found)
    lines = [f"| 10,000 repositories of {mean_commits:,} commits | CPU hours | on 16 cores | on 128 cores | disk |",
             "|---|--:|--:|--:|--:|"]
    for task in ("rows", "labels", "state"):
        hours = sum(m.costs[task].cpu for m in found) / commits * fleet / 3600
        disk = sum(m.costs[task].size for m in found) / commits * fleet / (1 << 30)
        lines.append(f"| {_TITLES[task]} | {hours:,.0f} | {hours / 16:,.1f} h | {hours / 128 * 60:,.0f} min | "
                     f"{disk:,.1f} GiB |")
    packs = sum(m.costs["git"].size for m in found) / commits * fleet / (1 << 30)
    lines.append(f"| the clones themselves, packed | – | – | – | {packs:,.0f} GiB |")
    return "\n".join(lines)


def predictions(seconds: float) -> str:
    """Drive the service with each form of a change, and return what 1,000 a second need.

    The processor time of a prediction is what a server used that was asked, less what one used that was only started; the load
    comes from this process and does not count.
    """
    diffs = [json.dumps({"repository": "acme/shop", "diff": DIFF.format(n)}).encode() for n in range(211)]
    lines = ["| `POST /predict` | answers/s, one process | p99 ms | CPU ms an answer | cores for 1,000/s | replicas at 70 % |",
             "|---|--:|--:|--:|--:|--:|"]
    with tempfile.TemporaryDirectory() as folder:
        idle, _, _ = _served([], 0, Path(folder))
        for form, posted in {"features": bodies(), "a diff, without its history": diffs}.items():
            used, answers, p99 = _served(posted, seconds, Path(folder))
            each = (used - idle) / answers
            lines.append(f"| {form} | {answers / seconds:,.0f} | {p99:,.0f} | {each * 1000:.2f} | {each * 1000:.1f} | "
                         f"{ceil(each * 1000 / 0.7)} |")
    return "\n".join(lines)


def _served(posted: list[bytes], seconds: float, folder: Path) -> tuple[float, int, float]:
    """Start the service, load it, stop it; return its processor time, and the answers and their p99 in ms."""
    before = os.times()
    answers, p99 = 0, 0.0
    with tempfile.TemporaryDirectory(dir=folder) as own_folder, server(
        folder / "api.log", "api", "--port", "0", RISKML_STORE=f"sqlite:///{own_folder}/riskml.db", RISKML_STATE=own_folder,
    ) as address:
        if posted:
            load = own(f"{address}/predict", posted, 16, seconds)
            if load.failed:
                raise SystemExit(f"{load.failed} requests failed")
            answers, p99 = round(load.per_second * seconds), load.p99_ms
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system, answers, p99


def _write(page_file: Path, text: str) -> None:
    """Replace what stands between the two marks of a page."""
    before, mark, rest = page_file.read_text(encoding="utf-8").partition("<!-- measured -->\n")
    _, end, after = rest.partition("<!-- end of measured -->\n")
    if not (mark and end):
        raise SystemExit(f"{page_file} has no part for what is measured")
    page_file.write_text(f"{before}{mark}\n{text}\n\n{end}{after}", encoding="utf-8")


def _kept(file: Path | None) -> dict[str, Measured]:
    if file is None or not file.exists():
        return {}
    read = [json.loads(line) for line in file.read_text().splitlines()]
    return {m["name"]: Measured(m["name"], m["commits"], {k: Cost(*v) for k, v in m["costs"].items()}) for m in read}


def _name(repository: str) -> str:
    from riskml.adapters.git import GitRepository

    return GitRepository.open(repository).key.rpartition("/")[2]


def _table(verb: str, repository: str, table: Path) -> int:
    from riskml.cli.main import main as riskml

    if riskml([verb, repository, "--output", str(table)]):
        raise SystemExit(f"riskml {verb} failed")
    return table.stat().st_size


if __name__ == "__main__":
    main()
