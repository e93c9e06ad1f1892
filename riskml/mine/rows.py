"""One row of features per commit of a history."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import nan

from riskml.change import Change
from riskml.counted import counted
from riskml.features.catalogue import NAMES, Profile, values
from riskml.features.feature import Evidence
from riskml.history import History, Repairs, View
from riskml.issues import Issues
from riskml.mine.holes import named
from riskml.mine.repaired import repaired
from riskml.mine.replay import Replay
from riskml.mine.walk import walk
from riskml.ports import LogSource

_REPORT_EVERY = 64
NEWCOMER = 5
"""With fewer changes than this before, an author is a newcomer."""


@dataclass(frozen=True, slots=True)
class Row:
    """One commit. Times are UNIX seconds; ``vector`` follows ``NAMES`` and is NaN where unknown.

    A merge has no diff of its own: all it says is that it is one. The first commit of a shallow clone says nothing at all.

    ``newcomer`` tells whether the author (an address, in whatever case) made fewer than ``NEWCOMER`` changes among the
    ancestors of the commit's first parent; ``None`` when nobody can know. It is no feature: it is there so that figures can
    tell how a model that is blind to authors does on the changes of newcomers.
    """

    sha: str
    authored_at: int
    committed_at: int
    merge: bool
    vector: tuple[float, ...]
    newcomer: bool | None = None


_UNKNOWN = (nan,) * len(NAMES)
_MERGE = tuple(1.0 if name == "merge" else nan for name in NAMES)


def row(change: Change, view: View, profile: Profile = "default") -> Row:
    """Compute the row of one commit, as its first parent knew the past."""
    commit = change.commits[-1]
    merge = len(commit.parents) > 1
    if not commit.parents and not view.complete:
        vector = _UNKNOWN
    else:
        vector = _MERGE if merge else values(Evidence(change, view), profile)
    return Row(commit.sha, commit.authored_at, commit.committed_at, merge, vector, None if merge else _newcomer(change, view))


def _newcomer(change: Change, view: View) -> bool | None:
    author = change.commits[-1].author
    if not view.complete or author is None or not author.email.strip():
        return None
    return view.changes_by(author.email, NEWCOMER) < NEWCOMER


def mine(
    source: LogSource, tip: str = "HEAD", *, since: int | None = None, profile: Profile = "default",
    also: Sequence[str] = (), issues: Issues | None = None,
    progress: Callable[[int, int], None] | None = None, notice: Callable[[str], None] = lambda _text: None,
) -> Iterator[Row]:
    """Mine the ancestors of ``tip`` and yield a row each, parents before children.

    ``since`` (UNIX seconds) leaves out rows of commits made before, but not their influence on the history. ``also`` names more
    commits (full ids) whose ancestors are wanted, such as those of other branches. ``issues`` tells
    which of them were filed as faults; without it the group *reported* is unknown. ``progress`` is
    told how many commits of how many are done, ``notice`` what was skipped and why.
    """
    tip = source.resolve(tip)
    headers = walk(source, tip, *also)
    history = History(complete=not source.is_shallow)
    if issues is not None:
        history.reported = Repairs(repaired(source, issues, tip, *also))
    replay = Replay(source, history)
    for done, (change, view) in enumerate(replay.run(headers, since=since), 1):
        if view is not None and (since is None or change.at >= since):
            yield row(change, view, profile)
        if progress is not None and (done % _REPORT_EVERY == 0 or done == len(headers)):
            progress(done, len(headers))
    tell_missing(replay, notice)


def tell_missing(replay: Replay, notice: Callable[[str], None]) -> None:
    """Say which blobs were missing, if any were."""
    if replay.missing:
        notice(f"{counted(len(replay.missing), 'blob is', 'blobs are')} missing; such files count as binary in "
               f"{counted(replay.affected, 'commit')} "
               f"({named(replay.missing)})")
