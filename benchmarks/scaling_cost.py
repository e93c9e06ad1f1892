"""What each task costs on one history, in a process of its own, after ``git log -p -U0 --raw -M`` of the same.

``python -m benchmarks.scaling_cost TASK REPO FOLDER`` is such a process; it tells its memory and the bytes that it wrote.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.mining import GIT
from benchmarks.whole_clone import git, stand_ins

LARGE = 10_000
"""Commits from which one round must do."""
_CHUNK = 1 << 20


class Cost(NamedTuple):
    """Wall and processor time in seconds, memory of the Python process and bytes of what was written."""

    wall: float
    cpu: float
    memory: int = 0
    size: int = 0


class Measured(NamedTuple):
    """A history: its name, its commits, the cost of each task, the bytes of git's log; if a part, how large it was to be."""

    name: str
    commits: int
    costs: dict[str, Cost]
    patch: int
    part: int = 0


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


def measure(name: str, repository: str, rounds: int, tasks: Sequence[str] = tuple(TASKS)) -> Measured:
    """Measure a whole history; medians, if it is small."""
    with stand_ins(repository) as objects:
        return _measured(name, repository, rounds, objects, tasks)


def measure_within(
    name: str, repository: str, sizes: Sequence[int], tasks: Sequence[str] = tuple(TASKS),
) -> Iterator[Measured]:
    """Measure parts of one history: of each size the first commit of its trunk that has as many with it.

    Parts are clones that share the objects of the repository and end at that commit. Sizes above the history's are passed over.
    """
    trunk = git(repository, "rev-list", "--first-parent", "--reverse", "HEAD").split()
    every = _count(repository, "HEAD")
    with stand_ins(repository) as objects, tempfile.TemporaryDirectory() as folder:
        clone = f"{folder}/part.git"
        subprocess.run(["git", "clone", "-q", "-s", "--bare", "--single-branch", "--no-tags", repository, clone], check=True)
        for size in (size for size in sizes if size <= every):
            git(clone, "update-ref", "HEAD", trunk[bisect_left(trunk, size, key=lambda sha: _count(repository, sha))])
            yield _measured(name, clone, 1, objects, tasks)._replace(part=size)


def _measured(name: str, repository: str, rounds: int, objects: Mapping[str, str], tasks: Sequence[str]) -> Measured:
    """Run git and each task in turn, as often as there are rounds, and take medians."""
    commits = _count(repository, "HEAD")
    taken: dict[str, list[Cost]] = {name: [] for name in ("git", *tasks)}
    patch = 0
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(1 if commits >= LARGE else rounds):
            logged, _, patch = _run(["git", "-C", repository, *GIT[1:]], objects)
            taken["git"].append(logged)
            for task in tasks:
                cost, told, _ = _run([sys.executable, "-m", "benchmarks.scaling_cost", task, repository, folder], {})
                taken[task].append(cost._replace(**json.loads(told)))
    pack = re.search(r"size-pack: (\d+)", git(repository, "count-objects", "-v"))
    medians = {task: Cost(*(statistics.median(values) for values in zip(*costs, strict=True))) for task, costs in taken.items()}
    medians["git"] = medians["git"]._replace(size=int(pack[1]) * 1024 if pack else 0)
    return Measured(name, commits, medians, patch)


def _run(command: list[str], environment: Mapping[str, str]) -> tuple[Cost, bytes, int]:
    """Run a command and everything it starts; return also the end of what it wrote, and how many bytes that were."""
    started = time.perf_counter()
    end, size = b"", 0
    with subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0, env=os.environ | environment) as process:
        assert process.stdout
        while chunk := process.stdout.read(_CHUNK):
            end, size = (end + chunk)[-_CHUNK:], size + len(chunk)
        _, code, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(code)
    if process.returncode:
        raise SystemExit(f"{command} failed")
    return Cost(time.perf_counter() - started, usage.ru_utime + usage.ru_stime), end, size


def _peak() -> int:
    """Return the most memory that this process had, in bytes.

    (Not ``ru_maxrss``, which starts with that of the process that started this one.)
    """
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


def _count(repository: str, revision: str) -> int:
    return int(git(repository, "rev-list", "--count", revision))


def _table(verb: str, repository: str, table: Path) -> int:
    from riskml.cli.main import main as riskml

    if riskml([verb, repository, "--output", str(table)]):
        raise SystemExit(f"riskml {verb} failed")
    return table.stat().st_size


if __name__ == "__main__":
    written = TASKS[sys.argv[1]](sys.argv[2], Path(sys.argv[3]))
    print(json.dumps({"memory": _peak(), "size": written}))
