"""How the repository as a whole was doing just before the change: the base line that its own files are to be read against.

Rates of the recent past, not names or totals, so that they compare between repositories and tell none of them apart for long.
How often changes come back to code just changed says most: it follows the base rate of harm where messages do not.
"""

from __future__ import annotations

from collections.abc import Sequence

from riskml.features.feature import UNKNOWN, Evidence, Feature, Group

_MISSING = "history is not given or not complete"
_QUIET = _MISSING + ", or there was no change in that time"
_FEW = _MISSING + ", or there were fewer than 20 such changes in that time"
_BURSTS = "Nagappan et al. 2010 (ISSRE), change bursts"
LEAST = 20
"""A share among fewer changes than this says little of a repository."""

FEATURES = (
    Feature("repo_changes_90d", "changes", "How many changes did the repository see in the last 90 days?",
            "Zimmermann et al. 2009 (FSE), project context", missing=_MISSING),
    Feature("repo_fix_share_90d", "share", "What share of them were fixes?",
            "McIntosh & Kamei 2018 (TSE), fluctuating base rates", high=1.0,
            missing=_QUIET),
    Feature("repo_fix_share_before", "share", "What share of the changes of one to three years ago were fixes?",
            "McIntosh & Kamei 2018 (TSE), fluctuating base rates", high=1.0, missing=_FEW),
    Feature("repo_revert_share_365d", "share", "What share of the changes of the last year took another back?",
            "Shimagaki et al. 2016 (ICSME)", high=1.0, missing=_QUIET),
    Feature("repo_revisits_7d", "share", "What share of the last year's changes to code came back to a file within 7 days?",
            _BURSTS, high=1.0, missing=_FEW, monotone=1),
    Feature("repo_revisits_30d", "share", "What share of the last year's changes to code came back to a file within 30 days?",
            _BURSTS, high=1.0, missing=_FEW, monotone=1),
    Feature("repo_revisits_365d", "share", "What share of the last year's changes to code came back to a file within a year?",
            _BURSTS, high=1.0, missing=_FEW, monotone=1),
    Feature("repo_revisits_30d_before", "share", "What share came back within 30 days, one to three years ago?",
            _BURSTS, high=1.0, missing=_FEW, monotone=1),
    Feature("repo_revisits_365d_before", "share", "What share came back within a year, one to three years ago?",
            _BURSTS, high=1.0, missing=_FEW, monotone=1),
    Feature("repo_revisits_30d_long_ago", "share", "What share came back within 30 days, three to ten years ago?",
            _BURSTS, high=1.0, missing=_FEW, monotone=1),
    Feature("repo_revisits_365d_long_ago", "share", "What share came back within a year, three to ten years ago?",
            _BURSTS, high=1.0, missing=_FEW, monotone=1),
)


def compute(evidence: Evidence) -> Sequence[float]:
    """Compute the group from the view's summary."""
    view = evidence.past
    if view is None or not view.complete:
        return (UNKNOWN,) * len(FEATURES)
    past = view.repository(evidence.change.at)
    fixes, reverts = past.fix_share_90d, past.revert_share_365d
    year, before, ago = past.revisited_365d, past.revisited_before, past.revisited_long_ago
    return (
        past.commits_90d, UNKNOWN if fixes is None else fixes, _share(past.fixes_before, past.commits_before),
        UNKNOWN if reverts is None else reverts,
        _share(year.week, year.changes), _share(year.month, year.changes), _share(year.year, year.changes),
        _share(before.month, before.changes), _share(before.year, before.changes),
        _share(ago.month, ago.changes), _share(ago.year, ago.changes),
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole >= LEAST else UNKNOWN


GROUP = Group("repository", FEATURES, compute)
