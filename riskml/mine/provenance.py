"""Who wrote each line: the answer of ``git blame`` for every file of every commit, kept up while the history goes by.

A version of a file is its blob and four bytes a line: the number of the commit that wrote it. A diff without context turns the
old version into the new one by a few slices; a merge takes whole versions from the first parent that has the very blob, and
lines it shares with some parent from the first that has them, as blame does. One map of versions is kept per open branch, and
what no open branch can see any more is freed.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence
from struct import pack
from typing import NamedTuple

from riskml.change import Change, FileDiff, Hunk
from riskml.history import Header
from riskml.mine.ignored import reworked
from riskml.mine.layers import Layer
from riskml.mine.lines import LineTable
from riskml.mine.merges import Merge
from riskml.parse.combined import CombinedFile

UNKNOWN = -1
"""In place of a commit's number: the file was binary before, so nobody knows."""

_WIDTH = 4


class Version(NamedTuple):
    """A file as some commit has it; ``lines`` is ``None`` for what is no text."""

    blob: str
    lines: bytes | None


class Removal(NamedTuple):
    """Where the lines went out of a file: the number of the commit that wrote each, in the order of ``diff.removed``."""

    diff: FileDiff
    origins: array[int]


class Provenance:
    """Versions of all files on all open branches. ``headers`` are the commits to come; ``shas`` holds those that came.

    Where the parents of a commit are not among them, its files were written by nobody that is known.
    Lines that a commit of ``ignored`` (full ids; not of merges) rewrote remain those of whoever wrote what they replaced.

    ``unresolved`` counts versions that were not what the diff said they were (never seen, or binary before). ``lines``, if
    somebody sets it, learns how long the files are that merges wrote.
    """

    def __init__(self, headers: Sequence[Header], ignored: Collection[str] = ()) -> None:
        self.shas: list[str] = []
        self.lines: LineTable | None = None
        self._ignored = frozenset(ignored)
        self.unresolved = 0
        self._left: dict[str, int] = {}
        for header in headers:
            for parent in set(header.parents):
                self._left[parent] = self._left.get(parent, 0) + 1
        self._open: dict[str, Layer[Version]] = {}

    def enter(self, change: Change, merge: Merge | None = None) -> list[Removal]:
        """Take in the next commit (parents come before children), and return where the lines it removed came from.

        ``merge`` says what a commit of several parents did.
        """
        commit = change.commits[-1]
        number = len(self.shas)
        self.shas.append(commit.sha)
        if merge is not None:
            self._open[commit.sha] = self._merged(commit.parents, merge, number)
            return []
        layer = self._take(commit.parents[0]) if commit.parents and commit.parents[0] in self._open else Layer[Version]()
        removals = []
        writes: list[tuple[str, Version | None]] = []
        for diff in change.files:
            old = None if diff.status == "A" else layer.get(diff.old_path)
            before = self._before(old, diff)
            if diff.removed:
                removals.append(Removal(diff, _removed(before or b"", diff.hunks)))
            if diff.status in "DR":
                writes.append((diff.old_path, None))
            if diff.status != "D":
                writes.append((diff.path, _after(before, diff, number, looked_through=commit.sha in self._ignored)))
        for path, version in writes:
            if version is None:
                layer.drop(path)
        for path, version in writes:
            if version is not None:
                layer.put(path, version)
        self._open[commit.sha] = layer
        return removals

    def origins(self, sha: str, path: str) -> list[str | None] | None:
        """Return the ids of the commits that wrote each line of a file, as an open commit has it; ``None`` for what is no text.

        An id is ``None`` where the origin is unknown.
        """
        version = self._open[sha].get(path)
        if version is None or version.lines is None:
            return None
        return [None if n == UNKNOWN else self.shas[n] for n in array("i", version.lines)]

    def paths(self, sha: str) -> dict[str, str]:
        """Return the paths and blobs of all files of an open commit."""
        return {path: version.blob for path, version in self._open[sha].items()}

    def _before(self, old: Version | None, diff: FileDiff) -> bytes | None:
        """Return the lines of the old file; ``None`` if it is no text or its length is unknown."""
        if diff.submodule or diff.binary:
            return None
        if diff.status == "A":
            return b""
        if old is not None and old.blob == diff.old_blob and old.lines is not None:
            return old.lines
        if not diff.hunks:
            return None
        self.unresolved += 1
        length = diff.lines_before if diff.lines_before is not None else max(h.old_start + h.old_lines for h in diff.hunks)
        return pack("i", UNKNOWN) * length

    def _take(self, parent: str) -> Layer[Version]:
        """Return the map of a parent for one of its children: the map itself for the last one."""
        layer = self._open[parent]
        self._left[parent] -= 1
        if self._left[parent]:
            return layer.fork()
        del self._open[parent]
        if not layer.shared:
            layer.settle()
            return layer
        child = layer.fork()
        layer.release()
        return child

    def _merged(self, parents: Sequence[str], merge: Merge, number: int) -> Layer[Version]:
        maps = [self._open[p] if p in self._open else Layer[Version]() for p in parents]
        wrote = {file.path: file for file in merge.wrote}
        writes: list[tuple[str, Version | None]] = []
        for path, blob in merge.took:
            version = next((v for m in maps[1:] if (v := m.get(path)) is not None and v.blob == blob), None) if blob else None
            if version is None and blob:
                file = wrote.get(path)
                version = self._combined(file, maps, number) if file is not None else Version(blob, None)
                self.unresolved += file is None
            writes.append((path, version))
        layer = self._take(parents[0]) if parents[0] in self._open else Layer[Version]()
        for parent in set(parents[1:]) - {parents[0]}:
            self._left[parent] -= 1
            if not self._left[parent] and parent in self._open:
                self._open.pop(parent).release()
        for path, version in writes:
            if version is None:
                layer.drop(path)
            else:
                layer.put(path, version)
        return layer

    def _combined(self, file: CombinedFile, maps: Sequence[Layer[Version]], number: int) -> Version:
        """Build the version that a merge wrote from those of its parents."""
        olds: list[bytes | None] = []
        for (path, blob), versions in zip(file.parents, maps, strict=True):
            old = versions.get(path) if blob else None
            if old is not None and old.blob == file.blob:  # a parent has it under another name
                return old
            self.unresolved += old is not None and (old.lines is None or old.blob != blob)
            olds.append(old.lines if old is not None and old.blob == blob else None)
        if file.hunks is None or (all(old is None for old in olds) and any(blob for _, blob in file.parents)):
            return Version(file.blob, None)  # no text, or its hunks lie between lines of which nobody knows how many there are
        lines = _joined(file, olds, pack("i", number))
        if self.lines is not None and file.hunks and file.blob:
            self.lines.update({file.blob: len(lines) // _WIDTH})
        return Version(file.blob, lines)


def _joined(file: CombinedFile, olds: Sequence[bytes | None], own: bytes) -> bytes:
    """Give each line of a merge to the first parent that has it, else to the merge."""
    has = [n for n, old in enumerate(olds) if old is not None]
    at = [0] * len(olds)
    result = 0
    parts: list[bytes] = []

    def take(lines: int, parents: Sequence[int]) -> None:
        nonlocal result
        source = next((n for n in parents if olds[n] is not None), None)
        text = b"" if source is None else (olds[source] or b"")[at[source] * _WIDTH:(at[source] + lines) * _WIDTH]
        parts.append(text if len(text) == lines * _WIDTH else own * lines)
        for n in parents:
            at[n] += lines
        result += lines

    everybody = range(len(olds))
    for start, rows in file.hunks or ():
        if start > result:
            take(start - result, everybody)
        for kept, marks, lines in rows:
            if kept:
                take(lines, [n for n in everybody if marks[n] == ord(" ")])
            else:
                for n in everybody:
                    at[n] += lines if marks[n] == ord("-") else 0
    if has:
        parts.append((olds[has[0]] or b"")[at[has[0]] * _WIDTH:])
    return b"".join(parts)


def _removed(before: bytes, hunks: Sequence[Hunk]) -> array[int]:
    parts = [before[(start - 1) * _WIDTH:(start - 1 + lines) * _WIDTH] for start, lines, _, _ in hunks if lines]
    return array("i", b"".join(parts))


def _after(before: bytes | None, diff: FileDiff, number: int, *, looked_through: bool = False) -> Version | None:
    if diff.submodule:
        return None
    if before is None:
        return Version(diff.new_blob, None)
    own = pack("i", number)
    if diff.status == "T":
        return Version(diff.new_blob, own * diff.lines_added)
    if not diff.hunks:
        return Version(diff.new_blob, before)
    if looked_through:
        return Version(diff.new_blob, reworked(before, diff, own))
    parts: list[bytes] = []
    at = 0
    for old_start, old_lines, _, new_lines in diff.hunks:
        start = (old_start - 1 if old_lines else old_start) * _WIDTH
        parts.append(before[at:start])
        parts.append(own * new_lines)
        at = start + old_lines * _WIDTH
    parts.append(before[at:])
    return Version(diff.new_blob, b"".join(parts))
