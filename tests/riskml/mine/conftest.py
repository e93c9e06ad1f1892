"""A repository with a past, for all tests of the miner."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def grow() -> Callable[..., None]:
    """Return what writes a random history into a tiny repository: ``grow(repo, seed, commits=40)``."""
    return _grow


def _grow(repo, seed: int, commits: int = 40) -> None:
    """Build a history with branches, merges that write files of their own, renames, deletions, binaries and fixes."""
    chance = random.Random(seed)
    names = ["app/a.py", "app/b.py", "lib/c.java", "README.md", "data.bin"]
    for number in range(commits):
        step = chance.random()
        files = [p for p in repo.git("ls-files").splitlines() if p]
        if step < 0.15 and number > 3:
            repo.git("checkout", "-q", "-B", f"side-{chance.randrange(3)}", f"HEAD~{chance.randrange(2)}")
        elif step < 0.3 and number > 3:
            _merge_something(repo, chance)
        elif step < 0.4 and files:
            os.renames(repo.path / chance.choice(files), repo.path / f"moved/{number}.py")
        elif step < 0.45 and len(files) > 2:
            repo.remove(chance.choice(files))
        path = chance.choice(names)
        mark = _mark(repo.path / path) or f"{path}-{number}"
        lines = [f"line {chance.randrange(12)} of {mark}\n" for _ in range(chance.randrange(1, 14))]
        content = b"\0" * chance.randrange(1, 9) if path.endswith(".bin") and chance.random() < 0.7 else "".join(lines)
        word = chance.choice(["Add a thing", "Fix a crash", 'Revert "Add a thing"', "docs: explain"])
        repo.commit(word, {path: content}, author=chance.choice(["Ada", "Bob", "Eve"]))
    repo.git("checkout", "-q", "-B", "main")


def _mark(file: Path) -> str | None:
    """Return what the lines of a file end with. A new file has a mark of its own, so that it resembles none that went away.

    (Where two new files resemble one that went away, a diff calls one of them renamed and ``git blame`` both.)
    """
    found = re.search(rb" of (\S+)\n", file.read_bytes()) if file.is_file() else None
    return found[1].decode() if found else None


def _merge_something(repo, chance: random.Random) -> None:
    """Merge some branch; where both sides changed a file, write a third version."""
    branches = [b for b in repo.git("branch", "--format=%(refname:short)").splitlines() if not b.startswith("(")]
    repo.now += 3600
    try:
        repo.git("merge", "-q", "--no-ff", "-m", "Merge", chance.choice(branches))
    except AssertionError:
        repo.git("add", "--all")
        for path in repo.git("ls-files").splitlines():
            if (repo.path / path).is_file() and not (repo.path / path).is_symlink():
                repo.write(path, (repo.path / path).read_bytes().replace(b"<<<<<<<", b"both"))
        repo.git("add", "--all")
        repo.git("commit", "-q", "--no-edit", "--allow-empty")
