"""One change of a release: scored by itself, as its own base knew the past, and what it did to which files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import fsum
from textwrap import shorten
from typing import Literal

from riskml.assess.files import prior
from riskml.assess.reasons import reasons_of
from riskml.assess.unknown import unknown_of
from riskml.assess.yardstick import Yardstick
from riskml.assessment import Band, Reason, Scored
from riskml.change import Change, FileDiff
from riskml.features.catalogue import extract
from riskml.features.feature import Evidence
from riskml.message import is_merge_message, subject
from riskml.policy.migration import losses
from riskml.ports import Vector

_TAKES_BACK = re.compile(r"revert|re-?appl|re-?land|re-?store|undo|undid|back(?:s|ed|ing)?[ -]?out|roll(?:s|ed|ing)?[ -]?back",
                         re.IGNORECASE)
_NUMBER = re.compile(r"[#!]\d+\b")
_BRANCH = re.compile(r"\* \S+:(?: \(\d+ commits\))?")  # a heading of `git merge --log`
_TRAILER = re.compile(r"[A-Z][A-Za-z]*(?:-[A-Za-z]+)*: ")
_SENTENCE = re.compile(r"(?<=[.!?])\s")
_NOTHING = bytes(16)  # the side of a file that is not there

WRAPPED = 50
"""A line of a message with so many characters goes on in the next one, if there is one."""
LONGEST_TITLE = 100

Kind = Literal["commit", "merge"]


@dataclass(frozen=True, slots=True)
class Unit:
    """One change that a release merged: a merge commit with all that it brought, or a commit of its own.

    ``ids`` are the ids of all its commits, ``paths`` those it touched under their old and new names, without prose.
    ``lossy`` says whether a migration takes data away (``None``: it could not be read). ``does`` and ``undoes`` are digests of
    its diff and of the opposite of it. ``weights`` tell how its risk is spread over its files, and add up to 1. ``at`` is its
    moment in UNIX seconds. ``unknown`` names what the model reads and nobody knows of it.
    """

    commit: str
    base: str | None
    subject: str
    kind: Kind
    at: int
    ids: frozenset[str]
    files: int
    paths: frozenset[str]
    vector: Vector
    scored: Scored
    band: Band
    percentile: float | None
    reasons: tuple[Reason, ...]
    lossy: bool | None
    does: bytes
    undoes: bytes
    takes_back: bool = False
    weights: tuple[tuple[str, float], ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def probability(self) -> float:
        """The probability that this change alone does harm."""
        return self.scored.probability


def unit_of(evidence: Evidence, measure: Yardstick) -> Unit:
    """Score one change of a release; its evidence must hold its newest commit."""
    change = evidence.change
    newest = change.commits[-1]
    vector = extract(evidence)
    scored = measure.scorer.score(vector)
    lost = losses(change, evidence.paths)
    does, undoes = effects_of(change.files)
    return Unit(
        commit=newest.sha, base=change.base, subject=title_of(change),
        kind="merge" if len(newest.parents) > 1 else "commit", at=change.at, ids=frozenset(c.sha for c in change.commits),
        files=len(change.files), paths=_paths(evidence), vector=vector, scored=scored,
        band=measure.band(measure.score(scored.probability), vector), percentile=measure.percentile(scored.probability),
        reasons=reasons_of(vector, scored, measure, evidence), lossy=None if lost is None else bool(lost),
        does=does, undoes=undoes,
        takes_back=any(_TAKES_BACK.search(c.message[:4096]) for c in change.commits), weights=_weights(evidence),
        unknown=unknown_of(vector, measure.scorer.feature_names, evidence),
    )


def cancelled(units: Sequence[Unit]) -> list[tuple[int, int]]:
    """Return the pairs (change, later change) that cancel each other, by their index; each change is in one pair at most.

    The later one says that it takes something back, and its diff is the exact opposite of the earlier one's. What takes back
    the taking back brings the first change to life again: then it is the later two that cancel.
    """
    takes_back: dict[int, int] = {}
    in_force = [True] * len(units)
    by_effect: dict[bytes, list[int]] = {}
    for index, unit in enumerate(units):
        if unit.takes_back and unit.files:
            found = next((i for i in reversed(by_effect.get(unit.undoes, ())) if in_force[i]), None)
            if found is not None:
                takes_back[index] = found
                at, stands = found, False
                while True:  # what goes out of force lets what it had taken back stand again, and so on
                    in_force[at] = stands
                    if at not in takes_back:
                        break
                    at, stands = takes_back[at], not stands
        by_effect.setdefault(unit.does, []).append(index)
    return sorted((earlier, later) for later, earlier in takes_back.items() if in_force[later])


def title_of(change: Change) -> str:
    r"""Return what a change is called: its subject, for a merge the title that a forge wrote below it. No branch is named.

    >>> from riskml.change import Commit
    >>> told = "Merge pull request #7 from ada/patch-1\n\nAdd retries"
    >>> [title_of(Change((), (Commit("a", text, parents=("b", "c")),))) for text in (told, told[:38])]
    ['Add retries (#7)', 'Merge pull request #7']
    """
    newest = change.commits[-1]
    first = subject(newest.message)
    if len(newest.parents) > 1 and is_merge_message(first):
        number = _NUMBER.search(newest.message)
        told = _told_below(newest.message)
        first = f"{told} ({number[0]})" if told and number else told or re.split(r" from | of ", first)[0]
    return first or next((subject(c.message) for c in reversed(change.commits) if subject(c.message)), "")


def _told_below(message: str) -> str:
    r"""Return what stands below the subject of a merge: a forge's title, or a sentence that is wrapped over some lines.

    ``git merge --log`` lists commits below the branch's name, which is left out as every branch is.

    >>> _told_below("Merge branch 'x'\n\n* x:\n  Add retries\n  Count them")
    'Add retries'
    >>> _told_below("Merge branch 'x'\n\nRetries are added to all of the calls that go over\nthe network.  The rest waits.")
    'Retries are added to all of the calls that go over the network.'
    """
    lines = [line.strip() for line in message.strip().splitlines()[1:]]
    lines = [line for line in lines if not line.startswith("See merge request") and not _BRANCH.fullmatch(line)]
    start = next((i for i, line in enumerate(lines) if line), len(lines))
    told = lines[start:start + 1]
    for line in lines[start + 1:]:
        # a full line was wrapped; a shorter one is a title or an end, whatever stands below it, such as who approved
        if len(told[-1]) < WRAPPED or not line or line.startswith(("* ", "- ")) or _TRAILER.match(line):
            break
        told.append(line)
    if len(told) > 1:
        return shorten(_SENTENCE.split(" ".join(told), maxsplit=1)[0], LONGEST_TITLE, placeholder="…")
    return "".join(told)


def _weights(evidence: Evidence) -> tuple[tuple[str, float], ...]:
    weights = prior(evidence)
    total = fsum(weights)
    return tuple((diff.path, weight / total) for diff, weight in zip(evidence.change.files, weights, strict=True))


def _paths(evidence: Evidence) -> frozenset[str]:
    kinds = zip(evidence.change.files, evidence.reading.kinds, strict=True)
    return frozenset(path for diff, kind in kinds if not kind.docs for path in (diff.path, diff.old_path))


def effects_of(files: Iterable[FileDiff]) -> tuple[bytes, bytes]:
    """Return digests of what a diff does to its files, and of what its opposite would do; places are left out."""
    sides = []
    for diff in files:
        whole = diff.binary or diff.submodule or not diff.hunks
        old = _hash(diff.old_path, diff.old_mode, diff.removed, diff.old_blob if whole else "")
        new = _hash(diff.path, diff.new_mode, diff.added, diff.new_blob if whole else "")
        sides.append((_NOTHING if diff.status == "A" else old, _NOTHING if diff.status == "D" else new))
    return _of_all(old + new for old, new in sides), _of_all(new + old for old, new in sides)


def _hash(path: str, mode: int, lines: bytes, blob: str) -> bytes:
    head = f"{path}\0{mode:o}\0{blob}\0".encode("utf-8", "surrogateescape")
    return hashlib.blake2b(head + lines, digest_size=16).digest()


def _of_all(parts: Iterable[bytes]) -> bytes:
    return hashlib.blake2b(b"".join(sorted(parts)), digest_size=16).digest()
