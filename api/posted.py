"""A change that was sent as a diff, made as whole as a mirror of its repository can make it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from api.schemas import PredictIn
from riskml.change import Change, Commit, FileDiff, Person
from riskml.errors import PathOutside, TooLarge
from riskml.parse.diff import parse_patch

_READ = 64  # files whose length is read one by one, where the diff does not name their old blob in full


class Mirror(Protocol):
    """A repository, as far as a posted diff needs one."""

    def count_lines(self, ids: Iterable[str]) -> Mapping[str, int]:
        """Return the lines of each blob that is there."""
        ...

    def read_file(self, ref: str, path: str) -> bytes | None:
        """Return a file as of a commit."""
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
    found: dict[str, int | None] = {}
    blobs = mirror.count_lines([f.old_blob for f in open_ if f.old_blob])
    for number, file in enumerate(f for f in open_ if f.old_blob not in blobs):
        found[file.path] = _lines(mirror, base, file) if number < _READ else None
    found |= {f.path: blobs[f.old_blob] for f in open_ if f.old_blob in blobs}
    return replace(change, files=tuple(replace(f, lines_before=found.get(f.path, f.lines_before)) for f in change.files))


def _lines(mirror: Mirror, base: str, file: FileDiff) -> int | None:
    try:
        content = mirror.read_file(base, file.old_path)
    except (PathOutside, TooLarge):
        return None
    if content is None or b"\0" in content:
        return None
    return content.count(b"\n") + (not content.endswith(b"\n") and bool(content))


def _person(text: str) -> Person:
    named = re.fullmatch(r"\s*(.*?)\s*<([^<>]*)>\s*", text)
    return Person(named[1], named[2]) if named else Person("", text.strip())
