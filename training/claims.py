"""What several sources say about one change, and what follows from it: the rule of precedence, in one pure function.

A source speaks of a change at some time: before that, its claim does not exist. Of the claims that were known by a date:

1. A **dispute** settles it, the latest one if there are several: a person looked and says what the label should be.
2. Else **harm** that somebody saw counts, whoever else saw none: an ``outcome`` of a release, a ``revert``, a ``trailer`` that
   names the fault, or a harm in an ``imported`` table. Not having seen harm is no evidence against somebody who has.
3. Else a suspicion by **szz** counts, unless an imported table says that the change did no harm: such a table has a view of
   every change that it lists, while SZZ suspects whoever wrote a line last.
4. Else the change did no harm, as far as is known. Whether enough time has passed to believe that is the dataset's question
   (:meth:`training.dataset.Dataset.known_by`): young is not clean.

Harm is known since the earliest of the claims that agree on it, and their confidences add up as those of independent sources,
``1 − Π(1 − c)``, each source once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod

SOURCES: Mapping[str, str] = {
    "dispute": "a person who was given the label says what it should be",
    "outcome": "the release was rolled back, reverted, fixed or an incident; or it was promoted and stayed quiet",
    "revert": "a later commit says that it takes this one back",
    "trailer": "a later commit names this one in a Fixes: trailer",
    "imported": "a table that was given with --labels",
    "szz": "a later fix removed lines that this one wrote",
}
"""Who speaks, the most trusted first."""

SEEN = ("outcome", "revert", "trailer", "imported")
"""The sources whose harm somebody saw."""

GROUPS: Mapping[str, str] = {"revert": "history", "trailer": "history", "szz": "history"}
"""Under which name a label's source is kept with the data: what a repository's own history tells is one source."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One source's word on one change. ``known_at`` (UNIX seconds) may be ``None`` where no harm was found, not where it was.

    ``origin`` is the table's own name of an imported source.
    """

    sha: str
    harm: bool
    source: str
    known_at: float | None
    confidence: float = 1.0
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Settled:
    """What the claims say together. ``overruled`` counts the claims that say otherwise."""

    harm: bool
    known_at: float | None
    source: str
    confidence: float
    overruled: int = 0


def settle(claims: Iterable[Claim], as_of: float) -> Settled | None:
    """Apply the rule to the claims about one change as of a date (UNIX seconds); ``None`` if none was known by then.

    >>> szz, clean = Claim("a", True, "szz", 100, 0.5), Claim("a", False, "imported", None, 0.9)
    >>> revert = Claim("a", True, "revert", 200, 1.0)
    >>> settle([szz, clean], as_of=300)
    Settled(harm=False, known_at=None, source='imported', confidence=0.9, overruled=1)
    >>> settle([szz, clean, revert], as_of=300)
    Settled(harm=True, known_at=100, source='revert', confidence=1.0, overruled=1)
    >>> settle([szz, clean, revert], as_of=150).harm, settle([szz], as_of=50)
    (False, None)
    >>> settle([revert, Claim("a", False, "dispute", 250, 1.0)], as_of=300).harm
    False
    """
    known = [c for c in claims if c.known_at is None or c.known_at <= as_of]
    if not known:
        return None
    disputes = [c for c in known if c.source == "dispute"]
    if disputes:
        last = max(disputes, key=lambda c: (c.known_at or 0.0, c.harm))
        return _together([c for c in known if c.harm == last.harm], known, last.source, last.known_at)
    harmful = [c for c in known if c.harm]
    clean = [c for c in known if not c.harm]
    seen = any(c.source in SEEN for c in harmful)
    if harmful and (seen or not any(c.source == "imported" for c in clean)):
        return _together(harmful, known, _surest(harmful), min(c.known_at or 0.0 for c in harmful))
    return _together(clean, known, _surest(clean), None)


def _surest(claims: Sequence[Claim]) -> str:
    ranks = list(SOURCES)
    return min(claims, key=lambda c: (ranks.index(c.source), -c.confidence)).source


def _together(agreeing: Sequence[Claim], known: Sequence[Claim], source: str, known_at: float | None) -> Settled:
    surest: dict[str, float] = {}
    for claim in agreeing:
        surest[claim.source] = max(claim.confidence, surest.get(claim.source, 0.0))
    harm = agreeing[0].harm
    confidence = round(1.0 - prod(1.0 - c for c in surest.values()), 6)
    return Settled(harm, known_at if harm else None, source, confidence, sum(c.harm != harm for c in known))
