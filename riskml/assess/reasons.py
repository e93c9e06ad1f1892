"""Why: the features that moved the margin most, in the words of code."""

from __future__ import annotations

from math import isnan, nan

from riskml.assess.yardstick import Yardstick
from riskml.assessment import Reason, Scored
from riskml.features.catalogue import by_name
from riskml.features.feature import Evidence
from riskml.features.wording import files_of, word
from riskml.ports import Vector

MOST = 8
OF_THE_WHOLE = "repo_"
"""Names that begin so tell of the repository, not of the change."""
LEAST = 0.01  # log-odds; less than this moves no probability by more than a quarter of a percent


def reasons_of(vector: Vector, scored: Scored, measure: Yardstick, evidence: Evidence | None) -> tuple[Reason, ...]:
    """Return at most eight reasons, strongest first. Unknown values move the margin too, but are listed apart.

    Of what is said of the repository as a whole, only the strongest is told: nobody can do anything about it in this change.
    """
    known = [(n, c) for n, c in scored.contributions.items() if abs(c) >= LEAST and not isnan(vector.get(n, nan))]
    known.sort(key=lambda pair: (-abs(pair[1]), pair[0]))
    of_the_whole = [pair for pair in known if pair[0].startswith(OF_THE_WHOLE)]
    told = [pair for pair in known if pair not in of_the_whole[1:]]
    reasons = []
    for name, contribution in told[:MOST]:
        value, files = vector[name], () if evidence is None else files_of(name, evidence)
        reasons.append(Reason(
            feature=name, value=value, unit=by_name(name).unit, percentile=measure.percentile_of(name, value),
            contribution=contribution, text=word(name, value, contribution > 0, files), files=files,
        ))
    return tuple(reasons)
