"""How widely a change is spread over the tree."""

from __future__ import annotations

from collections.abc import Sequence
from math import log2

from riskml.features.feature import Evidence, Feature, Group

FEATURES = (
    Feature("ns", "subsystems", "How many top folders are touched? (The root itself counts as one.)",
            "Kamei et al. 2013 (TSE), NS"),
    Feature("nd", "folders", "How many folders are touched?", "Kamei et al. 2013 (TSE), ND"),
    Feature("entropy", "bits", "How evenly are the changed lines spread over the files?",
            "Hassan 2009 (ICSE); Kamei et al. 2013 (TSE), not normalised"),
    Feature("entropy_share", "share", "How near is the spread to an even one over all files? 0 for a single file.",
            "Hassan 2009 (ICSE), normalised entropy", high=1.0),
    Feature("languages", "languages", "In how many programming languages is code touched?",
            "Ray et al. 2014 (FSE), mixed languages"),
)


def compute(evidence: Evidence) -> Sequence[float]:
    """Compute the group; files without changed lines add nothing to the entropy."""
    reading = evidence.reading
    kinds = reading.kinds
    churn = reading.la + reading.ld
    entropy = 0.0
    if churn and len(kinds) > 1:
        sizes = sorted([plus + minus for plus, minus in zip(reading.added, reading.deleted, strict=True)])
        for size in sizes:  # sorted, so that the order of files cannot change the last bits of the sum
            if size:
                entropy -= size / churn * log2(size / churn)
        entropy = min(max(entropy, 0.0), log2(len(kinds)))
    return (
        len({kind.subsystem for kind in kinds}), len({kind.directory for kind in kinds}), entropy,
        entropy / log2(len(kinds)) if len(kinds) > 1 else 0.0,
        len({kind.language for kind in kinds if kind.source}),
    )


GROUP = Group("diffusion", FEATURES, compute)
