"""Which changes did harm, as far as the history itself tells: suspects of fixes, reverts, and trailers that name the fault."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from riskml import message, pathmap
from riskml.change import Change
from riskml.mine.provenance import Removal
from riskml.mine.szz import Commit, commit_of, links, variant_named
from riskml.mine.traced import Traced
from riskml.pathmap import PathMap
from riskml.ports import LogSource

SOURCES: Mapping[str, str] = {
    "revert": "a later commit says that it takes this one back",
    "trailer": "a later commit names this one in a Fixes: trailer",
    "szz": "a later fix removed lines that this one wrote",
}
"""What a label can stand on, the surest first."""


@dataclass(frozen=True, slots=True)
class Claim:
    """A later commit that accuses an earlier one. ``confidence`` in (0, 1]: for ``szz`` the share of the fix's lines."""

    source: str
    fix_sha: str
    known_at: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Label:
    """One commit that is no merge. Without harm nothing is known against it *yet*: there is neither fix nor date.

    ``source`` and ``confidence`` are those of the surest claim; ``fix_sha`` and ``known_at`` (committer time, UNIX seconds)
    those of the earliest one, from which on the harm was known.
    """

    sha: str
    harm: bool
    source: str | None = None
    fix_sha: str | None = None
    known_at: int | None = None
    confidence: float | None = None


def label(
    source: LogSource, tip: str = "HEAD", *, variant: str = "ma", paths: PathMap = pathmap.DEFAULT,
    progress: Callable[[int, int], None] | None = None, notice: Callable[[str], None] = lambda _text: None,
) -> list[Label]:
    """Label the ancestors of ``tip``, oldest first. ``variant`` is the algorithm that suspects authors of removed lines.

    Raises ``UsageError`` for an unknown variant, and ``RepositoryError`` for a shallow clone.
    """
    traced = Traced(source, tip, progress)
    hearing = Hearing((header.sha for header in traced.headers), variant, paths)
    for change, removals in traced:
        hearing.hear(change, removals)
    for told in traced.notices():
        notice(told)
    return hearing.labels()


class Hearing:
    """What the commits of a history say against earlier ones, heard while they go by.

    ``shas`` are the ids of all of them, those to come included: an abbreviated id must mean one of them only.

    Raises ``UsageError`` for an unknown variant.
    """

    def __init__(self, shas: Iterable[str], variant: str = "ma", paths: PathMap = pathmap.DEFAULT) -> None:
        self._variant = variant_named(variant)
        self._paths = paths
        self._names = sorted(shas)
        self._commits: list[Commit] = []
        self._claims: dict[str, list[Claim]] = {}

    def hear(self, change: Change, removals: Sequence[Removal]) -> None:
        """Take in the next commit, parents before children, and where its removed lines came from."""
        commit = commit_of(change)
        self._commits.append(commit)
        text = change.commits[-1].message
        for sha, claim in _named(commit, text, self._names):
            self._claims.setdefault(sha, []).append(claim)
        if removals and message.is_fix(text):
            found = list(links(commit, removals, self._commits, self._variant, self._paths))
            total = sum(link.lines for link in found)
            for link in found:
                self._claims.setdefault(link.sha, []).append(Claim("szz", link.fix_sha, link.fixed_at, link.lines / total))

    def labels(self) -> list[Label]:
        """Return a label for each commit that came and is no merge, in their order."""
        return [judged(commit.sha, self._claims.get(commit.sha, ())) for commit in self._commits if not commit.merge]


def judged(sha: str, claims: Sequence[Claim]) -> Label:
    """Sum up the claims against a commit.

    >>> judged("a", [Claim("szz", "f", 9, 0.5), Claim("revert", "r", 12, 1.0)])
    Label(sha='a', harm=True, source='revert', fix_sha='f', known_at=9, confidence=1.0)
    >>> judged("a", []).harm
    False
    """
    if not claims:
        return Label(sha, harm=False)
    ranks = list(SOURCES)
    surest = min(claims, key=lambda c: (ranks.index(c.source), -c.confidence))
    first = min(claims, key=lambda c: (c.known_at, c.fix_sha))
    return Label(sha, True, surest.source, first.fix_sha, first.known_at, surest.confidence)


def _named(commit: Commit, text: str, names: Sequence[str]) -> Iterator[tuple[str, Claim]]:
    """Claims of a message against the commits that it names; an abbreviation must mean one commit only."""
    for source, shas in (("revert", message.reverted_shas(text)), ("trailer", message.fixes_trailers(text))):
        for short in shas:
            at = bisect_left(names, short)
            matches = [sha for sha in names[at:at + 2] if sha.startswith(short)]
            if len(matches) == 1 and matches[0] != commit.sha:
                yield matches[0], Claim(source, commit.sha, commit.committed_at, 1.0)
