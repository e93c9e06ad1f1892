"""A change that was sent as a diff, made as whole as a mirror of its repository can make it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from api.schemas import PredictIn
from riskml.change import Change, Commit, FileDiff, Person
from riskml.parse.diff import parse_patch


class Mirror(Protocol):
    """A repository, as far as a posted diff needs one."""

    def lines_before(self, files: Iterable[FileDiff], base: str) -> Mapping[str, int | None]:
        """Return how long files were as of a base, by path; what has no length there is ``None`` or absent."""
        ...


def change_of_diff(request: PredictIn, now: datetime) -> Change:
    """Make the change of a posted diff. Without commits it is judged as of now; with commits, as of the newest one."""
    commits = tuple(Commit(
        sha=c.sha, message=c.message, authored_at=int(c.authored_at.timestamp()), committed_at=int(c.authored_at.timestamp()),
        utc_offset=int((c.authored_at.utcoffset() or now - now).total_seconds() // 60),
        author=None if c.author is None else _person(c.author)) for c in request.commits)
    files = parse_patch((request.diff or "").encode("utf-8", "surrogatepass"))
    at = max((c.committed_at for c in commits), default=int(now.timestamp()))
    head = request.head or (commits[-1].sha if commits else None)
    return Change(files, commits, at, base=request.base, head=head, kind="diff")


def measured(change: Change, base: str, mirror: Mirror) -> Change:
    """Fill in how long the changed files were, which a diff does not tell: without it relative churn is unknown."""
    open_ = [f for f in change.files if f.lines_before is None and f.status != "A" and not f.binary and not f.submodule]
    if not open_:
        return change
    found = mirror.lines_before(open_, base)
    return replace(change, files=tuple(replace(f, lines_before=found.get(f.path, f.lines_before)) for f in change.files))


def _person(text: str) -> Person:
    named = re.fullmatch(r"\s*(.*?)\s*<([^<>]*)>\s*", text)
    return Person(named[1], named[2]) if named else Person("", text.strip())
