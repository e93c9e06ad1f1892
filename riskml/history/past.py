"""The answers of a view, as plain data. Times are UNIX seconds; a window of N days ends at the moment that was asked for.

Named tuples, because one is made for each file of each commit: a frozen dataclass of this size takes eight times as long.
"""

from __future__ import annotations

from typing import NamedTuple

from riskml.history.revisits import Revisited


class FilePast(NamedTuple):
    """What the ancestors of a change did to one of its files (renames followed, merges not counted).

    ``developers`` counts distinct authors. ``fixes`` and ``reverts`` count the commits whose message says so.
    """

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


class AuthorPast(NamedTuple):
    """What the author of a change did before it (people profile only).

    ``recent_changes`` weighs each change by 1 / (whole years since + 1): REXP of Mockus & Weiss (2000).
    """

    changes: int = 0
    recent_changes: float = 0.0
    first_changed_at: int | None = None


class RepositoryPast(NamedTuple):
    """How busy and how faulty the repository was, counted over commits that are not merges.

    ``before`` is the time from three years to one year ago, ``long_ago`` that from ten years to three.
    """

    commits_90d: int = 0
    commits_365d: int = 0
    commits_before: int = 0
    fixes_90d: int = 0
    fixes_before: int = 0
    reverts_365d: int = 0
    revisited_365d: Revisited = Revisited()
    revisited_before: Revisited = Revisited()
    revisited_long_ago: Revisited = Revisited()

    @property
    def fix_share_90d(self) -> float | None:
        """Share of fixes among the commits of the last 90 days; ``None`` when there were no commits."""
        return self.fixes_90d / self.commits_90d if self.commits_90d else None

    @property
    def revert_share_365d(self) -> float | None:
        """Share of reverts among the commits of the last 365 days; ``None`` when there were no commits."""
        return self.reverts_365d / self.commits_365d if self.commits_365d else None
