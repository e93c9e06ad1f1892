"""All benchmarks, one after another: ``python -m benchmarks [REPO ...]``; those that mine need repositories."""

from __future__ import annotations

import subprocess
import sys

ALONE = ("scoring", "serving", "reports", "verdict_errors")
"""What needs nothing but this machine."""

ON_REPOSITORIES = ("predict", "mining", "posted")
"""What is measured on real repositories, beside git itself."""

ON_ALL = ("scaling",)
"""What compares repositories of several sizes with each other."""


def main(repositories: list[str]) -> int:
    """Run each as its own process, so that none inherits the warmth or the memory of another. Returns the worst exit code."""
    commands = [[name] for name in ALONE]
    commands += [[name, repository] for repository in repositories for name in ON_REPOSITORIES]
    commands += [[name, *repositories] for name in ON_ALL if repositories]
    worst = 0
    for name, *arguments in commands:
        print(f"\n== {name} {' '.join(arguments)}", flush=True)
        worst = max(worst, subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *arguments], check=False).returncode)
    if not repositories:
        print(f"\n{' and '.join((*ON_REPOSITORIES, *ON_ALL))} were left out: they need repositories")
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
