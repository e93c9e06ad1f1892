"""Which commits brought in what later fixes took out: the SZZ algorithms, on exact line provenance.

Whoever wrote a line that a fix removes is suspected of the fault (Śliwerski, Zimmermann & Zeller 2005). The later algorithms
look away from some lines, or keep one suspect per fix; ``VARIANTS`` is the table of them. Two limits are common to all:
a fix that only adds lines has no suspect, and lines tell who wrote them last, not who is to blame.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from riskml import message, pathmap
from riskml.change import Change, FileDiff
from riskml.errors import UsageError
from riskml.features.reading import comment_marks
from riskml.mine.provenance import UNKNOWN, Removal
from riskml.mine.traced import Traced
from riskml.pathmap import PathMap
from riskml.ports import LogSource

_BLANKS = b" \t\r\f\v"


@dataclass(frozen=True, slots=True)
class Commit:
    """What the algorithms know of a commit: when it was made, how many lines it changed, whether it is a merge."""

    sha: str
    committed_at: int
    churn: int
    merge: bool


@dataclass(frozen=True, slots=True)
class Suspect:
    """A commit, and how many lines of it a fix removed."""

    commit: Commit
    lines: int


@dataclass(frozen=True, slots=True)
class Link:
    """A fix, and a commit that it makes a suspect. Times are committer times in UNIX seconds."""

    fix_sha: str
    fixed_at: int
    sha: str
    committed_at: int
    lines: int


@dataclass(frozen=True, slots=True)
class Variant:
    """One algorithm. ``sees`` picks the removed lines that count, ``keeps`` the suspects."""

    name: str
    reference: str
    sees: Callable[[FileDiff, PathMap], Sequence[bool] | None]
    keeps: Callable[[Sequence[Suspect]], Sequence[Suspect]]


def szz(
    source: LogSource, tip: str = "HEAD", *, variant: str = "ma", is_fix: Callable[[Change], bool] | None = None,
    paths: PathMap = pathmap.DEFAULT, progress: Callable[[int, int], None] | None = None,
    notice: Callable[[str], None] = lambda _text: None,
) -> Iterator[Link]:
    """Yield the links of all fixes among the ancestors of ``tip``, fix by fix in the order of history.

    ``is_fix`` says which changes are fixes; without it, their messages do. Only source code counts: no tests, documents or
    generated files, by the customs in ``paths``.

    Raises ``UsageError`` for a variant that is not in ``VARIANTS``, and ``RepositoryError`` for a shallow clone.
    """
    chosen = variant_named(variant)
    traced = Traced(source, tip, progress)
    commits: list[Commit] = []
    for change, removals in traced:
        commits.append(commit_of(change))
        if removals and (message.is_fix(change.commits[-1].message) if is_fix is None else is_fix(change)):
            yield from links(commits[-1], removals, commits, chosen, paths)
    for text in traced.notices():
        notice(text)


def variant_named(name: str) -> Variant:
    """Return an algorithm. Raises ``UsageError`` for one that is not in ``VARIANTS``."""
    if name not in VARIANTS:
        raise UsageError("unknown variant of SZZ", where="variant", got=name, expected="one of: " + ", ".join(VARIANTS))
    return VARIANTS[name]


def commit_of(change: Change) -> Commit:
    """Return what the algorithms need of a change."""
    commit = change.commits[-1]
    churn = sum(diff.lines_added + diff.lines_deleted for diff in change.files)
    return Commit(commit.sha, commit.committed_at, churn, len(commit.parents) > 1)


def links(
    fix: Commit, removals: Iterable[Removal], commits: Sequence[Commit], variant: Variant, paths: PathMap = pathmap.DEFAULT, *,
    reported_at: int | None = None, innocent: Collection[str] = (),
) -> Iterator[Link]:
    """Yield the links of one fix. ``commits`` are all so far, by the numbers that the origins of ``removals`` mean.

    Whoever was committed after ``reported_at`` (UNIX seconds), when the fault was known already, did not bring it in
    (Śliwerski, Zimmermann & Zeller 2005); nor did the ``innocent`` (full ids). The algorithm chooses among the rest.
    """
    found: Counter[int] = Counter()
    for diff, origins in removals:
        if paths.classify(diff.old_path).source:
            found.update(_counted(origins, variant.sees(diff, paths)))
    found.pop(UNKNOWN, None)
    suspects = [
        Suspect(commit, lines) for number, lines in sorted(found.items())
        if (commit := commits[number]).sha not in innocent and (reported_at is None or commit.committed_at <= reported_at)
    ]
    for suspect in variant.keeps(suspects):
        yield Link(fix.sha, fix.committed_at, suspect.commit.sha, suspect.commit.committed_at, suspect.lines)


def all_lines(diff: FileDiff, paths: PathMap) -> Sequence[bool] | None:  # noqa: ARG001 - lines are picked alike by all
    """See every removed line."""
    return None


def code_lines(diff: FileDiff, paths: PathMap) -> Sequence[bool] | None:
    r"""See removed lines of code: neither blank nor a comment, and not just laid out anew.

    A line is laid out anew when its hunk adds the same line with other blanks.

    >>> from riskml.change import Hunk
    >>> diff = FileDiff("a.py", "a.py", hunks=(Hunk(1, 4, 1, 1),), removed=b"# why\n\nx=1\ny = 2\n", added=b"x = 1\n")
    >>> code_lines(diff, pathmap.DEFAULT)
    [False, False, False, True]
    """
    marks = comment_marks(paths.classify(diff.old_path).language)
    removed, added = diff.removed.split(b"\n"), diff.added.split(b"\n")
    seen: list[bool] = []
    at = 0
    for hunk in diff.hunks:
        again = {line.translate(None, _BLANKS) for line in added[at:at + hunk.new_lines]}
        at += hunk.new_lines
        for line in removed[len(seen):len(seen) + hunk.old_lines]:
            text = line.strip()
            code = bool(text) and text != b"*" and not text.startswith(marks)
            seen.append(code and text.translate(None, _BLANKS) not in again)
    return seen


def everyone(suspects: Sequence[Suspect]) -> Sequence[Suspect]:
    """Keep all suspects."""
    return suspects


def no_merges(suspects: Sequence[Suspect]) -> Sequence[Suspect]:
    """Leave out merges: they wrote a line only where they put others' work together."""
    return [s for s in suspects if not s.commit.merge]


