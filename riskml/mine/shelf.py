"""A history as blocks of numbers, and back: what is not asked for is not decoded, so that opening costs little."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

from riskml.history import History
from riskml.history.events import Events, FileEvents, Flags, flags_of
from riskml.history.log import Binding
from riskml.mine.container import Block
from riskml.mine.ragged import INT, Ragged, flatten

_LONG = "q"
_BYTES = "B"
_FIX, _REVERT, _MERGE = 1, 2, 4
_FLAGS: Mapping[int, Flags | None] = {
    **{code: flags_of(fix=bool(code & _FIX), revert=bool(code & _REVERT)) for code in range(4)}, _MERGE: None,
}
_NO_ORIGIN = -2


def pack(history: History) -> dict[str, Block]:
    """Return the blocks that hold a history."""
    paths = sorted(_paths(history))
    number = {path: n for n, path in enumerate(paths)}
    encoded = [path.encode("utf-8", "surrogateescape") for path in paths]
    sets = list(dict.fromkeys(history.subsystems))
    set_number = {chosen: n for n, chosen in enumerate(sets)}
    tops = sorted({top for chosen in sets for top in chosen})
    codes = {flags: code for code, flags in _FLAGS.items()}
    rows: dict[str, Iterable[Sequence[int]]] = {
        "parents": (history.parents[p] for p in range(len(history))),
        "touched": (history.touched[p] for p in range(len(history))),
        "bound": ([number[path] for path in history.bound_paths[p]] for p in range(len(history))),
        "files": _file_rows(history),
        "bindings": ([v for b in history.bindings.get(path) or () for v in _numbers(b)] for path in paths),
        "sets": ([tops.index(top) for top in sorted(chosen)] for chosen in sets),
    }
    blocks = {
        "shas": Block(_BYTES, bytes.fromhex("".join(history.shas))),
        "times": Block(_LONG, array(_LONG, history.times)),
        "generations": Block(INT, array(INT, history.generations)),
        "firsts": Block(INT, array(INT, history.firsts)),
        "authors": Block(INT, array(INT, history.authors)),
        "flags": Block(_BYTES, bytes([codes[flags] for flags in history.flags])),
        "subsystems": Block(INT, array(INT, [set_number[chosen] for chosen in history.subsystems])),
        "developers": Block(_BYTES, b"".join(history.developers)),
        "paths": Block(_BYTES, b"".join(encoded)),
        "tops": Block(_BYTES, "\0".join(tops).encode("utf-8", "surrogateescape")),
    }
    length = 0
    ends = array(_LONG, (0,))
    for path in encoded:
        length += len(path)
        ends.append(length)
    blocks["path_starts"] = Block(_LONG, ends)
    for name, flat in rows.items():
        starts, values = flatten(flat)
        blocks[f"{name}_starts"] = Block(INT, starts)
        blocks[name] = Block(INT, values)
    return blocks


def unpack(blocks: Mapping[str, memoryview], *, id_bytes: int) -> History:
    """Return the history that blocks hold. Files, bindings and paths are decoded when they are asked for."""
    def rows(name: str) -> Ragged:
        return Ragged(blocks[f"{name}_starts"], blocks[name])

    history = History()
    text, width = bytes(blocks["shas"]).hex(), 2 * id_bytes
    history.shas = [text[i:i + width] for i in range(0, len(text), width)]
    history.positions = dict(zip(history.shas, range(len(history.shas)), strict=True))
    history.times, history.generations = blocks["times"].tolist(), blocks["generations"].tolist()
    history.firsts, history.authors = blocks["firsts"].tolist(), blocks["authors"].tolist()
    codes = bytes(blocks["flags"])
    history.flags = [_FLAGS[code] for code in codes]
    tops = bytes(blocks["tops"]).decode("utf-8", "surrogateescape").split("\0")
    sets = rows("sets")
    chosen = [frozenset(tops[n] for n in sets[i]) for i in range(len(sets))]
    history.subsystems = [chosen[n] for n in blocks["subsystems"]]
    keys = bytes(blocks["developers"])
    history.developers = {keys[i:i + 8]: i // 8 for i in range(0, len(keys), 8)}
    history.parents, history.touched = rows("parents"), rows("touched")
    paths = _Paths(blocks["path_starts"], blocks["paths"])
    history.bound_paths = _BoundPaths(rows("bound"), paths)
    history.bindings = _KeptBindings(rows("bindings"), paths)
    history.files = _KeptFiles(rows("files"), history)
    plain = [p for p, flags in enumerate(history.flags) if flags is not None]
    history.everything = Events(plain, history.flags)
    history.by_author = [[] for _ in range(max(history.authors, default=-1) + 1)]
    for position in plain:
        history.by_author[history.authors[position]].append(position)
    history.plain_bits, history.fix_bits, history.revert_bits = (
        _bits(codes, wanted) for wanted in ((0, 1, 2, 3), (_FIX, _FIX | _REVERT), (_REVERT, _FIX | _REVERT)))
    return history


def _bits(codes: bytes, wanted: Iterable[int]) -> int:
    digits = bytes(ord("1") if code in wanted else ord("0") for code in range(256))
    return int(codes.translate(digits)[::-1] or b"0", 2)


def _numbers(binding: Binding) -> tuple[int, int, int]:
    return binding.position, binding.file, _NO_ORIGIN if binding.origin is None else binding.origin


def _binding(numbers: Sequence[int]) -> Binding:
    position, file, origin = numbers
    return Binding(position, file, None if origin == _NO_ORIGIN else origin)


def _paths(history: History) -> Iterator[str]:
    kept = history.bindings
    yield from kept.paths() if isinstance(kept, _KeptBindings) else cast("dict[str, list[Binding]]", kept)


def _file_rows(history: History) -> Iterator[Sequence[int]]:
    """Each event of a file as twice its position, plus one where the file ends."""
    files = history.files
    for number in range(len(files)):
        row = files.raw(number) if isinstance(files, _KeptFiles) else None
        if row is None:
            events = files[number]
            ends = set(events.deletions)
            row = [2 * p + (p in ends) for p in events.positions]
        yield row


class _KeptFiles:
    """Files of a kept history; each is decoded at its first use."""

    def __init__(self, rows: Ragged, history: History) -> None:
        self._rows = rows
        self._history = history
        self._files: list[FileEvents | None] = [None] * len(rows)

    def __len__(self) -> int:
        return len(self._files)

    def __getitem__(self, number: int) -> FileEvents:
        found = self._files[number]
        if found is None:
            row = self._rows[number]
            history = self._history
            found = FileEvents([v >> 1 for v in row], history.flags, history.authors, [v >> 1 for v in row if v & 1])
            self._files[number] = found
        return found

    def __delitem__(self, tail: slice) -> None:
        del self._files[tail]

    def append(self, events: FileEvents) -> None:
        """Add a file."""
        self._files.append(events)

    def raw(self, number: int) -> Sequence[int] | None:
        """Return the kept row of a file that nobody asked for; ``None`` for others."""
        return self._rows[number] if self._files[number] is None else None


class _Paths:
    """Sorted paths in one text."""

    def __init__(self, starts: memoryview, text: memoryview) -> None:
        self._starts = starts
        self._text = text

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __getitem__(self, number: int) -> bytes:
        return bytes(self._text[self._starts[number]:self._starts[number + 1]])

    def name(self, number: int) -> str:
        """Return the path with a number."""
        return self[number].decode("utf-8", "surrogateescape")

    def number(self, path: str) -> int | None:
        """Return the number of a path."""
        key = path.encode("utf-8", "surrogateescape")
        found = bisect_left(self, key)
        return found if found < len(self) and self[found] == key else None


class _BoundPaths:
    """Which paths each commit bound."""

    def __init__(self, rows: Ragged, paths: _Paths) -> None:
        self._rows = rows
        self._paths = paths
        self._kept = len(rows)
        self._new: list[Sequence[str]] = []

    def __len__(self) -> int:
        return self._kept + len(self._new)

    def __getitem__(self, position: int) -> Sequence[str]:
        if position < self._kept:
            return [self._paths.name(n) for n in self._rows[position]]
        return self._new[position - self._kept]

    def __delitem__(self, tail: slice) -> None:
        start = tail.start or 0
        del self._new[max(0, start - self._kept):]
        self._kept = min(self._kept, start)

    def append(self, paths: Sequence[str]) -> None:
        """Add the paths of the next commit."""
        self._new.append(paths)


class _KeptBindings:
    """Bindings of a kept history; those of a path are decoded at its first use."""

    def __init__(self, rows: Ragged, paths: _Paths) -> None:
        self._rows = rows
        self._paths = paths
        self._lists: dict[str, list[Binding]] = {}

    def get(self, path: str) -> list[Binding] | None:
        """Return the list of a path, to be read and changed in place."""
        found = self._lists.get(path)
        if found is None:
            number = self._paths.number(path)
            if number is not None:
                row = self._rows[number]
                found = [_binding(row[i:i + 3]) for i in range(0, len(row), 3)]
                self._lists[path] = found
        return found

    def setdefault(self, path: str, start: list[Binding]) -> list[Binding]:
        """Return the list of a path, which is ``start`` if there was none."""
        found = self.get(path)
        return self._lists.setdefault(path, start) if found is None else found

    def paths(self) -> Iterator[str]:
        """Return every path once."""
        yield from self._lists
        for number in range(len(self._paths)):
            path = self._paths.name(number)
            if path not in self._lists:
                yield path
