"""Mined history that is kept: opened in milliseconds, grown by what is new, never half written."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import chain
from pathlib import Path
from time import monotonic

from riskml import message, pathmap
from riskml.errors import StateUnfit
from riskml.features.catalogue import FEATURE_SET, NAMES
from riskml.history import Header, History, Repairs, View
from riskml.issues import Issues
from riskml.mine import container, shelf
from riskml.mine.ragged import Ragged
from riskml.mine.repaired import repaired
from riskml.mine.replay import Replay
from riskml.mine.rows import row, tell_missing
from riskml.mine.walk import walk
from riskml.ports import LogSource, Vector

RECENT = 1000
"""How many changes a percentile is taken among."""

_CHECKPOINT_S = 20.0
_REPORT_EVERY = 64
_SPARE = 1000
_DOUBLE = "d"


class State:
    """A history, and the vectors of the latest commits in it (the default profile: they describe no person).

    ``faults`` tells which export of an issue tracker the vectors rest on, by its digest; ``None`` is none.
    """

    def __init__(self, history: History, vectors: Mapping[str, array[float]] | None = None, faults: str | None = None) -> None:
        self.history = history
        self.faults = faults
        self.vectors: dict[str, array[float]] = dict(vectors or {})

    def view(self, base: str | None) -> View:
        """Show what was known at a commit; ``None`` is before the first.

        Raises ``UsageError`` when the commit was not mined.
        """
        return self.history.view(base)

    def recent(self, tip: str | None) -> list[Vector]:
        """Return the vectors of the last commits before a tip, itself included, newest first; merges do not count."""
        if tip is None or tip not in self.history:
            return []
        found: list[Vector] = []
        history = self.history
        seen = history.seen(history.positions[tip])
        for position in range(seen.limit - 1, -1, -1):
            vector = self.vectors.get(history.shas[position])
            if vector is not None and position in seen:
                found.append(dict(zip(NAMES, vector, strict=True)))
                if len(found) == RECENT:
                    break
        return found

    def heads(self) -> list[str]:
        """Return the commits that no other one has as a parent."""
        column = self.history.parents
        rows = (column[position] for position in range(len(column)))
        parents = set(column.flat()[1].tolist() if isinstance(column, Ragged) else chain.from_iterable(rows))
        return [sha for position, sha in enumerate(self.history.shas) if position not in parents]

    def save(self, path: Path) -> None:
        """Keep this state, replacing what was kept.

        Raises ``StoreUnwritable`` when the place cannot be written.
        """
        blocks = shelf.pack(self.history)
        blocks["vector_shas"] = container.Block("B", bytes.fromhex("".join(self.vectors)))
        blocks["vectors"] = container.Block(_DOUBLE, b"".join(self.vectors.values()))
        id_bytes = len(self.history.shas[0]) // 2 if self.history.shas else 20
        container.write(path, {**_fits(), "id_bytes": id_bytes, "faults": self.faults}, blocks)

    @classmethod
    def load(cls, path: Path) -> State:
        """Open a kept state.

        Raises ``StateUnfit`` when it is damaged, or belongs to another version of riskml or of the features.
        """
        header, blocks = container.read(path)
        for key, value in _fits().items():
            if header.get(key) != value:
                raise StateUnfit(f"the file of mined history follows other {key.replace('_', ' ')}", where=str(path),
                                 got=header.get(key), expected=f"{value!r:.60}; it will be mined anew")
        try:
            return cls._unpacked(header["id_bytes"], blocks, header.get("faults"))
        except (KeyError, ValueError) as error:
            raise StateUnfit("the file of mined history has another layout", where=str(path), got=str(error),
                             expected="the blocks of this version; it will be mined anew") from error

    @classmethod
    def _unpacked(cls, id_bytes: int, blocks: Mapping[str, memoryview], faults: str | None) -> State:
        width = 2 * id_bytes
        text = bytes(blocks["vector_shas"]).hex()
        values = blocks["vectors"]
        vectors: dict[str, array[float]] = {
            text[i * width:(i + 1) * width]: array(_DOUBLE, values[i * len(NAMES):(i + 1) * len(NAMES)].tobytes())
            for i in range(len(text) // width)
        }
        return cls(shelf.unpack(blocks, id_bytes=id_bytes), vectors, faults)


@cache
def _fits() -> dict[str, object]:
    """Return what a kept state depends on besides the repository: the features, and the rules for messages and paths."""
    rules = {f"rules_for_{name}s": hashlib.blake2b(Path(str(room.__file__)).read_bytes(), digest_size=8).hexdigest()
             for name, room in (("message", message), ("path", pathmap))}
    return {"feature_set": FEATURE_SET, "features": list(NAMES), **rules}


def update(
    source: LogSource, file: Path | None, tip: str | None, *, issues: Issues | None = None,
    progress: Callable[[int, int], None] | None = None, notice: Callable[[str], None] = lambda _text: None,
    clock: Callable[[], float] = monotonic,
) -> State:
    """Open the state in ``file``, mine what the full id ``tip`` reaches beyond it, keep it again, and return it.

    A first run keeps what it has every 20 s of work, so that one that is cut short is continued. Commits that a tip no longer
    reaches (a force push) stay, unseen by it, until they are the larger part; then the history is mined anew. A shallow clone
    has no history worth keeping: its state is empty and incomplete. ``file=None`` keeps nothing. ``issues``
    tells which of them were filed as faults: the kept vectors depend on it, so with other faults the history is mined anew.

    Raises ``StoreUnwritable`` when the state cannot be kept.
    """
    if source.is_shallow:
        return State(History(complete=False))
    faults = None if issues is None else _digest(issues)
    state = _opened(file, faults, notice)
    told = None if issues is None or tip is None else Repairs(repaired(source, issues, tip, *state.heads()))
    state.history.reported = told
    if tip is None or tip in state.history:
        return state
    headers = walk(source, tip, without=state.heads())
    if len(state.history) > len(headers) + _SPARE and not _mostly_seen(state, headers):
        state = State(History(), faults=faults)
        state.history.reported = told
        headers = walk(source, tip)
    _mine(source, state, headers, file, progress, notice, clock)
    if file is not None:
        state.save(file)
    return state


def _opened(file: Path | None, faults: str | None, notice: Callable[[str], None]) -> State:
    """Open what was kept, if it fits. Vectors made with another export do not: percentiles would compare what cannot be."""
    if file is None or not file.exists():
        return State(History(), faults=faults)
    try:
        state = State.load(file)
    except StateUnfit as error:
        notice(str(error))
        return State(History(), faults=faults)
    return state if state.faults == faults else State(History(), faults=faults)


def _digest(issues: Issues) -> str:
    return hashlib.blake2b("\n".join(sorted(issues.faults)).encode(), digest_size=16).hexdigest()


def _mostly_seen(state: State, headers: Sequence[Header]) -> bool:
    """Whether what new commits stand on is at least half of the kept history."""
    history = state.history
    below = {p for header in headers for p in header.parents if p in history}
    seen = history.before([history.positions[p] for p in below])
    return 2 * (seen.limit - seen.hidden.bit_count()) >= len(history)


def _mine(
    source: LogSource, state: State, headers: Sequence[Header], file: Path | None,
    progress: Callable[[int, int], None] | None, notice: Callable[[str], None], clock: Callable[[], float],
) -> None:
    """Let the history grow by some commits; only the latest get a vector, so only their contents are read."""
    replay = Replay(source, state.history)
    kept_at = clock()
    for done, (change, view) in enumerate(replay.run(headers, last=RECENT), 1):
        if view is not None and len(change.commits[0].parents) < 2:
            state.vectors[change.commits[0].sha] = array(_DOUBLE, row(change, view).vector)
        if progress is not None and (done % _REPORT_EVERY == 0 or done == len(headers)):
            progress(done, len(headers))
        if file is not None and replay.settled and clock() - kept_at > _CHECKPOINT_S:
            state.save(file)
            kept_at = clock()
    newest = sorted(state.vectors, key=state.history.positions.__getitem__)[-2 * RECENT:]
    state.vectors = {sha: state.vectors[sha] for sha in newest}
    tell_missing(replay, notice)