def largest(suspects: Sequence[Suspect]) -> Sequence[Suspect]:
    """Keep the one that changed most lines in all; of equals the latest."""
    return sorted(no_merges(suspects), key=lambda s: (s.commit.churn, s.commit.committed_at))[-1:]


def latest(suspects: Sequence[Suspect]) -> Sequence[Suspect]:
    """Keep the one that was committed last; of equals the one that comes later in history."""
    return sorted(no_merges(suspects), key=lambda s: s.commit.committed_at)[-1:]


VARIANTS: Mapping[str, Variant] = {variant.name: variant for variant in (
    Variant("b", "Śliwerski, Zimmermann & Zeller 2005 (MSR)", all_lines, everyone),
    Variant("ag", "Kim, Zimmermann, Pan & Whitehead 2006 (ASE)", code_lines, everyone),
    Variant("ma", "da Costa et al. 2017 (TSE)", code_lines, no_merges),
    Variant("l", "Davies, Roper & Wood 2014 (JSEP)", code_lines, largest),
    Variant("r", "Davies, Roper & Wood 2014 (JSEP)", code_lines, latest),
)}
"""The algorithms by name: basic, annotation graph, aware of meta-changes, and the largest or the latest suspect alone."""


def _counted(origins: array[int], seen: Sequence[bool] | None) -> Collection[int]:
    return origins if seen is None else [origin for origin, sees in zip(origins, seen, strict=True) if sees]
