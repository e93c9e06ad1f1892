"""How cost grows with a history, beside ``git log -p -U0 --raw -M``: ``python -m benchmarks.scaling [NAME=]REPO…``.

Prints, in Markdown, what docs/scaling.md holds: what a thousand more commits cost, a table a task, and what that comes to for a
fleet and for 1,000 predictions a second. Processor time is that of a task and of the git it starts; wall time tells as much of
the rest of the machine. Memory is that of Python: the pages that git maps of a pack are the system's cache and not its own.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Iterable, Sequence
from math import ceil
from pathlib import Path

from benchmarks.scaling_cost import LARGE, TASKS, Cost, Measured, measure, measure_within
from benchmarks.scaling_within import having, within
from benchmarks.serving import bodies, own, server

MIB = 1 << 20
_LINE = 2  # points: one is on every line
_SERVICE = "| `POST /predict` |"
TITLES = {
    "git": "`git log -p -U0 --raw -M`", "rows": "`riskml mine`", "labels": "`riskml label`",
    "state": "the state that `riskml predict` keeps", "open": "opening it",
}


DIFF = "diff --git a/src/a.py b/src/a.py\n--- a/src/a.py\n+++ b/src/a.py\n@@ -1 +1,2 @@\n-x = 1\n+x = {}\n+y = 2\n"


def main() -> None:
    """Measure and print, or do one task and tell its memory and bytes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scaling", description=__doc__)
    parser.add_argument("repositories", nargs="*", metavar="[NAME=]REPO")
    parser.add_argument("--rounds", type=int, default=3, help=f"of which medians are taken; one from {LARGE:,} commits on")
    parser.add_argument("--keep", type=Path, help="JSON lines of what was measured; repositories in it are not measured again")
    parser.add_argument("--mean-commits", type=int, default=5000, help="of a repository of the fleet")
    parser.add_argument("--write", type=Path, help="page whose measured part to replace, too")
    parser.add_argument("--seconds", type=float, default=8, help="of load on the service; 0: as the page has it")
    parser.add_argument("--within", action="append", default=[], metavar="[NAME=]REPO",
                        help="measure parts of this history, too: its first commits")
    parser.add_argument("--sizes", type=int, nargs="+", default=[20_000, 40_000, 60_000, 80_000],
                        help="of the parts, in commits (default: %(default)s)")
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS), help="to measure; `open` needs `state`")
    args = parser.parse_args()
    found = _kept(args.keep)
    for name, repository in map(_named, args.repositories):
        if (name, 0) not in found:
            _keep(found, [measure(name, repository, args.rounds, args.tasks)], args.keep)
    for name, repository in map(_named, args.within):
        sizes = [size for size in args.sizes if (name, size) not in found]
        _keep(found, measure_within(name, repository, sizes, args.tasks), args.keep)
    text = page(sorted(found.values(), key=lambda m: m.commits), args.mean_commits) if found else ""
    if args.seconds:
        text += "\n\n" + predictions(args.seconds)
    elif args.write is not None:
        text += "\n\n" + _service(args.write)
    if args.write is not None:
        _write(args.write, text.strip())
    print(text.strip())


def page(found: Sequence[Measured], mean_commits: int) -> str:
    """Return the measured tables, and the arithmetic for a fleet."""
    whole = [m for m in found if not m.part]
    divided = sorted({m.name for m in found if m.part})
    parts = [within(name, [m for m in found if m.name == name]) for name in divided]
    if whole:
        growth = [_growth(whole)] if len(whole) >= _LINE else []
        tasks = [_task(whole, task) for task in TASKS if having(whole, task)]
        parts = [*growth, *parts, *tasks, _fleet(whole, mean_commits)]
    return "\n\n".join(parts)


def _task(found: Sequence[Measured], task: str) -> str:
    lines = [f"### {TITLES[task][0].upper() + TITLES[task][1:]}", "",
             "| repository | commits | CPU s | × git's CPU | CPU s / 1,000 | CPU s / MiB patch | MiB | KiB written / 1,000 |",
             "|---|--:|--:|--:|--:|--:|--:|--:|"]
    for name, commits, costs, patch, _ in having(found, task):
        cost, git = costs[task], costs["git"]
        written = f"{cost.size / 1024 / commits * 1000:,.0f}" if cost.size else "–"
        lines.append(f"| {name} | {commits:,} | {cost.cpu:,.2f} | {cost.cpu / git.cpu:.2f} | {cost.cpu / commits * 1000:.2f} | "
                     f"{cost.cpu / patch * MIB:.2f} | {cost.memory / MIB:,.0f} | {written} |")
    return "\n".join(lines)


