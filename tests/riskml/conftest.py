"""Histories that take a while to mine, and folders compared byte by byte."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest


@pytest.fixture
def lengthen() -> Callable[..., None]:
    """Return what writes many commits into a tiny repository at once: ``lengthen(repo, commits, seed=0)``."""
    return _lengthen


def _lengthen(repo, commits: int, seed: int = 0) -> None:
    """Write a history of edits, some of them fixes, as ``git fast-import`` takes it."""
    chance = random.Random(seed)
    files = [[f"line {n} of {name}\n" for n in range(40)] for name in range(12)]
    out = []
    for number in range(commits):
        message = chance.choice(["Add a thing", "Fix a crash", "docs: explain", "Change it"])
        out.append(f"commit refs/heads/main\ncommitter Ada <ada@example.org> {1_700_000_000 + 600 * number} +0000\n"
                   f"data {len(message)}\n{message}\n")
        for name in chance.sample(range(len(files)), chance.randrange(1, 5)):
            files[name][chance.randrange(40)] = f"line {number} of {name}\n"
            text = "".join(files[name])
            out.append(f"M 100644 inline src/{name % 3}/{name}.py\ndata {len(text)}\n{text}\n")
    repo.git("fast-import", "--quiet", stdin="".join(out).encode())
    repo.git("reset", "-q", "--hard", "main")


@pytest.fixture
def contents() -> Callable[[Path], dict[str, bytes]]:
    """Return what reads every file of a folder, hidden ones too: ``contents(folder)``."""
    return lambda folder: {str(f.relative_to(folder)): f.read_bytes() for f in sorted(folder.rglob("*")) if f.is_file()}
