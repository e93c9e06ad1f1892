"""All benchmarks, one after another: ``python -m benchmarks [REPO ...]``; those that mine need repositories."""

from __future__ import annotations

import subprocess
import sys

ALONE = ("scoring", "serving", "reports", "verdict_errors")
"""What needs nothing but this machine."""

ON_REPOSITORIES = ("predict", "mining")
"""What is measured on real repositories, beside git itself."""


def main(repositories: list[str]) -> int:
    """Run each as its own process, so that none inherits the warmth or the memory of another. Returns the worst exit code."""
    commands = [[name] for name in ALONE]
    commands += [[name, repository] for repository in repositories for name in ON_REPOSITORIES]
    worst = 0
    for name, *arguments in commands:
        print(f"\n== {name} {' '.join(arguments)}", flush=True)
        worst = max(worst, subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *arguments], check=False).returncode)
    if not repositories:
        print(f"\n{' and '.join(ON_REPOSITORIES)} were left out: they need repositories")
    return worst


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
