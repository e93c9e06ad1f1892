"""What others need for what the miner does, per commit and per fix: ``python -m benchmarks.mining_peers REPO…``.

PyDriller computes its process metrics over a sample of consecutive commits of the trunk, and the commits that last touched
what fixes removed; the same by a ``git blame`` per file is the shape of pyszz, which is a git repository and no package. Next
to each stands riskml on the *whole* history of the repository, all features and labels in one reading. Peers are slower by so
much that they get a sample only: their figures are per second of the sample, and what they would need for everything is
extrapolated from it. Needs ``pip install -e '.[bench]'``.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from benchmarks.mining import command, measured_run
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


def compare(repository: str) -> None:
    """Measure all on one repository, and print."""
    with whole(repository, always=True) as clone, tempfile.TemporaryDirectory() as folder:
        trunk = git(clone, "rev-list", "--reverse", "--first-parent", "HEAD").split()
        start = max(1, (len(trunk) - COMMITS) // 2)
        sample = trunk[start:start + COMMITS]
        log = git(clone, "log", "--no-merges", "--format=%H%x00%B%x01", "HEAD").split("\x01")
        told = [entry.strip().partition("\0") for entry in log if entry.strip()]
        fixes = [sha for sha, _, text in told if is_fix(text)]
        step = max(1, len(fixes) // FIXES)
        some = fixes[step // 2::step][:FIXES]
        every = int(git(clone, "rev-list", "--count", "HEAD"))
        own = measured_run(command(repository, "survey", Path(folder) / "state"))
        print(f"{repository}: {every:,} commits, {len(fixes):,} fixes")
        print(f"  {'riskml, all in one reading':32} {every / own.wall:12.1f} commits/s {len(fixes) / own.wall:8.1f} fixes/s   "
              f"whole history: {own.wall:.0f} s", flush=True)
        rates = (("PyDriller, process metrics", process_metrics, sample, "commits/s", every),
                 ("PyDriller, last modified lines", last_modified, some, "fixes/s", len(fixes)),
                 ("git blame per file", blame_per_file, some, "fixes/s", len(fixes)))
        for name, work, shas, unit, total in rates:
            rate = timed(work, clone, shas)
            print(f"  {name:32} {rate:16.1f} {unit:9} 1/{total / own.wall / rate:.0f} of riskml's   "
                  f"whole history, extrapolated from {len(shas)}: {total / rate:.0f} s", flush=True)


def main() -> None:
    """Compare on each repository."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mining_peers", description=__doc__)
    parser.add_argument("repositories", nargs="+", metavar="REPO")
    for repository in parser.parse_args().repositories:
        compare(repository)


if __name__ == "__main__":
    if find_spec("pydriller") is None:
        raise SystemExit("PyDriller is not installed: pip install -e '.[bench]'")
    main()
