"""How often faults were reported in the touched files and around them, as the issue tracker knows it.

The same questions as in the group *past*, but a fix is what repaired an issue filed as a fault, not what a message calls one.
Unknown without the tracker's word: see ``riskml mine --issues``.
"""

from __future__ import annotations

from collections.abc import Sequence

from riskml.features.feature import UNKNOWN, Evidence, Feature, Group

DAY = 86_400
_MISSING = "no issues are given, or history is not given or not complete"
_NEW = _MISSING + ", or no touched file existed"
_QUIET = _MISSING + ", or there was no change in that time"

FEATURES = (
    Feature("reported_fixes", "fixes", "How many reported faults were repaired in the touched files so far?",
            "Zimmermann et al. 2007 (PROMISE); Śliwerski et al. 2005 (MSR)", missing=_MISSING, monotone=1),
    Feature("reported_fixes_90d", "fixes", "How many reported faults were repaired in the files in the last 90 days?",
            "Kim et al. 2007 (ICSE), bug cache", missing=_MISSING, monotone=1),
    Feature("reported_fixes_365d", "fixes", "How many reported faults were repaired in the files in the last year?",
            "Kim et al. 2007 (ICSE), bug cache", missing=_MISSING, monotone=1),
    Feature("reported_fixes_365d_max", "fixes", "How many were repaired in the worst of the files in that year?",
            "Hassan & Holt 2005 (ICSM), recently fixed files", missing=_MISSING, monotone=1),
    Feature("reported_fix_share", "share", "What share of the earlier changes to the files repaired a reported fault?",
            "Zimmermann et al. 2007 (PROMISE)", high=1.0, missing=_NEW, monotone=1),
    Feature("reported_fix_share_latest", "share", "What share of the last ten changes to each of the files did?",
            "Hassan & Holt 2005 (ICSM), recently fixed files", high=1.0, missing=_NEW, monotone=1),
    Feature("days_since_reported_fix", "days", "How long ago was a reported fault repaired in one of the files?",
            "Hassan & Holt 2005 (ICSM)", missing=_MISSING + ", or no touched file ever had one"),
    Feature("folder_reported_fixes_365d", "fixes", "How many were repaired in the touched folders in the last year?",
            "Zimmermann et al. 2007 (PROMISE), faults per package", missing=_MISSING),
    Feature("folder_reported_share_365d", "share", "What share of the changes to these folders in the last year did that?",
            "Zimmermann et al. 2007 (PROMISE), faults per package", high=1.0, missing=_QUIET),
    Feature("repo_reported_share_90d", "share", "What share of the repository's changes in the last 90 days did that?",
            "McIntosh & Kamei 2018 (TSE), fluctuating base rates", high=1.0, missing=_QUIET),
    Feature("repo_reported_share_365d", "share", "What share of the repository's changes in the last year did that?",
            "McIntosh & Kamei 2018 (TSE), fluctuating base rates", high=1.0, missing=_QUIET),
)


def compute(evidence: Evidence) -> Sequence[float]:
    """Compute the group from the view's summary."""
    view = evidence.past
    past = None if view is None else view.reported([diff.old_path for diff in evidence.change.files], evidence.change.at)
    if past is None:
        return (UNKNOWN,) * len(FEATURES)
    repairs = sum(past.repairs)
    return (
        repairs, sum(past.repairs_90d), sum(past.repairs_365d), max(past.repairs_365d, default=0),
        _share(repairs, past.changes), _share(past.latest, past.looked_at),
        UNKNOWN if past.last_at is None else max(0, evidence.change.at - past.last_at) / DAY,
        past.folder_repairs_365d, _share(past.folder_repairs_365d, past.folder_changes_365d),
        _share(past.repository_repairs_90d, past.repository_changes_90d),
        _share(past.repository_repairs_365d, past.repository_changes_365d),
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else UNKNOWN


GROUP = Group("reported", FEATURES, compute)
