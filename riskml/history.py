"""What a repository knew before a change: an append-only log of commits, seen from one commit.

``History`` is a fold: ``append`` adds a commit's facts and never alters earlier ones. ``View`` is what the ancestors of one
commit did, and nothing else, so a feature cannot see the future or a branch that was not merged yet.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FilePast:
    """What the ancestors of a change did to one of its files (renames followed). Times are UNIX seconds, windows end at ``at``."""

    changes: int = 0
    changes_7d: int = 0
    changes_90d: int = 0
    changes_365d: int = 0
    developers: int = 0
    last_changed_at: int | None = None
    fixes: int = 0
    fixes_90d: int = 0
    fixes_365d: int = 0
    last_fix_at: int | None = None
    reverts: int = 0
    reverts_90d: int = 0
    reverts_365d: int = 0
    recent_lines_share: float | None = None


@dataclass(frozen=True, slots=True)
class AuthorPast:
    """What the author of a change did before it (people profile only)."""

    changes: int = 0
    recent_changes: float = 0.0
    first_changed_at: int | None = None
