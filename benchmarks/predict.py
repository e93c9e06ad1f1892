"""Time of ``riskml predict`` on a real repository, beside ``git log -p -U0`` there: ``python -m benchmarks.predict REPO``.

The first run mines the whole history, the second finds it kept, and so does a release of the last changes. Runs alternate with
git's, and medians are printed, so that what else the machine does weighs on both.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

RISKML = (sys.executable, "-m", "riskml.cli.main")


def timed(*command: str) -> float:
    """Wall time of a command in seconds; its output goes nowhere."""
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.predict", description=__doc__)
    parser.add_argument("repository", metavar="REPO")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--release", type=int, default=200, metavar="N", help="changes of the release that is judged, too")
    args = parser.parse_args()
    git = ("git", "-C", args.repository)
    commits = subprocess.run([*git, "rev-list", "--count", "HEAD"], check=True, capture_output=True, text=True).stdout.strip()
    log, first, second, release, start = [], [], [], [], []
    for _ in range(args.rounds):
        state = Path(tempfile.mkdtemp(prefix="riskml-bench-"))
        predict = (*RISKML, "predict", args.repository, "--head", "HEAD", "--state", str(state), "--format", "json")
        log.append(timed(*git, "log", "-p", "-U0", "HEAD"))
        first.append(timed(*predict))
        second.append(timed(*predict))
        release.append(timed(*predict, "--release", "--base", f"HEAD~{args.release}"))
        start.append(timed(*RISKML, "--help"))
        shutil.rmtree(state)
    base = statistics.median(log)
    print(f"{args.repository}: {int(commits):,} commits, medians of {args.rounds} rounds")
    for name, times in (("git log -p -U0", log), ("first predict, mining included", first), ("second predict", second),
                        (f"release of the last {args.release} changes", release),
                        ("riskml --help", start)):
        print(f"  {name:32} {statistics.median(times):7.2f} s   {statistics.median(times) / base:6.3f} × git log")


if __name__ == "__main__":
    main()
