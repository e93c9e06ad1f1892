"""What riskml would have said of a repository's last changes, beside what became of them: reverted, or fixed.

Labels are those of ``riskml label``: later commits that take a change back, name it as the fault, or fix lines that it wrote. A
change that nothing is known against counts as harmless only when there was time for it to become known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from math import nan
from pathlib import Path

from riskml.adapters.git import GitRepository
from riskml.backtest import Case, caught_at
from riskml.features.catalogue import NAMES
from riskml.mine import state as mined
from riskml.mine.labels import Label, label
from riskml.mine.walk import walk
from riskml.ports import Scorer, Vector

MATURE_S = 90 * 86_400
LEAST = 10
"""Fewer harmful changes than this say nothing in percent."""

FLAGGED = 0.10

KINDS: Mapping[str, tuple[str, ...]] = {"reverted": ("revert",), "fixed": ("trailer", "szz")}
"""What is told apart, by the sources of its labels."""


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

    Only these are labelled, which no length of a history makes slow. Returns how many commits the history has, and one answer
    for each of ``KINDS``; none if there is no history to know.
    """
    state = mined.update(repository, state_file, tip, progress=progress, notice=notice)
    times = {header.sha: header.committed_at for header in walk(repository, tip)}
    vectors: dict[str, Vector] = {
        sha: dict(zip(NAMES, vector, strict=True)) for sha, vector in state.vectors.items() if sha in times
    }
    if not vectors:
        return len(times), []
    labels = label(repository, tip, last=mined.RECENT, progress=progress, notice=notice)
    probabilities = dict(zip(vectors, scorer.probabilities(list(vectors.values())), strict=True))
    return len(times), [answer(kind, labels, times, vectors, probabilities) for kind in KINDS]


def answer(
    kind: str, labels: Iterable[Label], times: Mapping[str, int], vectors: Mapping[str, Vector],
    probabilities: Mapping[str, float],
) -> Hindsight:
    """Compare what turned out harmful in one of ``KINDS`` with what would have been flagged. ``times`` in UNIX seconds.

    What turned out harmful in another way is left out: it is no example of a harmless change.
    """
    latest = max(times.values(), default=0)
    cases = []
    for found in labels:
        if found.sha not in vectors or (found.harm and found.source not in KINDS[kind]):
            continue
        at = times[found.sha]
        harm = True if found.harm else None if latest - at < MATURE_S else False
        cases.append(Case(found.sha, at, probabilities[found.sha], harm, vectors[found.sha]))
    known = sum(case.harm is True for case in cases)
    enough = known >= LEAST
    return Hindsight(kind, len(vectors), known, sum(case.harm is None for case in cases),
                     caught_at(cases, FLAGGED) if enough else nan, caught_at(cases, FLAGGED, by="la") if enough else nan)
