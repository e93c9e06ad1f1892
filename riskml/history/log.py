"""The fold: an append-only log of commits, kept as one sorted list of positions per file."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import NamedTuple

from riskml.change import Change, Commit, FileDiff
from riskml.errors import UsageError
from riskml.history.events import Events, Flags
from riskml.history.visible import NOTHING, Visible
from riskml.message import is_fix, is_revert

FREE = -1
SMALL = 30
"""A commit with more files than this says nothing about which files belong together."""

NOWHERE: frozenset[str] = frozenset()
_REMEMBERED = 2048
_HIDES = ord("1")
_SHOWS = ord("0")


class Binding(NamedTuple):
    """From the commit at ``position`` on, a path means this file (``FREE``: none, because the file was renamed away).

    ``origin`` is set where the path began a new file: the position of the binding that had freed it, -1 if it was never used.
    """

    position: int
    file: int
    origin: int | None


class Log:
    """Facts of commits, in the order of ``riskml.history.order``.

    ``complete`` is False for a shallow clone: what lies before it is unknown, so views say that the past is.
    """

    def __init__(self, *, complete: bool = True) -> None:
        self.complete = complete
        self.positions: dict[str, int] = {}
        self.times: list[int] = []
        self.parents: list[tuple[int, ...]] = []
        self.firsts: list[int] = []
        self.authors: list[int] = []
        self.touched: list[tuple[int, ...]] = []
        self.subsystems: list[frozenset[str]] = []
        self.files: list[Events] = []
        self.everything = Events()
        self.by_author: list[list[int]] = []
        self.plain_bits = self.fix_bits = self.revert_bits = 0
        self.bindings: dict[str, list[Binding]] = {}
        self._developers: dict[bytes, int] = {}
        self._seen: dict[int, Visible] = {}

    def __len__(self) -> int:
        return len(self.times)

    def __contains__(self, sha: object) -> bool:
        return sha in self.positions

    def append(self, change: Change) -> int:
        """Add one commit and return its position. Merges (two parents or more) add no events: their branches did.

        Raises ``UsageError`` when a parent was not appended before, or the order is not that of ``ordered``.
        """
        commit = change.commits[-1]
        position = len(self.times)
        parents = self._parents(commit)
        before = self.before(parents)
        settled = max([commit.committed_at, *(self.times[p] for p in parents)])
        if commit.sha in self.positions or (self.times and settled < self.times[-1]):
            raise UsageError("commits must be appended once and in order", where=commit.sha, expected="the order of ordered()")
        merge = len(commit.parents) > 1
        author = -1 if merge else self._author(commit)
        files = [] if merge else self._apply(change.files, before, position)
        seen = before.grown(position).with_next()
        self._remember(position, seen)
        self.positions[commit.sha] = position
        self.times.append(settled)
        self.parents.append(parents)
        self.firsts.append(seen.first)
        self.authors.append(author)
        self.subsystems.append(NOWHERE if merge else frozenset(map(subsystem, (diff.path for diff in change.files))))
        self.touched.append(tuple(dict.fromkeys(file for file, _ in files)))
        if not merge:
            flags = Flags(is_fix(commit.message), is_revert(commit.message))
            self.everything.append(position, flags, author)
            self._mark(position, flags)
            self.by_author[author].append(position)
            for file, deletes in files:
                self.files[file].append(position, flags, author, deletes=deletes)
        return position

    def before(self, parents: Sequence[int]) -> Visible:
        """Return what a commit with these parents finds."""
        if not parents:
            return NOTHING
        seen = [self.seen(p) for p in parents]
        limit = max(s.limit for s in seen)
        found = seen[0].grown(limit)
        for other in seen[1:]:
            found = found.both(other.grown(limit))
        return found

    def seen(self, position: int) -> Visible:
        """Return what the commit at a position sees, itself included."""
        found = self._seen.get(position)
        if found is None:
            found = self._walked(position)
            self._remember(position, found)
        return found

    def bound(self, path: str, visible: Visible) -> Binding | None:
        """Return the latest visible binding of a path."""
        for binding in reversed(self.bindings.get(path, ())):
            if binding.position in visible:
                return binding
        return None

    def file_of(self, path: str, visible: Visible) -> Events | None:
        """Return the events of the file that a path means; ``None`` if it means none."""
        binding = self.bound(path, visible)
        return None if binding is None or binding.file == FREE else self.files[binding.file]

    def developer(self, email: str) -> int | None:
        """Return the number of the author with this address; ``None`` for one who wrote nothing yet."""
        return self._developers.get(developer_key(email))

    def _parents(self, commit: Commit) -> tuple[int, ...]:
        known = tuple(self.positions[p] for p in commit.parents if p in self.positions)
        if len(known) < len(commit.parents) and self.complete:
            raise UsageError("a parent is missing from the history", where=commit.sha, got=commit.parents,
                             expected="parents before children, or a history that is marked as incomplete")
        return known

    def _author(self, commit: Commit) -> int:
        key = developer_key(commit.author.email if commit.author else "")
        number = self._developers.setdefault(key, len(self._developers))
        if number == len(self.by_author):
            self.by_author.append([])
        return number

    def _apply(self, diffs: Sequence[FileDiff], before: Visible, position: int) -> list[tuple[int, bool]]:
        """Find the file of each diff as the parent names it, then bind the new names. Returns files and whether they end."""
        found = [(diff, self.bound(diff.path if diff.status == "C" else diff.old_path, before)) for diff in diffs]
        for diff, binding in found:
            if diff.status == "R" and binding is not None:
                self.bindings[diff.old_path].append(Binding(position, FREE, None))
        touched = []
        for diff, binding in found:
            if binding is None or binding.file == FREE:
                file = self._begin(diff.path, -1 if binding is None else binding.position, position)
            else:
                file = binding.file
                if diff.status == "R":
                    self.bindings.setdefault(diff.path, []).append(Binding(position, file, None))
            touched.append((file, diff.status == "D"))
        return touched

    def _begin(self, path: str, origin: int, position: int) -> int:
        """Bind a path to a file of its own: the one that an unseen branch began at the same point, or a new one."""
        known = self.bindings.setdefault(path, [])
        file = next((b.file for b in known if b.origin == origin), len(self.files))
        if file == len(self.files):
            self.files.append(Events())
        known.append(Binding(position, file, origin))
        return file

    def _mark(self, position: int, flags: Flags) -> None:
        bit = 1 << position
        self.plain_bits |= bit
        if flags.fix:
            self.fix_bits |= bit
        if flags.revert:
            self.revert_bits |= bit

    def _remember(self, position: int, visible: Visible) -> None:
        if len(self._seen) >= _REMEMBERED:
            for old in list(self._seen)[: _REMEMBERED // 2]:
                del self._seen[old]
        self._seen[position] = visible

    def _walked(self, position: int) -> Visible:
        """Find the ancestors again, down to the first hidden position: below it all are ancestors."""
        first = self.firsts[position]
        marks = bytearray((_HIDES,)) * (position + 1 - first)
        waiting = [position]
        while waiting:
            p = waiting.pop()
            if p >= first and marks[p - first] == _HIDES:
                marks[p - first] = _SHOWS
                waiting.extend(self.parents[p])
        marks.reverse()
        return Visible(position + 1, first, int(marks, 2) if marks else 0)


def subsystem(path: str) -> str:
    """Top folder of a path; empty for a file at the root."""
    top, slash, _ = path.partition("/")
    return top if slash else ""


def developer_key(email: str) -> bytes:
    """Opaque key of an author. The address itself is never kept."""
    return blake2b(email.strip().lower().encode("utf-8", "replace"), digest_size=8, person=b"riskml developer").digest()
