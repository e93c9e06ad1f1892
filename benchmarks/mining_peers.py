"""What others need for what the miner does, per commit and per fix: ``python -m benchmarks.mining_peers REPO…``.

PyDriller computes its process metrics over a sample of consecutive commits of the trunk, and the commits that last touched
what fixes removed; the same by a ``git blame`` per file is the least that any blame of each fix costs. Next to each stands
riskml on the *whole* history of the repository, all features and labels in one reading. Peers are slower by so much that they
get a sample only: their figures are per second of the sample, and what they would need for everything is extrapolated from it.
Needs ``pip install -e '.[bench]'``.

pyszz is in no package index: ``--pyszz DIR`` names a checkout of it and ``--python`` an interpreter that has what it requires
(``srcml`` in the PATH among it). Next to it stands ``riskml label``, on the whole history, just before.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import NamedTuple

from benchmarks.mining import Cost, command, measured_run
from benchmarks.mining_peers_pyszz import VARIANTS, pyszz
from benchmarks.whole_clone import git, whole
from riskml.message import is_fix
from riskml.pathmap import DEFAULT

METRICS = ("change_set", "code_churn", "commits_count", "contributors_count", "contributors_experience", "hunks_count",
           "lines_count")
COMMITS = 300
FIXES = 30


def process_metrics(clone: str, shas: list[str]) -> int:
    """Let PyDriller compute its process metrics for consecutive commits; how many those are with what they merged."""
    for name in METRICS:
        module = import_module(f"pydriller.metrics.process.{name}")
        metric = getattr(module, name.title().replace("_", ""))
        found = metric(path_to_repo=clone, from_commit=shas[0], to_commit=shas[-1])
        for answer in ("count", "max", "count_added", "count_removed"):
            if hasattr(found, answer):
                getattr(found, answer)()
    return len(git(clone, "rev-list", f"{shas[0]}^..{shas[-1]}").split())


def last_modified(clone: str, fixes: list[str]) -> int:
    """Let PyDriller find the commits that last touched what fixes removed."""
    peer = import_module("pydriller").Git(clone)
    for sha in fixes:
        peer.get_commits_last_modified_lines(peer.get_commit(sha))
    return len(fixes)


def blame_per_file(clone: str, fixes: list[str]) -> int:
    """Blame the removed lines of each file of source code that fixes changed, a git each."""
    for sha in fixes:
        diff = git(clone, "diff-tree", "-p", "-U0", "-M", "--no-commit-id", "--src-prefix=a/", "--dst-prefix=b/", sha)
        for patch in diff.split("\ndiff --git "):
            path = next((line[6:] for line in patch.split("\n") if line.startswith("--- a/")), None)
            spans = [head.split(" ")[1][1:].partition(",") for head in patch.split("\n") if head.startswith("@@ -")]
            ranges = [f"-L{start},+{count or 1}" for start, _, count in spans if count != "0"]
            if path and ranges and DEFAULT.classify(path).source:
                git(clone, "blame", "-l", "-s", *ranges, f"{sha}^", "--", path)
    return len(fixes)


def timed(work: Callable[[str, list[str]], int], clone: str, shas: list[str]) -> float:
    """Return how many a second."""
    started = time.perf_counter()
    return work(clone, shas) / (time.perf_counter() - started)


class History(NamedTuple):
    """A clone to ask, how many commits it has, the fixes among them, and an evenly spaced sample of those."""

    clone: str
    commits: int
    fixes: list[str]
    sample: list[str]


def history(clone: str, fixes: int) -> History:
    """Find what calls itself a fix, as ``riskml label`` does, and draw a sample."""
    log = git(clone, "log", "--no-merges", "--format=%H%x00%B%x01", "HEAD").split("\x01")
    told = [entry.strip().partition("\0") for entry in log if entry.strip()]
    found = [sha for sha, _, text in told if is_fix(text)]
    step = max(1, len(found) // fixes)
    sample = found[step // 2::step][:fixes]
    Random(len(found)).shuffle(sample)  # so that what a limit leaves of it is of all times, too
    return History(clone, int(git(clone, "rev-list", "--count", "HEAD")), found, sample)


def compare_packaged(repository: str, known: History) -> None:
    """Measure PyDriller and ``git blame``, and print."""
    trunk = git(known.clone, "rev-list", "--reverse", "--first-parent", "HEAD").split()
    start = max(1, (len(trunk) - COMMITS) // 2)
    sample = trunk[start:start + COMMITS]
    with tempfile.TemporaryDirectory() as folder:
        own = measured_run(command(repository, "survey", Path(folder) / "state"))
    print(f"  {'riskml, all in one reading':32} {known.commits / own.wall:12.1f} commits/s "
          f"{len(known.fixes) / own.wall:8.1f} fixes/s   whole history: {own.wall:.0f} s", flush=True)
    rates = (("PyDriller, process metrics", process_metrics, sample, "commits/s", known.commits),
             ("PyDriller, last modified lines", last_modified, known.sample, "fixes/s", len(known.fixes)),
             ("git blame per file", blame_per_file, known.sample, "fixes/s", len(known.fixes)))
    for name, work, shas, unit, total in rates:
        rate = timed(work, known.clone, shas)
        print(f"  {name:32} {rate:16.1f} {unit:9} 1/{total / own.wall / rate:.0f} of riskml's   "
              f"whole history, extrapolated from {len(shas)}: {total / rate:.0f} s", flush=True)


def compare_pyszz(repository: str, known: History, checkout: Path, python: str, limit: float) -> None:
    """Measure ``riskml label`` and pyszz in turn, by the clock and in processor time, and print."""
    for variant, name in VARIANTS.items():
        with tempfile.TemporaryDirectory() as folder:
            own = labelled(repository, variant, Path(folder))
            run = pyszz(checkout, python, repository, variant, known.sample, limit, Path(folder))
        wall, cpu = len(known.fixes) / own.wall, len(known.fixes) / own.cpu
        print(f"  {f'riskml label --variant {variant}':32} {wall:8.2f} fixes/s {cpu:8.2f} per s of processor   "
              f"{len(known.fixes):,} fixes, whole history: {own.wall:.0f} s")
        pointing = "stopped by its limit" if run.pointing is None else f"{run.pointing} point at somebody"
        print(f"  {f'pyszz, {name}':32} {run.fixes / run.wall:8.2f} fixes/s {run.fixes / run.cpu:8.2f} per s of processor   "
              f"1/{wall * run.wall / run.fixes:.0f} of riskml's, 1/{cpu * run.cpu / run.fixes:.0f} in processor time   "
              f"{run.fixes} fixes in {run.wall:.0f} s, {pointing}", flush=True)


def labelled(repository: str, variant: str, folder: Path) -> Cost:
    """Run ``riskml label`` on a whole history."""
    table = str(folder / "labels.parquet")
    return measured_run([sys.executable, "-m", "riskml", "label", repository, "--variant", variant, "--output", table])


def main() -> None:
    """Compare on each repository."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mining_peers", description=__doc__)
    parser.add_argument("repositories", nargs="+", metavar="REPO")
    parser.add_argument("--fixes", type=int, default=FIXES, help="in the sample (default: %(default)s)")
    parser.add_argument("--pyszz", type=Path, metavar="DIR", help="a checkout of pyszz; it is not run without")
    parser.add_argument("--python", default=sys.executable, help="that has what pyszz requires (default: this one)")
    parser.add_argument("--limit", type=float, default=300, metavar="SECONDS", help="of each pyszz (default: %(default)s)")
    parser.add_argument("--only-pyszz", action="store_true", help="leave PyDriller and git blame out")
    args = parser.parse_args()
    if args.only_pyszz and args.pyszz is None:
        parser.error("--only-pyszz needs --pyszz DIR")
    if args.pyszz is not None and not (args.pyszz / "main.py").is_file():
        parser.error(f"{args.pyszz} is no checkout of pyszz: it has no main.py")
    if not args.only_pyszz and find_spec("pydriller") is None:
        parser.error("PyDriller is not installed: pip install -e '.[bench]'")
    for repository in args.repositories:
        with whole(repository, always=True) as clone:
            known = history(clone, args.fixes)
            print(f"{repository}: {known.commits:,} commits, {len(known.fixes):,} fixes")
            if not args.only_pyszz:
                compare_packaged(repository, known)
            if args.pyszz is not None:
                compare_pyszz(repository, known, args.pyszz, args.python, args.limit)
            else:
                print("  pyszz: not run. It is in no package index; name a checkout of it with --pyszz DIR")


if __name__ == "__main__":
    main()
