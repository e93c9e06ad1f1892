"""How many suspects of a published miner ``--variant b`` finds: ``python -m benchmarks.szz_reference LINKS REPO=PROJECT…``.

LINKS is a CSV (perhaps .gz) with the columns ``fix_hash``, ``bug_hash`` and ``project``: the pairs of ApacheJIT (Keshavarz &
Nagappan 2022), before their filters. Their miner is PyDriller's: ``git blame -w`` at the fix's parent for each removed line
that is neither blank nor a comment, in any file. Each pair that is not found is counted under the first reason that holds:

* ``commit not here``: the clone lacks one of the two, or HEAD does not reach it.
* ``fix is a merge``: merges remove nothing themselves here.
* ``no source code``: riskml suspects the same commit, for lines of tests, documents, configuration or generated files.
* ``blanks``: the line was indented anew in between; ``blame -w`` looks through that, while this algorithm, as published, names
  who touched the line last. (Checked by asking ``git blame -w``.)
* ``blame without -w``: plain ``git blame`` at the parent names the commit, riskml does not.
* ``not by blame``: nor does ``git blame``, with or without ``-w``, on the lines that the diff of the installed git removes.
"""

from __future__ import annotations

import argparse
import csv
import gzip
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

from benchmarks.whole_clone import git, whole
from riskml.adapters.git import GitRepository
from riskml.mine.szz import commit_of, links, variant_named
from riskml.mine.traced import Traced

_SHOWN = 39  # digits of an id that blame leaves when it marks the first commit with a caret
Pairs = Mapping[str, set[str]]
"""Suspects by fix."""


def reference(file: Path) -> dict[str, dict[str, set[str]]]:
    """Read the pairs of each project."""
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    content = file.read_bytes()
    text = (gzip.decompress(content) if file.suffix == ".gz" else content).decode()
    for row in csv.DictReader(text.splitlines()):
        found[row["project"]][row["fix_hash"]].add(row["bug_hash"])
    return found


def own_pairs(traced: Traced, fixes: Pairs) -> tuple[Pairs, Pairs, set[str]]:
    """Return whom ``b`` suspects of the fixes; whom it would if all files were source code; and which fixes are merges."""
    basic = variant_named("b")
    found: dict[str, set[str]] = defaultdict(set)
    anywhere: dict[str, set[str]] = defaultdict(set)
    merged: set[str] = set()
    commits = []
    for change, removals in traced:
        commit = commit_of(change)
        commits.append(commit)
        if commit.sha in fixes:
            found[commit.sha].update(link.sha for link in links(commit, removals, commits, basic))
            anywhere[commit.sha].update(commits[n].sha for _, origins in removals for n in set(origins) if n >= 0)
            if commit.merge:
                merged.add(commit.sha)
    return found, anywhere, merged


class Blame:
    """What ``git blame`` says of the lines that a fix removed; asked for each fix once."""

    def __init__(self, clone: str) -> None:
        self._clone = clone
        self._said: dict[tuple[str, tuple[str, ...]], set[str]] = {}

    def names(self, fix: str, *options: str) -> set[str]:
        """Return the commits that wrote the lines that a fix removed."""
        if (fix, options) not in self._said:
            self._said[fix, options] = self._asked(fix, options)
        return self._said[fix, options]

    def _asked(self, fix: str, options: tuple[str, ...]) -> set[str]:
        found: set[str] = set()
        diff = git(self._clone, "-c", "core.quotePath=false", "diff-tree", "-p", "-U0", "-M", "--root", "--no-commit-id", fix)
        for patch in diff.split("\ndiff --git "):
            path = next((line[6:].rstrip("\t") for line in patch.split("\n") if line.startswith("--- a/")), None)
            spans = [head.split(" ")[1][1:].partition(",") for head in patch.split("\n") if head.startswith("@@ -")]
            ranges = [f"-L{start},+{count or 1}" for start, _, count in spans if count != "0"]
            if path and ranges:
                said = git(self._clone, "blame", "-l", "-s", *options, *ranges, f"{fix}^", "--", path)
                found.update(line.split(" ")[0].lstrip("^")[:_SHOWN] for line in said.split("\n"))
        return found


def compare(repository: str, project: str, pairs: Pairs) -> None:
    """Look for every pair of one project, and print how many are found and why the others are not."""
    with whole(repository) as clone:
        traced = Traced(GitRepository.open(repository), "HEAD")
        here = {header.sha for header in traced.headers}
        found, anywhere, merged = own_pairs(traced, pairs)
        blame = Blame(clone)
        reasons: Counter[str] = Counter()
        for fix, suspects in pairs.items():
            for bug in suspects:
                if fix not in here or bug not in here:
                    reasons["commit not here"] += 1
                elif bug in found[fix]:
                    reasons["found"] += 1
                elif fix in merged:
                    reasons["fix is a merge"] += 1
                elif bug in anywhere[fix]:
                    reasons["no source code"] += 1
                elif bug[:_SHOWN] in blame.names(fix, "-w"):
                    reasons["blanks"] += 1
                else:
                    reasons["blame without -w" if bug[:_SHOWN] in blame.names(fix) else "not by blame"] += 1
        total = reasons.total()
        asked = total - reasons["commit not here"]
        print(f"{project}: {total:,} pairs, both commits here of {asked:,}: {reasons['found'] / max(1, asked):.1%} found, "
              f"{(reasons['found'] + reasons['no source code']) / max(1, asked):.1%} with all kinds of files", flush=True)
        for reason, count in reasons.most_common():
            print(f"  {reason:18} {count:7,}  {count / total:6.1%}")


def main() -> None:
    """Compare each repository with the pairs of its project."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.szz_reference", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("links", type=Path, metavar="LINKS")
    parser.add_argument("repositories", nargs="+", metavar="REPO=PROJECT")
    args = parser.parse_args()
    known = reference(args.links)
    for pair in args.repositories:
        repository, _, project = pair.rpartition("=")
        if project not in known:
            parser.error(f"no pair of {project!r} in {args.links}; there are {', '.join(sorted(known))}")
        compare(repository, project, known[project])


if __name__ == "__main__":
    main()
