"""The facts that a history consists of, kept as one sorted list of positions per file."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple, Protocol, TypeVar

from riskml.change import Change, Commit, FileDiff
from riskml.errors import UsageError
from riskml.history.events import Events, FileEvents, Flags, Index, flags_of
from riskml.history.order import Key
from riskml.history.reported import Repairs
from riskml.history.revisits import NO_CODE, Revisits, holds_code, revisit
from riskml.history.visible import NOTHING, Visible
from riskml.message import is_fix, is_revert

FREE = -1
NEW = -1
NOBODY = -1
SMALL = 30
"""A commit with more files than this says nothing about which files belong together."""

_REMEMBERED = 2048
_HIDES = ord("1")
_SHOWS = ord("0")


class Touch(NamedTuple):
    """A commit changed a file; ``deletes`` when it ended it."""

    file: int
    deletes: bool


class Binding(NamedTuple):
    """From the commit at ``position`` on, a path means this file (``FREE``: none, because the file was renamed away).

    ``origin`` is set where the path began a file: the position of the binding that had freed it, ``NEW`` if it was never used.
    """

    position: int
    file: int
    origin: int | None


T = TypeVar("T")


class Column(Protocol[T]):
    """One value per position: a list, or something that reads a kept history as it is asked."""

    def __len__(self) -> int: ...

    def __getitem__(self, position: int, /) -> T: ...

    def __delitem__(self, tail: slice, /) -> None: ...

    def append(self, value: T, /) -> None:
        """Add the value of the next position."""
        ...


class Bindings(Protocol):
    """Bindings of each path, oldest first."""

    def get(self, path: str) -> list[Binding] | None:
        """Return the list of a path, to be read and changed in place; ``None`` if there is none."""
        ...

    def setdefault(self, path: str, start: list[Binding]) -> list[Binding]:
        """Return the list of a path, which is ``start`` if there was none."""
        ...


@dataclass(slots=True)
class Told:
    """What the log keeps of one commit, free of positions, so that it can be told again at another one.

    ``bound`` holds path, file and origin; an origin is the id of a commit, empty for a path that was never used.
    """

    key: Key
    parents: tuple[str, ...]
    author: int
    flags: Flags | None
    touched: tuple[Touch, ...]
    bound: tuple[tuple[str, int, str | None], ...]
    subsystems: frozenset[str]
    revisit: int


class Log:
    """Facts of commits, in the order of ``riskml.history.order``.

    ``complete`` is False for a shallow clone: what lies before it is unknown, so views say that the past is. ``reported`` is
    set by who knows which commits repaired a reported fault; it is not kept with the rest. The columns are public to the rooms
    that show and keep a history; only ``append``, ``tell`` and ``rewind`` change them.
    """

    def __init__(self, *, complete: bool = True) -> None:
        self.complete = complete
        self.reported: Repairs | None = None
        self.shas: list[str] = []
        self.positions: dict[str, int] = {}
        self.times: list[int] = []
        self.generations: list[int] = []
        self.parents: Column[Sequence[int]] = []
        self.firsts: list[int] = []
        self.authors: list[int] = []
        self.flags: list[Flags | None] = []
        self.touched: Column[Sequence[int]] = []
        self.bound_paths: Column[Sequence[str]] = []
        self.subsystems: list[frozenset[str]] = []
        self.files: Column[FileEvents] = []
        self.bindings: Bindings = dict[str, list[Binding]]()
        self.everything = Events()
        self.revisits = Revisits()
        self.by_author: list[list[int]] = []
        self.plain_bits = self.fix_bits = self.revert_bits = 0
        self.developers: dict[bytes, int] = {}
        self._seen: dict[int, Visible] = {}
        self._experience = Index()
        self._set_aside: dict[tuple[str, str], int] = {}

    def __len__(self) -> int:
        return len(self.times)

    def __contains__(self, sha: object) -> bool:
        return sha in self.positions

    def key(self, sha: str) -> Key:
        """Return the place of a known commit in the order."""
        position = self.positions[sha]
        return Key(self.times[position], self.generations[position], sha)

    def place(self, key: Key) -> int:
        """Return the position at which a commit with this key belongs."""
        found = bisect_left(self.times, key.settled)
        while found < len(self.times) and self.key(self.shas[found]) < key:
            found += 1
        return found

    def append(self, change: Change) -> int:
        """Add one commit and return its position. Merges (two parents or more) add no events: their branches did.

        Raises ``UsageError`` when a parent was not appended before, or the order is not that of ``ordered``.
        """
        commit = change.commits[-1]
        parents = self._parents(commit)
        above = [self.key(parent) for parent in parents]
        key = Key(max([commit.committed_at, *(k.settled for k in above)]),
                  1 + max((k.generation for k in above), default=0), commit.sha)
        merge = len(commit.parents) > 1
        if merge:
            told = Told(key, parents, NOBODY, None, (), (), frozenset(), NO_CODE)
        else:
            before = self.before([self.positions[p] for p in parents])
            touched, bound, code = self._resolved(change.files, before)
            flags = flags_of(fix=is_fix(commit.message), revert=is_revert(commit.message))
            told = Told(key, parents, self._author(commit), flags, touched, bound,
                        frozenset([subsystem(diff.path) for diff in change.files]),
                        revisit([self.files[file] for file in code], before, self.times, key.settled))
        return self.tell(told)

    def tell(self, told: Told) -> int:
        """Add the facts of one commit and return its position.

        Raises ``UsageError`` when it comes a second time, or earlier than its place in the order.
        """
        position = len(self.times)
        sha = told.key.sha
        if sha in self.positions or (position and told.key < self.key(self.shas[-1])):
            raise UsageError("commits must be told once and in order", where=sha, expected="the order of ordered()")
        parents = tuple([self.positions[p] for p in told.parents])
        seen = self.before(parents).grown(position).with_next()
        self._remember(position, seen)
        self.shas.append(sha)
        self.positions[sha] = position
        self.times.append(told.key.settled)
        self.generations.append(told.key.generation)
        self.parents.append(parents)
        self.firsts.append(seen.first)
        self.authors.append(told.author)
        self.flags.append(told.flags)
        self.touched.append([file for file, _ in told.touched])
        self.bound_paths.append([path for path, _, _ in told.bound])
        self.subsystems.append(told.subsystems)
        self.revisits.append(told.revisit)
        for path, file, origin in told.bound:
            start = None if origin is None else self.positions[origin] if origin else NEW
            self.bindings.setdefault(path, []).append(Binding(position, file, start))
        if told.flags is not None:
            self._count(position, told.flags, told.author)
            for file, deletes in told.touched:
                self.files[file].add(position, told.flags, told.author, deletes=deletes)
        return position

    def rewind(self, position: int) -> list[Told]:
        """Take back all commits from a position on, and return their facts, oldest first.

        >>> log = Log()
        >>> log.rewind(0)
        []
        """
        told = [self.told(p) for p in range(position, len(self))]
        for fact in told:
            del self.positions[fact.key.sha]
            self._set_aside.update(((path, origin), file) for path, file, origin in fact.bound if origin is not None)
            for path in {path for path, _, _ in fact.bound}:
                bindings = self.bindings.setdefault(path, [])
                del bindings[bisect_left(bindings, position, key=_position):]
        for file in {file for fact in told for file, _ in fact.touched}:
            self.files[file].rewind(position)
        self.everything.rewind(position)
        for author in {fact.author for fact in told if fact.author != NOBODY}:
            positions = self.by_author[author]
            del positions[bisect_left(positions, position):]
        mask = (1 << position) - 1
        self.plain_bits &= mask
        self.fix_bits &= mask
        self.revert_bits &= mask
        self.revisits.rewind(position)
        self._experience = Index()
        if self.reported is not None:
            self.reported.rewind(position)
        self._seen = {p: visible for p, visible in self._seen.items() if p < position}
        columns: tuple[Column[Any], ...] = (self.shas, self.times, self.generations, self.parents, self.firsts, self.authors,
                                            self.flags, self.touched, self.bound_paths, self.subsystems)
        for column in columns:
            del column[position:]
        return told

    def told(self, position: int) -> Told:
        """Return the facts of the commit at a position."""
        bound = []
        for path in dict.fromkeys(self.bound_paths[position]):
            for binding in self.bindings.get(path) or ():
                if binding.position == position:
                    origin = binding.origin
                    bound.append((path, binding.file, None if origin is None else "" if origin == NEW else self.shas[origin]))
        touched = tuple([Touch(file, self.files[file].ends_at(position)) for file in self.touched[position]])
        return Told(
            self.key(self.shas[position]), tuple([self.shas[p] for p in self.parents[position]]), self.authors[position],
            self.flags[position], touched, tuple(bound), self.subsystems[position], self.revisits.codes[position],
        )

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
        limit, first, hidden = visible
        for binding in reversed(self.bindings.get(path) or ()):
            position = binding.position
            if position < first or (position < limit and not hidden >> (position - first) & 1):
                return binding
        return None

    def file_of(self, path: str, visible: Visible) -> FileEvents | None:
        """Return the events of the file that a path means; ``None`` if it means none."""
        binding = self.bound(path, visible)
        return None if binding is None or binding.file == FREE else self.files[binding.file]

    def experience(self, developer: int, subsystem: str) -> Sequence[int]:
        """Return the positions at which an author changed a top folder."""
        authors, subsystems = self.authors, self.subsystems
        self._experience.caught_up(self.everything.positions, lambda p: [(authors[p], top) for top in subsystems[p]])
        return self._experience.of((developer, subsystem))

    def developer(self, email: str) -> int | None:
        """Return the number of the author with this address; ``None`` for one who wrote nothing yet."""
        return self.developers.get(developer_key(email))

    def _parents(self, commit: Commit) -> tuple[str, ...]:
        known = tuple([p for p in commit.parents if p in self.positions])
        if len(known) < len(commit.parents) and self.complete:
            raise UsageError("a parent is missing from the history", where=commit.sha, got=commit.parents,
                             expected="parents before children, or a history that is marked as incomplete")
        return known

    def _author(self, commit: Commit) -> int:
        key = developer_key(commit.author.email if commit.author else "")
        return self.developers.setdefault(key, len(self.developers))

    def _resolved(
        self, diffs: Sequence[FileDiff], before: Visible
    ) -> tuple[tuple[Touch, ...], tuple[tuple[str, int, str | None], ...], set[int]]:
        """Find the file of each diff as the parent names it, what the paths mean from now on, and which files hold code."""
        touched: dict[int, bool] = {}
        freed: list[tuple[str, int, str | None]] = []
        bound: list[tuple[str, int, str | None]] = []
        code: set[int] = set()
        for diff in diffs:
            source = self.bound(diff.old_path, before) if diff.status == "R" else None
            if source is not None and source.file != FREE:
                file = source.file
                freed.append((diff.old_path, FREE, None))
                bound.append((diff.path, file, None))
            else:
                binding = self.bound(diff.path, before)
                if binding is not None and binding.file != FREE:
                    file = binding.file
                else:
                    origin = "" if binding is None else self.shas[binding.position]
                    file = self._begun(diff.path, origin)
                    bound.append((diff.path, file, origin))
            touched[file] = diff.status == "D" and touched.get(file, True)
            if holds_code(diff.path):
                code.add(file)
        return tuple([Touch(file, deletes) for file, deletes in touched.items()]), (*freed, *bound), code

    def _begun(self, path: str, origin: str) -> int:
        """Return the file that an unseen branch, or a commit to be told again, began at the same point; else a new one."""
        known = self._set_aside.get((path, origin))
        if known is not None:
            return known
        start = self.positions[origin] if origin else NEW
        for binding in self.bindings.get(path) or ():
            if binding.origin == start:
                return binding.file
        self.files.append(FileEvents())
        return len(self.files) - 1

    def _count(self, position: int, flags: Flags, author: int) -> None:
        self.everything.append(position, flags)
        while len(self.by_author) <= author:
            self.by_author.append([])
        self.by_author[author].append(position)
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


def _position(binding: Binding) -> int:
    return binding.position
