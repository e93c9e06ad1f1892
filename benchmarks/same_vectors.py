"""Whether three ways to a vector give the same numbers, bit for bit: ``python -m benchmarks.same_vectors REPO…``.

For the last 1,000 commits that are no merges and have a parent:

* ``bulk``: the rows of ``riskml mine``, the whole history in one go;
* ``incremental``: a kept state that is updated in steps, as one that sees each push is;
* ``single``: the diff that ``riskml predict`` reads for one change, and what the state says of the past at its base.
"""

from __future__ import annotations

import argparse
import struct
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.whole_clone import git
from riskml.adapters.git import GitRepository
from riskml.features.catalogue import NAMES, extract
from riskml.features.feature import Evidence
from riskml.mine.rows import mine
from riskml.mine.state import RECENT, State, update

Vectors = Mapping[str, Sequence[float]]


def incremental(source: GitRepository, tips: Sequence[str]) -> State:
    """Update a kept state from tip to tip, reading it again each time."""
    with tempfile.TemporaryDirectory(prefix="riskml-bench-") as folder:
        for tip in tips:
            state = update(source, Path(folder) / "state", tip)
    return state


def single(source: GitRepository, state: State, shas: Sequence[str]) -> dict[str, list[float]]:
    """Read each commit as a change of its own."""
    found = {}
    for sha in shas:
        base = git(source.path, "rev-parse", f"{sha}^")
        change = source.change(base, sha)
        found[sha] = list(extract(Evidence(change, state.view(change.base))).values())
    return found


def differences(name: str, left: Vectors, right: Vectors) -> int:
    """Print how many vectors differ and in which features; return how many."""
    same = 0
    features: Counter[str] = Counter()
    for sha in left.keys() & right.keys():
        apart = [feature for feature, a, b in zip(NAMES, left[sha], right[sha], strict=True)
                 if struct.pack("d", a) != struct.pack("d", b)]
        same += not apart
        features.update(apart)
    both = len(left.keys() & right.keys())
    said = "".join(f", {feature} {count}" for feature, count in features.most_common(5))
    print(f"  {name:24} {same:,} of {both:,} the same{said}", flush=True)
    return both - same


def compare(repository: str, steps: int) -> int:
    """Compare the three ways on one repository, and return how many vectors differ."""
    source = GitRepository.open(repository)
    rows = [row for row in mine(source) if not row.merge]
    bulk = {row.sha: row.vector for row in rows}
    trunk = git(repository, "rev-list", "--reverse", "--first-parent", "HEAD").split()
    step = -(-len(trunk) // (20 * steps))  # all steps together bring the last twentieth of the trunk
    tips = trunk[-1 - steps * step::step]
    state = incremental(source, tips)
    roots = git(repository, "rev-list", "--max-parents=0", "HEAD").split()
    chosen = [row.sha for row in rows[-RECENT:] if row.sha in state.vectors and row.sha not in roots]
    alone = single(source, state, chosen)
    print(f"{repository}: {len(chosen):,} changes of {len(rows):,}, a state updated in {len(tips) - 1} steps")
    return differences("bulk and incremental", {sha: bulk[sha] for sha in chosen}, state.vectors) \
        + differences("bulk and single change", bulk, alone)


def main() -> None:
    """Compare on each repository; end with 1 if anything differs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.same_vectors", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repositories", nargs="+", metavar="REPO")
    parser.add_argument("--steps", type=int, default=10)
    args = parser.parse_args()
    if sum([compare(repository, args.steps) for repository in args.repositories]):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
