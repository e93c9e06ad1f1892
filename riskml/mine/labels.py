"""Which changes did harm, as far as the history itself tells: suspects of fixes, reverts, and trailers that name the fault."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf

from riskml import message, pathmap
from riskml.change import Change
from riskml.counted import counted
from riskml.errors import UsageError
from riskml.issues import Issues
from riskml.mine.ignored import ignored_at, tell_absent
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
    issues: Issues | None = None, most_suspects: int | None = None, most_fixes: int | None = None, ignore_revs: bool = True,
    last: int | None = None, progress: Callable[[int, int], None] | None = None,
    notice: Callable[[str], None] = lambda _text: None,
) -> list[Label]:
    """Label the ancestors of ``tip``, oldest first. ``variant`` is the algorithm that suspects authors of removed lines.

    With ``last``, only so many that are no merges are labelled, the newest ones, and no other history is read: which of them
    did harm is the same, for whoever accuses a commit comes after it. The confidence of ``szz`` is then the share among them,
    and a variant that keeps one suspect chooses among them.

    With ``ignore_revs``, the commits in the tip's ``.git-blame-ignore-revs`` are looked through. What the other options mean
    is said at :class:`Hearing`; ``notice`` is told what was left out.

    Raises ``UsageError`` for an option that makes no sense, and ``RepositoryError`` for a shallow clone.
    """
    tip = source.resolve(tip)
    ignored = ignored_at(source, tip, notice) if ignore_revs else frozenset()
    traced = Traced(source, tip, progress, ignored, last=last)
    tell_absent(ignored, traced.shas, notice)
    hearing = Hearing(
        traced.shas, variant, paths, issues=issues, most_suspects=most_suspects, most_fixes=most_fixes, ignored=ignored)
    for change, removals in traced:
        hearing.hear(change, removals)
    for told in (*traced.notices(), *hearing.notices()):
        notice(told)
    return hearing.labels()


class Hearing:
    """What the commits of a history say against earlier ones, heard while they go by.

    ``shas`` are the ids of all of them, those to come included: an abbreviated id must mean one of them only.

    ``issues`` tells fixes that do not call themselves so, by the reported fault that they name; who was committed after the
    report is not suspected of it (Śliwerski, Zimmermann & Zeller 2005). A fix that points at more commits than
    ``most_suspects`` says nothing about any of them, and a commit that more than ``most_fixes`` fixes point at is an outlier,
    such as an import, of which they say nothing: it gets a label only if a message names it. (ApacheJIT draws both lines at
    mean plus standard deviation, which is 13 and 8 there; Keshavarz & Nagappan 2022.) Commits of ``ignored`` (full ids) are
    neither fixes nor suspects, whoever traced the lines having looked through them.

    Raises ``UsageError`` for an unknown variant, and for a limit below 1.
    """

    def __init__(
        self, shas: Iterable[str], variant: str = "ma", paths: PathMap = pathmap.DEFAULT, *, issues: Issues | None = None,
        most_suspects: int | None = None, most_fixes: int | None = None, ignored: Collection[str] = (),
    ) -> None:
        for name, most in (("most_suspects", most_suspects), ("most_fixes", most_fixes)):
            if most is not None and most < 1:
                raise UsageError("a limit that leaves nothing", where=name, got=most, expected="a number from 1 on")
        self._variant = variant_named(variant)
        self._paths = paths
        self._issues = issues
        self._most_suspects, self._most_fixes = most_suspects or inf, most_fixes or inf
        self._ignored = frozenset(ignored)
        self._unspecific = 0
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
        if not removals or commit.sha in self._ignored:
            return
        fault = None if self._issues is None else self._issues.fault_of(text)
        if self._issues is not None and fault is not None:
            self._suspect(commit, removals, self._issues.faults[fault])
        elif message.is_fix(text):
            self._suspect(commit, removals, None)

    def labels(self) -> list[Label]:
        """Return a label for each commit that came and is no merge, in their order.

        Nobody knows of an outlier whether it did harm: it has no label, unless a message names it.
        """
        outliers = self._outliers()
        return [judged(commit.sha, claims) for commit in self._commits if not commit.merge
                and ((claims := self._heard(commit.sha, outliers)) or commit.sha not in outliers)]

    def notices(self) -> Iterator[str]:
        """Say what the limits left out, if anything."""
        if self._unspecific:
            fixes = counted(self._unspecific, "fix that points", "fixes that point")
            yield f"left out: {fixes} at more than {counted(int(self._most_suspects), 'commit')}"
        if outliers := self._outliers():
            yield (f"not labelled by fixes: {counted(len(outliers), 'commit')} that more than "
                   f"{counted(int(self._most_fixes), 'fix points', 'fixes point')} at")

    def _suspect(self, fix: Commit, removals: Sequence[Removal], reported_at: int | None) -> None:
        found = list(links(fix, removals, self._commits, self._variant, self._paths,
                           reported_at=reported_at, innocent=self._ignored))
        if len(found) > self._most_suspects:
            self._unspecific += 1
            return
        total = sum(link.lines for link in found)
        for link in found:
            self._claims.setdefault(link.sha, []).append(Claim("szz", link.fix_sha, link.fixed_at, link.lines / total))

    def _outliers(self) -> frozenset[str]:
        return frozenset(
            sha for sha, claims in self._claims.items() if sum(c.source == "szz" for c in claims) > self._most_fixes)

    def _heard(self, sha: str, outliers: frozenset[str]) -> Sequence[Claim]:
        claims = self._claims.get(sha, ())
        return [claim for claim in claims if claim.source != "szz"] if sha in outliers else claims


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
