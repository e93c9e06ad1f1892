"""What happened before to the files that a change touches, as of its base. Unknown without a complete history."""

from __future__ import annotations

from collections.abc import Sequence

from riskml.features.feature import UNKNOWN, Evidence, Feature, Group

DAY = 86_400
_INCOMPLETE = "history is not given or not complete"
_NEW = _INCOMPLETE + ", or no touched file existed"

FEATURES = (
    Feature("nuc", "changes",
            "How often were the touched files changed before? (A change counts once for each file it touched.)",
            "Kamei et al. 2013 (TSE), NUC; Graves et al. 2000 (TSE)", missing=_INCOMPLETE),
    Feature("nuc_max", "changes", "How often was the most often changed of the files changed before?",
            "Graves et al. 2000 (TSE)",
            missing=_INCOMPLETE),
    Feature("changes_90d", "changes", "How often were the files changed in the last 90 days?",
            "Moser et al. 2008 (ICSE); Hassan & Holt 2005", missing=_INCOMPLETE),
    Feature("changes_90d_max", "changes", "How often was the busiest of the files changed in the last 90 days?",
            "Hassan & Holt 2005 (ICSM), recently changed files", missing=_INCOMPLETE),
    Feature("age", "days", "How long ago were the touched files changed last, on average?", "Kamei et al. 2013 (TSE), AGE",
            missing=_NEW),
    Feature("age_min", "days", "How long ago was one of the files changed last?", "Graves et al. 2000 (TSE)", missing=_NEW),
    Feature("ndev", "developers", "How many people changed the touched files before? (The largest number of one file.)",
            "Kamei et al. 2013 (TSE), NDEV; Matsumoto et al. 2010", missing=_INCOMPLETE),
    Feature("prior_fixes", "fixes", "How many fixes did the touched files need so far?",
            "Zimmermann et al. 2007; Kim et al. 2007 (ICSE)",
            missing=_INCOMPLETE, monotone=1),
    Feature("prior_fixes_90d", "fixes", "How many fixes did the files need in the last 90 days?",
            "Kim et al. 2007 (ICSE), bug cache",
            missing=_INCOMPLETE, monotone=1),
    Feature("prior_fixes_365d", "fixes", "How many fixes did the files need in the last year?",
            "Kim et al. 2007 (ICSE), bug cache",
            missing=_INCOMPLETE, monotone=1),
    Feature("prior_fixes_365d_max", "fixes", "How many fixes did the most fixed of the files need in the last year?",
            "Hassan & Holt 2005 (ICSM), recently fixed files", missing=_INCOMPLETE, monotone=1),
    Feature("fix_share", "share", "What share of the earlier changes to the files were fixes?",
            "Zimmermann et al. 2007 (PROMISE)",
            high=1.0, missing=_NEW, monotone=1),
    Feature("days_since_fix", "days", "How long ago was one of the files fixed last?", "Hassan & Holt 2005 (ICSM)",
            missing=_INCOMPLETE + ", or no touched file was ever fixed"),
    Feature("prior_reverts", "reverts", "How many changes to the files were taken back so far?",
            "Shimagaki et al. 2016 (ICSME)",
            missing=_INCOMPLETE),
    Feature("prior_reverts_90d", "reverts", "How many changes to the files were taken back in the last 90 days?",
            "Shimagaki et al. 2016 (ICSME)", missing=_INCOMPLETE),
    Feature("prior_reverts_365d", "reverts", "How many changes to the files were taken back in the last year?",
            "Shimagaki et al. 2016 (ICSME)", missing=_INCOMPLETE),
    Feature("unseen_files_share", "share", "What share of the touched files has no past? 0 when no file is touched.",
            "Commit Guru: Rosen et al. 2015 (FSE), new files", high=1.0, missing=_INCOMPLETE),
    Feature("missing_cochanges", "files", "How many files that usually change with these were left alone?",
            "Zimmermann et al. 2005 (TSE); Gall et al. 1998", missing=_INCOMPLETE + ", or the change touches too many files"),
)


def compute(evidence: Evidence) -> Sequence[float]:
    """Compute the group in one pass over the pasts of the files."""
    pasts, view = evidence.pasts, evidence.past
    if pasts is None or view is None:
        return (UNKNOWN,) * len(FEATURES)
    at = evidence.change.at
    seen = [past for past in pasts if past is not None]
    changed = [max(0, at - past.last_changed_at) for past in seen if past.last_changed_at is not None]
    fixed = [at - past.last_fix_at for past in seen if past.last_fix_at is not None]
    changes = [past.changes for past in seen]
    recent = [past.changes_90d for past in seen]
    yearly = [past.fixes_365d for past in seen]
    nuc, fixes = sum(changes), sum([past.fixes for past in seen])
    missing = view.missing_cochanges([diff.old_path for diff in evidence.change.files], at)
    return (
        nuc, max(changes, default=0), sum(recent), max(recent, default=0),
        sum(changed) / len(changed) / DAY if changed else UNKNOWN, min(changed) / DAY if changed else UNKNOWN,
        max([past.developers for past in seen], default=0),
        fixes, sum([past.fixes_90d for past in seen]), sum(yearly), max(yearly, default=0),
        min(1.0, fixes / nuc) if nuc else UNKNOWN,
        max(0, min(fixed)) / DAY if fixed else UNKNOWN,
        sum([past.reverts for past in seen]), sum([past.reverts_90d for past in seen]),
        sum([past.reverts_365d for past in seen]),
        (len(pasts) - len(seen)) / len(pasts) if pasts else 0.0,
        UNKNOWN if missing is None else missing,
    )


GROUP = Group("past", FEATURES, compute)
