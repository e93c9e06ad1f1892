"""A history as blocks of numbers, and back: what is not asked for is not decoded, what is not changed is copied as it is."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from riskml.history import History
from riskml.history.events import Events, FileEvents, Flags, flags_of
from riskml.history.log import Binding
from riskml.history.revisits import Revisits
from riskml.mine.container import Block
from riskml.mine.ragged import INT, Ragged, ragged

_LONG = "q"
_BYTES = "B"
_FIX, _REVERT, _MERGE = 1, 2, 4
_FLAGS: Mapping[int, Flags | None] = {
    **{code: flags_of(fix=bool(code & _FIX), revert=bool(code & _REVERT)) for code in range(4)}, _MERGE: None,
}
_CODES = {flags: code for code, flags in _FLAGS.items()}
_NO_ORIGIN = -2


def pack(history: History) -> dict[str, Block]:
    """Return the blocks that hold a history."""
    sets = list(dict.fromkeys(history.subsystems))
    set_number = {chosen: n for n, chosen in enumerate(sets)}
    tops = sorted({top for chosen in sets for top in chosen})
    blocks = {
        "shas": Block(_BYTES, bytes.fromhex("".join(history.shas))),
        "times": Block(_LONG, array(_LONG, history.times)),
        "generations": Block(INT, array(INT, history.generations)),
        "firsts": Block(INT, array(INT, history.firsts)),
        "authors": Block(INT, array(INT, history.authors)),
        "flags": Block(_BYTES, bytes([_CODES[flags] for flags in history.flags])),
        "revisits": Block(_BYTES, bytes(history.revisits.codes)),
        "subsystems": Block(INT, array(INT, [set_number[chosen] for chosen in history.subsystems])),
        "developers": Block(_BYTES, b"".join(history.developers)),
        "tops": Block(_BYTES, "\0".join(tops).encode("utf-8", "surrogateescape")),
    }
    _pack_rows(blocks, "sets", ragged([tops.index(top) for top in sorted(chosen)] for chosen in sets))
    for name, column in (("parents", history.parents), ("touched", history.touched)):
        _pack_rows(blocks, name, column if isinstance(column, Ragged) else ragged(cast("list[Sequence[int]]", column)))
    files = history.files if isinstance(history.files, _KeptFiles) else _KeptFiles(Ragged(), history)
    if files is not history.files:
        for number in range(len(history.files)):
            files.append(history.files[number])
    files.pack(blocks)
    bindings = history.bindings
    if not isinstance(bindings, _KeptBindings):
        bindings = _KeptBindings(Ragged(), _Paths(), cast("dict[str, list[Binding]]", bindings))
    numbers = bindings.pack(blocks)
    bound = history.bound_paths
    if not isinstance(bound, _BoundPaths):
        bound = _BoundPaths(Ragged(), _Paths(), cast("list[Sequence[str]]", bound))
    bound.pack(blocks, numbers)
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
    history.revisits = Revisits(blocks["revisits"])
    tops = bytes(blocks["tops"]).decode("utf-8", "surrogateescape").split("\0")
    sets = rows("sets")
    chosen = [frozenset(tops[n] for n in sets[i]) for i in range(len(sets))]
    history.subsystems = [chosen[n] for n in blocks["subsystems"]]
    keys = bytes(blocks["developers"])
    history.developers = {keys[i:i + 8]: i // 8 for i in range(0, len(keys), 8)}
    history.parents, history.touched = rows("parents"), rows("touched")
    paths = _Paths(blocks["path_starts"], blocks["paths"], blocks["path_order"])
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


def _pack_rows(
    blocks: dict[str, Block], name: str, rows: Ragged, changed: Mapping[int, Sequence[int]] | None = None
) -> None:
    starts, values = rows.flat(changed)
    blocks[f"{name}_starts"] = Block(INT, starts)
    blocks[name] = Block(INT, values)


def _bits(codes: bytes, wanted: Iterable[int]) -> int:
    digits = bytes(ord("1") if code in wanted else ord("0") for code in range(256))
    return int(codes.translate(digits)[::-1] or b"0", 2)


class _KeptFiles:
    """Files of a kept history, each decoded at its first use: an event is twice its position, plus one where the file ends."""

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

    def pack(self, blocks: dict[str, Block]) -> None:
        """Add the blocks of the files."""
        kept = len(self._rows)
        changed = {number: _coded(events) for number, events in enumerate(self._files[:kept]) if events is not None}
        grown = Ragged(*self._rows.flat(changed))
        for events in self._files[kept:]:
            grown.append(_coded(cast("FileEvents", events)))
        _pack_rows(blocks, "files", grown)


def _coded(events: FileEvents) -> list[int]:
    ends = frozenset(events.deletions)
    return [2 * position + (position in ends) for position in events.positions]


class _Paths:
    """Paths by number, in the order in which they came; ``order`` sorts the numbers by path."""

    def __init__(
        self, starts: memoryview | None = None, text: memoryview | None = None, order: memoryview | None = None
    ) -> None:
        self.starts = memoryview(array(_LONG, (0,))) if starts is None else starts
        self.text = memoryview(b"") if text is None else text
        self.order = memoryview(array(INT)) if order is None else order

    def __len__(self) -> int:
        return len(self.order)

    def __getitem__(self, number: int) -> bytes:
        return bytes(self.text[self.starts[number]:self.starts[number + 1]])

    def name(self, number: int) -> str:
        """Return the path with a number."""
        return self[number].decode("utf-8", "surrogateescape")

    def number(self, path: str) -> int | None:
        """Return the number of a path."""
        key = path.encode("utf-8", "surrogateescape")
        found = bisect_left(self.order, key, key=self.__getitem__)
        return self.order[found] if found < len(self) and self[self.order[found]] == key else None

    def pack(self, blocks: dict[str, Block], more: Sequence[str]) -> None:
        """Add the blocks of these and more paths."""
        added = [path.encode("utf-8", "surrogateescape") for path in more]
        starts = array(_LONG, self.starts.tobytes())
        for path in added:
            starts.append(starts[-1] + len(path))
        text = self.text.tobytes() + b"".join(added)
        order: list[int] = self.order.tolist() + list(range(len(self), len(self) + len(added)))
        if added:
            order.sort(key=lambda number: text[starts[number]:starts[number + 1]])
        blocks["path_starts"] = Block(_LONG, starts)
        blocks["paths"] = Block(_BYTES, text)
        blocks["path_order"] = Block(INT, array(INT, order))


class _BoundPaths:
    """Which paths each commit bound."""

    def __init__(self, rows: Ragged, paths: _Paths, new: list[Sequence[str]] | None = None) -> None:
        self._rows = rows
        self._paths = paths
        self._kept = len(rows)
        self._new: list[Sequence[str]] = new or []

    def __len__(self) -> int:
        return self._kept + len(self._new)

    def __getitem__(self, position: int) -> Sequence[str]:
        if position < self._kept:
            return [self._paths.name(n) for n in self._rows[position]]
        return self._new[position - self._kept]

    def __delitem__(self, tail: slice) -> None:
        start = tail.start or 0
        del self._new[max(0, start - self._kept):]
        del self._rows[start:]
        self._kept = min(self._kept, start)

    def append(self, paths: Sequence[str]) -> None:
        """Add the paths of the next commit."""
        self._new.append(paths)

    def pack(self, blocks: dict[str, Block], numbers: Mapping[str, int]) -> None:
        """Add the blocks of the rows; ``numbers`` are those of all paths in use."""
        grown = Ragged(*self._rows.flat())
        for paths in self._new:
            grown.append([numbers[path] for path in paths])
        _pack_rows(blocks, "bound", grown)


class _KeptBindings:
    """Bindings of a kept history; those of a path are decoded at its first use."""

    def __init__(self, rows: Ragged, paths: _Paths, lists: dict[str, list[Binding]] | None = None) -> None:
        self._rows = rows
        self._paths = paths
        self._lists = {} if lists is None else lists

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

    def pack(self, blocks: dict[str, Block]) -> dict[str, int]:
        """Add the blocks of bindings and paths, and return the numbers of the paths that were in use."""
        known = {path: self._paths.number(path) for path in self._lists}
        new = [path for path, number in known.items() if number is None]
        numbers = {path: number for path, number in known.items() if number is not None}
        grown = Ragged(*self._rows.flat({number: _flat(self._lists[path]) for path, number in numbers.items()}))
        for number, path in enumerate(new, len(self._paths)):
            numbers[path] = number
            grown.append(_flat(self._lists[path]))
        _pack_rows(blocks, "bindings", grown)
        self._paths.pack(blocks, new)
        return numbers


def _flat(bindings: Sequence[Binding]) -> list[int]:
    return [n for position, file, origin in bindings for n in (position, file, _NO_ORIGIN if origin is None else origin)]


def _binding(numbers: Sequence[int]) -> Binding:
    position, file, origin = numbers
    return Binding(position, file, None if origin == _NO_ORIGIN else origin)
