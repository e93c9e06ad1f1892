"""How the repository as a whole was doing just before the change: the base line that its own files are to be read against.

Rates of the recent past, not names or totals, so that they compare between repositories and tell none of them apart for long.
"""

from __future__ import annotations

from collections.abc import Sequence

from riskml.features.feature import UNKNOWN, Evidence, Feature, Group

_MISSING = "history is not given or not complete"
_QUIET = _MISSING + ", or there was no change in that time"

FEATURES = (
    Feature("repo_changes_90d", "changes", "How many changes did the repository see in the last 90 days?",
            "Zimmermann et al. 2009 (FSE), project context", missing=_MISSING),
    Feature("repo_fix_share_90d", "share", "What share of them were fixes?",
            "McIntosh & Kamei 2018 (TSE), fluctuating base rates", high=1.0,
            missing=_QUIET),
    Feature("repo_revert_share_365d", "share", "What share of the changes of the last year took another back?",
            "Shimagaki et al. 2016 (ICSME)", high=1.0, missing=_QUIET),
)


def compute(evidence: Evidence) -> Sequence[float]:
    """Compute the group from the view's summary."""
    view = evidence.past
    if view is None or not view.complete:
        return (UNKNOWN,) * len(FEATURES)
    past = view.repository(evidence.change.at)
    fixes, reverts = past.fix_share_90d, past.revert_share_365d
    return past.commits_90d, UNKNOWN if fixes is None else fixes, UNKNOWN if reverts is None else reverts


GROUP = Group("repository", FEATURES, compute)
