"""Whether followed lines have the writer that ``git blame`` names: ``python -m benchmarks.blame_exactness REPO…``.

Removed lines are drawn from the whole history (a seeded sample of removals, at most a few lines of each, so that no file counts
for all), and blamed in the parent of the commit that removed them. Each difference is counted under what explains it:

* ``unknown``: the file was binary, or its blob is missing, somewhere before. riskml names nobody then.
* ``renamed twice``: riskml names a commit that added the file. Blame looks for a file's past by itself, so where two new
  files resemble one that went away, it follows both; a diff calls one of them renamed, and the other one new.
* ``merge``: one of the two names a merge, or the line came through one that resolved a conflict.
* ``other``: none of these.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from typing import NamedTuple

from benchmarks.whole_clone import git, whole
from riskml.adapters.git import GitRepository
from riskml.mine.provenance import UNKNOWN
from riskml.mine.traced import Traced

LINES_OF_ONE = 5
"""How many lines of one removal are asked for, at most."""


class Asked(NamedTuple):
    """Removed lines of one file: where they stood, and whom riskml names (an index into the commits)."""

    parent: str
    path: str
    numbers: tuple[int, ...]
    origins: tuple[int, ...]


def sample(traced: Traced, removals: int, chance: random.Random) -> tuple[list[Asked], set[tuple[int, str]]]:
    """Draw from all removals (a reservoir), and tell which commits added which paths."""
    drawn: list[Asked] = []
    added: set[tuple[int, str]] = set()
    seen = 0
    for number, (change, found) in enumerate(traced):
        added.update((number, diff.path) for diff in change.files if diff.status == "A")
        for diff, origins in found:
            seen += 1
            place = len(drawn) if len(drawn) < removals else chance.randrange(seen)
            if place < removals and change.base is not None:
                at = [n for hunk in diff.hunks for n in range(hunk.old_start, hunk.old_start + hunk.old_lines)]
                chosen = sorted(chance.sample(range(len(at)), min(LINES_OF_ONE, len(at))))
                asked = Asked(change.base, diff.old_path, tuple(at[i] for i in chosen), tuple(origins[i] for i in chosen))
                drawn[place:place + 1] = [asked]
    return drawn, added


def blamed(clone: str, asked: Asked) -> list[tuple[str, str]]:
    """Return commit and path of each line, as git blames it."""
    ranges = [f"-L{n},{n}" for n in asked.numbers]
    said = git(clone, "blame", "--line-porcelain", "-s", *ranges, asked.parent, "--", asked.path).split("\n")
    commits = [line.split(" ")[0] for before, line in zip(["\t", *said], said, strict=False) if before.startswith("\t")]
    paths = [line.removeprefix("filename ") for line in said if line.startswith("filename ")]
    return list(zip(commits, paths, strict=True))


def explained(clone: str, own: int, theirs: str, shas: list[str], adders: set[int]) -> str:
    """Name what explains a difference."""
    if own == UNKNOWN:
        return "unknown"
    if any(len(git(clone, "rev-list", "--parents", "-n1", sha).split()) > 2 for sha in (shas[own], theirs)):
        return "merge"
    return "renamed twice" if own in adders else "other"


def compare(repository: str, removals: int, seed: int) -> None:
    """Blame a sample of one repository, and print how many lines agree and why the others do not."""
    with whole(repository) as clone:
        traced = Traced(GitRepository.open(repository), "HEAD")
        drawn, added = sample(traced, removals, random.Random(seed))
        shas = traced.provenance.shas
        adders = {number for number, _ in added}
        found: Counter[str] = Counter()
        for asked in drawn:
            for own, (theirs, path) in zip(asked.origins, blamed(clone, asked), strict=True):
                if own != UNKNOWN and shas[own] == theirs:
                    found["identical"] += 1
                    continue
                reason = explained(clone, own, theirs, shas, adders)
                found[reason] += 1
                print(f"    {reason}: {asked.parent[:10]}:{asked.path}, riskml names "
                      f"{'nobody' if own == UNKNOWN else shas[own][:10]}, blame {theirs[:10]} ({path})")
        total = found.total()
        rest = ", ".join(f"{name} {count}" for name, count in found.most_common() if name != "identical")
        print(f"{repository}: {total:,} removed lines of {len(drawn):,} files, {found['identical'] / max(1, total):.2%} "
              f"identical{'; ' * bool(rest)}{rest}", flush=True)


def main() -> None:
    """Compare on each repository."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.blame_exactness", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repositories", nargs="+", metavar="REPO")
    parser.add_argument("--removals", type=int, default=300, help="how many files with removed lines, per repository")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    for repository in args.repositories:
        compare(repository, args.removals, args.seed)


if __name__ == "__main__":
    main()
