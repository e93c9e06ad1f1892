"""Which model scores here: the bundled artifact, or one of a directory."""

from __future__ import annotations

from functools import cache

from riskml.features.catalogue import FEATURE_SET, NAMES
from riskml.model import artifact
from riskml.model.scorer import ModelScorer


@cache
def bundled_scorer() -> ModelScorer:
    """Return the bundled model; read once."""
    return ModelScorer(artifact.bundled(known=NAMES, feature_set=FEATURE_SET))


def scorer_from(directory: str | None) -> ModelScorer:
    """Return the model of a directory; ``None`` is the bundled one."""
    if directory is None:
        return bundled_scorer()
    return ModelScorer(artifact.load(directory, known=NAMES, feature_set=FEATURE_SET))
