"""How large a change is, and how its lines lie."""

from __future__ import annotations

from collections.abc import Sequence

from riskml.features.feature import UNKNOWN, Evidence, Feature, Group

FEATURES = (
    Feature("la", "lines", "How many lines are added?", "Kamei et al. 2013 (TSE), LA", monotone=1),
    Feature("ld", "lines", "How many lines are deleted?", "Kamei et al. 2013 (TSE), LD"),
    Feature("nf", "files", "How many files are touched?", "Kamei et al. 2013 (TSE), NF"),
    Feature("lt", "lines", "How long were the touched text files before, all together?",
            "Kamei et al. 2013 (TSE), LT, not averaged",
            missing="the length of a touched file is unknown"),
    Feature("lt_mean", "lines", "How long were the touched files before, on average?", "Kamei et al. 2013 (TSE), LT per file",
            missing="the length of a touched file is unknown"),
    Feature("hunks", "places", "In how many separate places is text changed?",
            "McIntosh & Kamei 2018 (TSE); Ferzund et al. 2009"),
    Feature("hunks_per_file", "places per file", "How scattered is the change within its files?", "Ferzund et al. 2009"),
    Feature("relative_churn", "share", "What share of the lines that the files had, or now gain, is changed?",
            "Nagappan & Ball 2005 (ICSE), churned LOC / total LOC", high=1.0,
            missing="the length of a touched file is unknown"),
    Feature("largest_file_share", "share",
            "What share of the changed lines sits in the most changed file? 0 when no line changes.",
            "Hassan 2009 (ICSE), concentration of a change", high=1.0),
    Feature("deleted_share", "share", "What share of the changed lines are deletions? 0 when no line changes.",
            "Nagappan & Ball 2005 (ICSE), deleted LOC / churned LOC", high=1.0),
    Feature("existing_lines_share", "share",
            "What share of the added lines goes into files that existed? 0 when none is added.",
            "Mockus & Weiss 2000 (Bell Labs), modification against creation", high=1.0),
    Feature("files_added", "files", "How many files are new?", "Commit Guru: Rosen et al. 2015 (FSE)"),
    Feature("files_deleted", "files", "How many files are deleted?", "Commit Guru: Rosen et al. 2015 (FSE)"),
    Feature("files_renamed", "files", "How many files are moved or renamed?", "Herzig & Zeller 2013 (MSR), noise of renames"),
    Feature("binary_files", "files", "How many binary files are touched?", "riskml: lines say nothing of them"),
)


def compute(evidence: Evidence) -> Sequence[float]:
    """Compute the group from file headers and hunk heads alone."""
    reading = evidence.reading
    files, la, ld, hunks = reading.files, reading.la, reading.ld, reading.hunks
    nf = len(files)
    before = existing = added = deleted = renamed = binary = largest = 0
    known = True
    for diff, plus, minus in zip(files, reading.added, reading.deleted, strict=True):
        status = diff.status
        if status == "A":
            added += 1
        else:
            existing += plus
            if status == "D":
                deleted += 1
            elif status == "R":
                renamed += 1
            if not diff.binary and not diff.submodule:
                if diff.lines_before is None:
                    known = False
                else:
                    before += diff.lines_before
        if diff.binary:
            binary += 1
        if plus + minus > largest:
            largest = plus + minus
    churn = la + ld
    return (
        la, ld, nf, before if known else UNKNOWN, (before / nf if nf else 0.0) if known else UNKNOWN,
        hunks, hunks / nf if nf else 0.0,
        (min(1.0, churn / (la + before)) if churn and la + before else 0.0) if known else UNKNOWN,
        largest / churn if churn else 0.0, ld / churn if churn else 0.0, existing / la if la else 0.0,
        added, deleted, renamed, binary,
    )


GROUP = Group("size", FEATURES, compute)
