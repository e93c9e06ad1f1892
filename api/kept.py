"""A mirror held ready: its mined history in memory, and what was asked of its objects remembered by commit.

Opening a kept history takes tens of milliseconds, a git some five, and a change of 20 files used to need forty of them. What is
held here is named by full ids, which never come to mean anything else, so nothing of it can be out of date; the one name that
moves, the default branch, is looked up again after ``FRESH_S`` seconds. Not for threads: its mirror's turn is taken first.
"""

from __future__ import annotations

import logging
import re
import time
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, cast

from api.export import Export
from api.lately import Lately
from api.recent import Remembered
from riskml.adapters.git import GitRepository
from riskml.adapters.git.blobs import count_lines
from riskml.change import FileDiff
from riskml.features.catalogue import NAMES
from riskml.local import POLICY_PATH, Workspace
from riskml.local.workspace import Past
from riskml.mine import state as mined
from riskml.policy.policy import Policy

LOG = logging.getLogger("riskml.api")
FRESH_S = 5.0
"""How long the tip of the default branch is believed to stay."""

_BASES = 64
_FILES = 100_000
_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_BATCH = ("cat-file", "--batch", "--buffer")


class Kept:
    """One mirror. What it answers is what ``Workspace`` answers, sooner.

    ``export`` is where its issue tracker's word lies, if there is any; a file that was replaced is read again.
    """

    def __init__(self, mirror: Path, state_dir: Path | None, export: Path | None = None, *,
                 clock: Callable[[], float] = time.monotonic) -> None:
        self.repository = GitRepository.open(mirror, search_parent=False)
        self._state_dir = state_dir
        self._tracker = Export(export)
        self.workspace = Workspace(self.repository, state_dir, notice=LOG.warning)
        self._clock = clock
        self._state: mined.State | None = None
        self._pasts: Lately[str, Past] = Lately(_BASES)
        self._policies: Lately[str, Policy | None] = Lately(_BASES)
        self._lines: Lately[str, int | None] = Lately(_FILES)
        self._remembered: dict[str, Remembered] = {}
        self._default: tuple[float, str] | None = None

    def base(self, name: str | None) -> str:
        """Return the full id of a base, or of the tip of the default branch."""
        if name is not None:
            known = self._state is not None and _ID.fullmatch(name) is not None and name in self._state.history
            return name if known else self.repository.resolve(name)
        if self._default is None or self._clock() - self._default[0] > FRESH_S:
            self._default = self._clock(), self.repository.resolve(self.repository.default_base("HEAD"))
        return self._default[1]

    def past(self, base: str) -> Past:
        """Return what the ancestors of a commit (full id) tell, mining what is not mined yet."""
        if self._tracker.has_changed():
            self.workspace = Workspace(self.repository, self._state_dir, issues=self._tracker.issues, notice=LOG.warning)
            self._state = None
            self._remembered.clear()  # vectors of the same commits, as another tracker's word made them
        if self.repository.is_shallow:
            return self.workspace.past(base)
        if self._state is None or base not in self._state.history:
            self._state = mined.update(self.repository, self.workspace.state_file, base, issues=self._tracker.issues,
                                       notice=LOG.warning)
            self._pasts.clear()
            self._remembered = {sha: kept for sha, kept in self._remembered.items() if sha in self._state.vectors}
        state = self._state
        return self._pasts.ask(base, lambda tip: Past(state.view(tip), self._recent(state, tip)))

    def policy(self, base: str) -> Policy | None:
        """Return the repository's own policy as of a commit (full id); ``None`` if it has none."""
        return self._policies.ask(base, self.workspace.policy)

    def lines_before(self, files: Iterable[FileDiff], base: str) -> Mapping[str, int | None]:
        """Return how long files were that a diff does not tell it of, by path; ``None`` where there is no such text.

        What is not remembered is asked of one git, with the policy of the base if that is not known yet.
        """
        names = {f.path: f.old_blob or f"{base}:{f.old_path}" for f in files if "\n" not in f.old_path}
        wanted = [name for name in dict.fromkeys(names.values()) if name not in self._lines]
        own = f"{base}:{POLICY_PATH}"
        asked = [*wanted, *([own] if base not in self._policies else [])]
        if asked:
            lines = "".join(f"{name}\n" for name in asked).encode("utf-8", "surrogateescape")
            with self.repository.stream(_BATCH, lines) as out:
                found = _counted(out, asked)
            self._lines.update((name, found.get(name)) for name in wanted)
            if own in asked and own not in found:
                self._policies[base] = None
        known = {path: self._lines[name] for path, name in names.items()}
        self._lines.trim()
        return known

    def _recent(self, state: mined.State, tip: str) -> Sequence[Remembered]:
        """Return the vectors of the last commits before a tip as ``State.recent`` does, the same object for the same commit."""
        history = state.history
        seen = history.seen(history.positions[tip])
        found: list[Remembered] = []
        for position in range(seen.limit - 1, -1, -1):
            sha = history.shas[position]
            vector = state.vectors.get(sha)
            if vector is not None and position in seen:
                found.append(self._as_remembered(sha, vector))
                if len(found) == mined.RECENT:
                    break
        return found

    def _as_remembered(self, sha: str, vector: array[float]) -> Remembered:
        kept = self._remembered.get(sha)
        if kept is None:
            kept = self._remembered[sha] = Remembered(dict(zip(NAMES, vector, strict=True)))
        return kept


def _counted(out: BinaryIO, names: Sequence[str]) -> dict[str, int | None]:
    """Read what ``git cat-file --batch`` writes of names; what is missing is left out, what is no text has no lines."""
    found: dict[str, int | None] = {}
    for name in names:
        head = out.readline()
        about = head.split()
        if len(about) != 3 or not about[2].isdigit():  # "NAME missing", whatever spaces are in the name
            continue
        found[name] = None
        lines = count_lines(cast("BinaryIO", _Once(head, out)), [about[0].decode("ascii")])
        if about[1] == b"blob":
            found[name] = next(iter(lines.values()), None)
    return found


class _Once:
    """A stream whose first line was read already."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = head
        self._rest = rest

    def readline(self) -> bytes:
        """Give that line."""
        return self._head

    def read(self, size: int) -> bytes:
        """Give what follows it."""
        return self._rest.read(size)
