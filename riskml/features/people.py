"""What the author of a change did before it, and when it was written: about a person, so computed on request only."""

from __future__ import annotations

from collections.abc import Sequence

from riskml.features.feature import UNKNOWN, Evidence, Feature, Group

DAY = 86_400
_MISSING = "history is not given or not complete, or the author is unknown"

FEATURES = (
    Feature("exp", "changes", "How many changes did the author make before?",
            "Kamei et al. 2013 (TSE), EXP; Mockus & Weiss 2000",
            missing=_MISSING, person=True),
    Feature("rexp", "changes", "How many, weighted by 1 / (years ago + 1)?", "Kamei et al. 2013 (TSE), REXP",
            missing=_MISSING, person=True),
    Feature("sexp", "changes", "How many changes did the author make to the touched subsystems?",
            "Kamei et al. 2013 (TSE), SEXP",
            missing=_MISSING, person=True),
    Feature("author_share", "share", "What share of the earlier changes to the files was the author's?",
            "Bird et al. 2011 (FSE), ownership",
            high=1.0, missing=_MISSING, person=True),
    Feature("first_change", "flag", "Is it the author's first change here?", "Mockus & Weiss 2000 (Bell Labs)", high=1.0,
            missing=_MISSING,
            person=True),
    Feature("hour", "hour", "At what hour of the author's day was it written?", "Eyolfson et al. 2011 (MSR)", high=23.0,
            missing="the change has no commit", person=True),
    Feature("weekday", "day", "On what day of the author's week was it written? Monday is 0.",
            "Śliwerski et al. 2005 (MSR)", high=6.0,
            missing="the change has no commit", person=True),
)


def compute(evidence: Evidence) -> Sequence[float]:
    """Compute the group for the author of the newest commit."""
    commits = evidence.change.commits
    if not commits:
        return (UNKNOWN,) * len(FEATURES)
    newest = commits[-1]
    local = newest.authored_at + newest.utc_offset * 60
    clock = (local // 3600 % 24, (local // DAY + 3) % 7)  # 1 January 1970 was a Thursday
    view, author = evidence.past, newest.author
    if view is None or not view.complete or author is None:
        return (UNKNOWN,) * 5 + clock
    at = evidence.change.at
    past = view.author(author.email, at)
    subsystems = sorted({kind.subsystem for kind in evidence.reading.kinds})
    paths = [diff.old_path for diff in evidence.change.files]
    share = view.author_share(author.email, paths, at)
    return (
        past.changes, past.recent_changes, view.author_subsystem(author.email, subsystems, at),
        UNKNOWN if share is None else share, past.changes == 0, *clock,
    )


GROUP = Group("people", FEATURES, compute)
