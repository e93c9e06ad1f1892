"""How a change stands in the stream of changes around it."""

from __future__ import annotations

from collections.abc import Sequence

from riskml import message
from riskml.features.feature import UNKNOWN, Evidence, Feature, Group

DAY = 86_400
_SILENT = "the change has no commit"

FEATURES = (
    Feature("commits", "commits", "Of how many commits does the change consist?",
            "Nagappan et al. 2010 (ISSRE), change bursts"),
    Feature("changes_7d", "changes", "How often were the touched files changed in the last 7 days?",
            "Nagappan et al. 2010 (ISSRE), change bursts", missing="history is not given or not complete"),
    Feature("in_flight", "changes", "How many other open changes touch the same files?",
            "Perry et al. 2001 (TOSEM), parallel changes",
            missing="nobody asked the forge"),
    Feature("automated", "flag", "Does a message name a program as its writer (a bot, a codemod)?",
            "Dey et al. 2020 (MSR), bots",
            high=1.0, missing=_SILENT),
    Feature("days_open", "days", "How long before its last commit was the oldest commit of the change written?",
            "McIntosh & Kamei 2018 (TSE), review time", missing=_SILENT),
)


def compute(evidence: Evidence) -> Sequence[float]:
    """Compute the group."""
    change, pasts = evidence.change, evidence.pasts
    commits = change.commits
    recent = UNKNOWN if pasts is None else sum([past.changes_7d for past in pasts if past is not None])
    flying = UNKNOWN if evidence.in_flight is None else evidence.in_flight
    if not commits:
        return 0, recent, flying, UNKNOWN, UNKNOWN
    first = min([commit.authored_at for commit in commits])
    last = max([commit.committed_at for commit in commits])
    return (
        len(commits), recent, flying, any(message.is_automated(commit.message) for commit in commits),
        max(0, last - first) / DAY,
    )


GROUP = Group("flow", FEATURES, compute)