def _growth(found: Sequence[Measured]) -> str:
    """Return what one more thousand commits costs: slopes of straight lines through what was measured."""
    lines = ["| per 1,000 more commits | CPU s | × git's | MiB of memory | MiB at 0 commits | KiB written |",
             "|---|--:|--:|--:|--:|--:|"]
    git = slope([(m.commits, m.costs["git"].cpu) for m in found])[0]
    packs, _ = slope([(m.commits, m.costs["git"].size / 1024) for m in found])
    lines.append(f"| {TITLES['git']} | {git * 1000:.2f} | 1.00 | – | – | its packs: {packs * 1000:,.0f} |")
    for task in TASKS:
        measured = having(found, task)
        if len(measured) < _LINE:
            continue
        git = slope([(m.commits, m.costs["git"].cpu) for m in measured])[0]
        cpu, _ = slope([(m.commits, m.costs[task].cpu) for m in measured])
        memory, start = slope([(m.commits, m.costs[task].memory / MIB) for m in measured])
        written, _ = slope([(m.commits, m.costs[task].size / 1024) for m in measured])
        lines.append(f"| {TITLES[task]} | {cpu * 1000:.2f} | {cpu / git:.2f} | {memory * 1000:.2f} | {start:,.0f} | "
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
    lines = [f"| 10,000 repositories of {mean_commits:,} commits | CPU hours | on 16 cores | on 128 cores | disk |",
             "|---|--:|--:|--:|--:|"]
    for task in ("rows", "labels", "state"):
        measured = having(found, task)
        if not measured:
            continue
        each = fleet / sum(m.commits for m in measured)
        hours = sum(m.costs[task].cpu for m in measured) * each / 3600
        disk = sum(m.costs[task].size for m in measured) * each / (1 << 30)
        lines.append(f"| {TITLES[task]} | {hours:,.0f} | {hours / 16:,.1f} h | {hours / 128 * 60:,.0f} min | "
                     f"{disk:,.1f} GiB |")
    packs = sum(m.costs["git"].size for m in found) / sum(m.commits for m in found) * fleet / (1 << 30)
    lines.append(f"| the clones themselves, packed | – | – | – | {packs:,.0f} GiB |")
    return "\n".join(lines)


def predictions(seconds: float) -> str:
    """Drive the service with each form of a change, and return what 1,000 a second need.

    The processor time of a prediction is what a server used that was asked, less what one used that was only started; the load
    comes from this process and does not count.
    """
    diffs = [json.dumps({"repository": "acme/shop", "diff": DIFF.format(n)}).encode() for n in range(211)]
    lines = [f"{_SERVICE} answers/s, one process | p99 ms | CPU ms an answer | cores for 1,000/s | replicas at 70 % |",
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


def _service(page_file: Path) -> str:
    """Return what a page has of the service already."""
    before, _, _ = page_file.read_text(encoding="utf-8").partition("<!-- end of measured -->\n")
    _, head, rest = before.partition(_SERVICE)
    return head + rest.rstrip()


def _write(page_file: Path, text: str) -> None:
    """Replace what stands between the two marks of a page."""
    before, mark, rest = page_file.read_text(encoding="utf-8").partition("<!-- measured -->\n")
    _, end, after = rest.partition("<!-- end of measured -->\n")
    if not (mark and end):
        raise SystemExit(f"{page_file} has no part for what is measured")
    page_file.write_text(f"{before}{mark}\n{text}\n\n{end}{after}", encoding="utf-8")


def _kept(file: Path | None) -> dict[tuple[str, int], Measured]:
    if file is None or not file.exists():
        return {}
    read = [Measured(**json.loads(line)) for line in file.read_text().splitlines()]
    return {(m.name, m.part): m._replace(costs={task: Cost(*cost) for task, cost in m.costs.items()}) for m in read}


def _keep(found: dict[tuple[str, int], Measured], measured: Iterable[Measured], file: Path | None) -> None:
    """Add each as soon as it is measured."""
    for each in measured:
        found[each.name, each.part] = each
        print(f"{each.name}, {each.commits:,} commits: done", file=sys.stderr, flush=True)
        if file is not None:
            with file.open("a") as out:
                out.write(json.dumps(each._asdict()) + "\n")


def _named(given: str) -> tuple[str, str]:
    """Return name and place of ``[NAME=]REPO``."""
    from riskml.adapters.git import GitRepository

    name, _, repository = given.rpartition("=")
    return name or GitRepository.open(repository).key.rpartition("/")[2], repository


if __name__ == "__main__":
    main()
