"""The unit that is scored, as plain data: a merge request or a commit, its files and its hunks.

Paths are text with ``surrogateescape``, so that a path that is not UTF-8 survives unharmed; contents stay bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

Status = Literal["A", "M", "D", "R", "C", "T"]
Kind = Literal["range", "commit", "worktree", "diff"]


class Hunk(NamedTuple):
    """One place of a ``-U0`` diff: line numbers from 1, counts in lines (a count of 0 is a pure insertion or deletion)."""

    old_start: int
    old_lines: int
    new_start: int
    new_lines: int


@dataclass(frozen=True, slots=True)
class FileDiff:
    """What a change does to one file.

    ``added`` and ``removed`` hold the changed lines in order, each ended by a newline and without its leading ``+`` or
    ``-``; both are empty for binary files, submodules, and changes of mode or name alone. ``lines_before`` is the length of
    the old file in lines, ``None`` when unknown, 0 for a file that is new.
    """

    path: str
    old_path: str
    status: Status = "M"
    hunks: tuple[Hunk, ...] = ()
    added: bytes = b""
    removed: bytes = b""
    binary: bool = False
    submodule: bool = False
    old_mode: int = 0o100644
    new_mode: int = 0o100644
    old_blob: str = ""
    new_blob: str = ""
    lines_before: int | None = None

    @property
    def lines_added(self) -> int:
        """Lines added."""
        return sum(h.new_lines for h in self.hunks)

    @property
    def lines_deleted(self) -> int:
        """Lines deleted."""
        return sum(h.old_lines for h in self.hunks)


@dataclass(frozen=True, slots=True)
class Person:
    """Who wrote a commit, as git says. Never leaves the process: outputs and stores carry no person."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Commit:
    """The header of one commit. Times are UNIX seconds; ``utc_offset`` is the author's zone in minutes."""

    sha: str
    message: str = ""
    authored_at: int = 0
    committed_at: int = 0
    utc_offset: int = 0
    author: Person | None = None
    parents: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Change:
    """``base..head`` as one diff, with the commits it consists of (oldest first).

    ``at`` is the moment the change is judged, in UNIX seconds: windows such as "fixes in the last 90 days" end there. It is the
    committer time of the newest commit, or the caller's clock for a working tree or a posted diff without commits.
    """

    files: tuple[FileDiff, ...]
    commits: tuple[Commit, ...] = ()
    at: int = 0
    base: str | None = None
    head: str | None = None
    kind: Kind = "range"

    @property
    def message(self) -> str:
        """All commit messages, oldest first, separated by blank lines."""
        return "\n\n".join(c.message for c in self.commits)
