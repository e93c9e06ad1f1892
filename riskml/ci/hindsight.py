"""What riskml would have said of a repository's last changes, beside what became of them: reverted, or soon fixed.

Labels come from git alone. *Reverted*: a later commit says so, by id or by quoting the subject. *Fixed*: within 30 days a
commit that says it is a fix (or names this one in a ``Fixes:`` trailer) altered a file that this change was the last to touch:
SZZ (Śliwerski, Zimmermann & Zeller 2005) at the grain of files, so it favours large changes, and lines added with them. A
change younger than 30 days that nothing happened to is not known to be good.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from pathlib import Path

from riskml.adapters.git import GitRepository
from riskml.backtest import Case, caught_at
from riskml.features.catalogue import NAMES
from riskml.message import fixes_trailers, is_fix, is_merge_message, is_revert, reverted_shas, subject
from riskml.mine import state as mined
from riskml.parse import log
from riskml.pathmap import DEFAULT
from riskml.ports import Scorer

DAY_S = 86_400
MATURE_S = 30 * DAY_S
LEAST = 10
"""Fewer harmful changes than this say nothing in percent."""

FLAGGED = 0.10
_WIDEST_FIX = 20  # files; what touches more is no repair of one fault


@dataclass(frozen=True, slots=True)
class Told:
    """A commit as the labels need it, oldest first in a sequence; ``at`` in UNIX seconds."""

    sha: str
    at: int
    message: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hindsight:
    """What flagging the riskiest tenth would have caught: parts of the harmful changes, NaN when fewer than ``LEAST`` are.

    ``lines_added`` is what flagging the changes with most lines added would have caught. ``unknown`` are too young to tell.
    """

    kind: str
    changes: int
    harmful: int
    unknown: int
    caught: float
    lines_added: float


def look_back(
    repository: GitRepository, state_file: Path | None, scorer: Scorer, tip: str, *,
    progress: Callable[[int, int], None] | None = None, notice: Callable[[str], None] = lambda _text: None,
) -> tuple[int, list[Hindsight]]:
    """Mine the history up to a full id, and replay its last changes (at most ``mined.RECENT``, merges left out).

    Returns how many commits the history has, and one answer for reverts and one for fixes; none if there is no history to know.
    """
    state = mined.update(repository, state_file, tip, progress=progress, notice=notice)
    commits = len(state.history)
    vectors = {sha: dict(zip(NAMES, vector, strict=True)) for sha, vector in state.vectors.items()}
    if not vectors:
        return commits, []
    told = list(read(repository, tip))
    probabilities = dict(zip(vectors, scorer.probabilities(list(vectors.values())), strict=True))
    return commits, [
        answer("reverted", told, reverted(told), vectors, probabilities),
        answer("fixed", told, fixed(told), vectors, probabilities),
    ]


def answer(
    kind: str, told: Sequence[Told], harmful: Mapping[str, int], vectors: Mapping[str, Mapping[str, float]],
    probabilities: Mapping[str, float],
) -> Hindsight:
    """Compare what was harmful (id to the time it became known) with what would have been flagged."""
    latest = told[-1].at if told else 0
    cases = []
    for commit in told:
        if commit.sha in vectors:
            harm = True if commit.sha in harmful else None if latest - commit.at < MATURE_S else False
            cases.append(Case(commit.sha, commit.at, probabilities[commit.sha], harm, vectors[commit.sha]))
    known = sum(c.harm is True for c in cases)
    enough = known >= LEAST
    return Hindsight(kind, len(cases), known, sum(c.harm is None for c in cases),
                     caught_at(cases, FLAGGED) if enough else nan, caught_at(cases, FLAGGED, by="la") if enough else nan)


def reverted(told: Iterable[Told]) -> dict[str, int]:
    """Return the commits that a later one took back, and when.

    >>> told = [Told("a" * 40, 1, "Add x", ()), Told("b" * 40, 9, 'Revert "Add x"', ())]
    >>> reverted(told) == {"a" * 40: 9}
    True
    """
    found: dict[str, int] = {}
    by_subject: dict[str, str] = {}
    by_prefix: dict[str, str] = {}
    for commit in told:
        if is_revert(commit.message):
            named = [by_prefix.get(sha[:7].lower(), "") for sha in reverted_shas(commit.message)]
            quoted = subject(commit.message).partition('"')[2].rpartition('"')[0]
            named = [sha for sha in named if sha] or [by_subject.get(quoted, "")]
            found.update((sha, commit.at) for sha in named if sha and sha not in found)
        by_subject[subject(commit.message)] = commit.sha
        by_prefix[commit.sha[:7]] = commit.sha
    return found


def fixed(told: Iterable[Told]) -> dict[str, int]:
    """Return the commits that a fix within 30 days repaired, and when.

    >>> told = [Told("a" * 40, 0, "Add x", ("x.py",)), Told("b" * 40, 9, "Fix crash of x", ("x.py", "y.md"))]
    >>> fixed(told) == {"a" * 40: 9}
    True
    """
    found: dict[str, int] = {}
    last: dict[str, Told] = {}
    by_prefix: dict[str, Told] = {}
    for commit in told:
        if is_fix(commit.message) and not is_merge_message(commit.message) and len(commit.paths) <= _WIDEST_FIX:
            named = [by_prefix[sha[:7].lower()] for sha in fixes_trailers(commit.message) if sha[:7].lower() in by_prefix]
            blamed = named or [last[path] for path in commit.paths if path in last and DEFAULT.classify(path).source]
            for culprit in blamed:
                if commit.at - culprit.at <= MATURE_S:
                    found.setdefault(culprit.sha, commit.at)
        for path in commit.paths:
            last[path] = commit
        by_prefix[commit.sha[:7]] = commit
    return found


def read(repository: GitRepository, tip: str) -> Iterator[Told]:
    """Read the ancestors of a full id, merges left out, oldest first."""
    with repository.stream(("log", "--reverse", "--topo-order", "--no-merges", *log.NAMES, tip, "--")) as out:
        for change in log.commits(out.read, patches=False):
            commit = change.commits[0]
            yield Told(commit.sha, commit.committed_at, commit.message, tuple(file.path for file in change.files))
