"""Where the risk of a change sits: each file's share, by scoring the change without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import log, log1p

from riskml.assessment import FileShare
from riskml.change import FileDiff
from riskml.features.catalogue import extract
from riskml.features.feature import Evidence
from riskml.ports import Scorer, Vector

TRIED = 12  # files that are taken out one by one; the others are taken out together
WORK = 1200  # files read again at most, so that a change of a thousand files does not take a second


def file_shares(evidence: Evidence, vector: Vector, scorer: Scorer) -> tuple[FileShare, ...]:
    """Return the share of the risk in each file, riskiest first; the shares add up to 1.

    A file's weight is how much the log-odds of harm fall when the change is scored again without it (never below 0). The twelve
    files with most lines and fixes (fewer in a change of more than 100) are tried one by one; the rest are tried as one, and
    its weight is spread over them by lines and fixes. When taking no file out lowers the risk, all weights are by lines and
    fixes. The weights leave out what files do together, so they say where to look first, not what each file would cost alone.
    """
    files = evidence.change.files
    if len(files) < 2:
        return tuple(FileShare(f.path, 1.0) for f in files)
    before = prior(evidence)
    order = sorted(range(len(files)), key=lambda i: (-before[i], files[i].path))
    tried = max(2, min(TRIED, WORK // len(files)))
    groups = [[i] for i in order[:tried]]
    if order[tried:]:
        groups.append(order[tried:])
    without = [extract(evidence_of(evidence, [f for i, f in enumerate(files) if i not in group])) for group in map(set, groups)]
    whole, *rest = (_log_odds(p) for p in scorer.probabilities([vector, *without]))
    weights = list(before)
    falls = [max(0.0, whole - odds) for odds in rest]
    if sum(falls) > 0:
        for group, fall in zip(groups, falls, strict=True):
            total = sum(before[i] for i in group)
            for i in group:
                weights[i] = fall * before[i] / total
    total = sum(weights)
    shares = [FileShare(files[i].path, weights[i] / total) for i in range(len(files))]
    return tuple(sorted(shares, key=lambda s: (-s.share, s.path)))


def evidence_of(evidence: Evidence, files: Sequence[FileDiff]) -> Evidence:
    """Return the same evidence about a change of these files only; commits, tests and history stay."""
    return replace(evidence, change=replace(evidence.change, files=tuple(files)))


def prior(evidence: Evidence) -> list[float]:
    """Weigh each file of a change by its changed lines and earlier fixes, without the model; never 0."""
    pasts = evidence.pasts or (None,) * len(evidence.change.files)
    weights = []
    for diff, past in zip(evidence.change.files, pasts, strict=True):
        fixes = 0 if past is None else past.fixes
        weights.append((1 + log1p(diff.lines_added + diff.lines_deleted)) * (1 + log1p(fixes)))
    return weights


def _log_odds(probability: float) -> float:
    p = min(max(probability, 1e-9), 1 - 1e-9)
    return log(p / (1 - p))
