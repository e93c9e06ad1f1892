"""A posted diff on the warm history of a kept mirror: ``python -m benchmarks.posted REPO [--files 20] [--state DIR]``.

The changes are real: the newest commits of the first-parent line that touch so many files, posted as ``git diff`` writes them,
against their parents. Two figures, each with the time of a base that was never asked for before and of one that was: what makes
the features out of the bytes (parsing, the length of the files, their past), in this process; and the whole request, to a
service that scores, explains, plans and stores it. The history is mined before anything is timed.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import httpx

from api.kept import Kept
from api.posted import change_of_diff, measured
from api.schemas import PredictIn
from benchmarks.serving import server
from riskml.features.catalogue import extract
from riskml.features.feature import Evidence
from riskml.mine import state as mined

KEY = "bench/posted"


class Posted(NamedTuple):
    """A change to post, and its size in bytes."""

    request: PredictIn
    size: int


def git(repository: Path, *args: str) -> bytes:
    """Run git."""
    return subprocess.run(["git", "-C", str(repository), *args], check=True, capture_output=True).stdout


def changes(repository: Path, files: int, most: int) -> list[Posted]:
    """Find the newest changes of so many files."""
    log = git(repository, "log", "--first-parent", "--no-merges", "--format=@%H %P", "--name-only", "-20000").decode(
        "utf-8", "replace")
    found: list[Posted] = []
    for entry in log.split("@")[1:]:
        head, *names = entry.split("\n")
        ids = head.split()
        if len(ids) == 2 and len([name for name in names if name]) == files:
            diff = git(repository, "diff", "--no-color", "--no-ext-diff", ids[1], ids[0])
            request = PredictIn(repository=KEY, base=ids[1], head=ids[0], diff=diff.decode("utf-8", "replace"))
            found.append(Posted(request, len(diff)))
        if len(found) == most:
            break
    return found


class Took(NamedTuple):
    """Milliseconds of one request: on the clock, and of the processor, which others on the machine do not lengthen."""

    wall: float
    cpu: float | None = None


def features(kept: Kept, posted: Posted) -> Took:
    """Make the vector of a posted diff as the service does."""
    began, busy = time.perf_counter(), time.thread_time()
    base = kept.base(posted.request.base)
    change = measured(change_of_diff(posted.request, datetime.now(UTC)), base, kept)
    vector = extract(Evidence(change, kept.past(base).view, None))
    took = Took(1000 * (time.perf_counter() - began), 1000 * (time.thread_time() - busy))
    assert vector["nuc"] == vector["nuc"], "the past is unknown"
    assert vector["lt"] == vector["lt"], "the length of the files is unknown"
    return took


def told(name: str, took: Sequence[Took]) -> str:
    """Write one line."""
    line = f"  {name:40} p50 {_at(0.5, [t.wall for t in took]):6.1f} ms  p99 {_at(0.99, [t.wall for t in took]):6.1f} ms"
    busy = [t.cpu for t in took if t.cpu is not None]
    line += f"  (processor {_at(0.5, busy):.1f} and {_at(0.99, busy):.1f} ms)" if busy else ""
    return f"{line}  {len(took)} requests"


def _at(share: float, times: Sequence[float]) -> float:
    return sorted(times)[min(len(times) - 1, int(share * len(times)))]


def main() -> None:
    """Mine, then time both."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.posted", description=__doc__)
    parser.add_argument("repository", type=Path, metavar="REPO")
    parser.add_argument("--files", type=int, default=20)
    parser.add_argument("--changes", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--state", type=Path, help="where the mined history is kept (default: nowhere, it is mined first)")
    args = parser.parse_args()
    posted = changes(args.repository, args.files, args.changes)
    if not posted:
        raise SystemExit(f"no change of {args.files} files among the newest 20,000")
    sizes = sorted(each.size for each in posted)
    print(f"{len(posted)} changes of {args.files} files, {sizes[0] // 1000} to {sizes[-1] // 1000} kB, median "
          f"{sizes[len(sizes) // 2] // 1000} kB")
    with tempfile.TemporaryDirectory(prefix="riskml-bench-") as folder:
        state = args.state or Path(folder) / "state"
        kept = Kept(args.repository, state)
        mined.update(kept.repository, kept.workspace.state_file, kept.repository.head())
        kept.past(posted[0].request.base or "")
        print("features of a posted diff:")
        print(told("a base that was not asked for before", [features(kept, each) for each in posted]))
        print(told("a base that was", [features(kept, each) for _ in range(args.rounds) for each in posted]))
        _whole_requests(Path(folder), state, args.repository, posted, args.rounds)


def _whole_requests(folder: Path, state: Path, repository: Path, posted: Sequence[Posted], rounds: int) -> None:
    bodies = [json.dumps(each.request.model_dump(mode="json", exclude_unset=True)) for each in posted]
    with server(folder / "api.log", "api", "--port", "0", RISKML_STORE=f"sqlite:///{folder}/riskml.db",
                RISKML_STATE=str(state), RISKML_REPOSITORIES=f"{KEY}={repository}") as url, httpx.Client() as client:
        def ask(body: str) -> Took:
            """Post one, on a connection that stays open."""
            began = time.perf_counter()
            answer = client.post(f"{url}/predict", content=body, headers={"content-type": "application/json"}, timeout=60)
            took = Took(1000 * (time.perf_counter() - began))
            assert answer.status_code == 200, answer.text
            assert "nuc" not in answer.json()["unknown"], "the service does not know the past"
            return took

        ask(bodies[0])
        print("POST /predict, scored, explained, planned and stored:")
        print(told("a base that was not asked for before", [ask(body) for body in bodies[1:]]))
        print(told("a base that was", [ask(body) for _ in range(rounds) for body in bodies]))


if __name__ == "__main__":
    main()
