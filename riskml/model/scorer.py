"""Feature vectors in, calibrated and explained probabilities out: an artifact at work, fulfilling ``riskml.ports.Scorer``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import nan

import numpy as np

from riskml.assessment import ModelRef, Scored
from riskml.errors import BadFeatureValue
from riskml.model.artifact import Artifact
from riskml.model.batch import Ranked
from riskml.model.explain import Explainer
from riskml.model.manifest import percentile
from riskml.model.trees import Bools, Floats, Ints

MANY = 256
"""From this many rows on, ranking the columns first is the faster way."""


class ModelScorer:
    """Scores vectors with one artifact. Holds no state but the artifact's tables, so threads may share it.

    The interval of a score (``lower``, ``upper``) covers, with 90 %, the probability for a change of a repository that the
    model has not seen: see :meth:`riskml.model.calibration.Calibration.interval`. What it knows of unknown features: the model
    is asked again with the unknown values taken from each of a sample of training rows, and the root mean square distance of
    those answers from the answer given, in log-odds, is one part of the interval's width.
    """

    def __init__(self, artifact: Artifact) -> None:
        self.artifact = artifact
        manifest, forest = artifact.manifest, artifact.forest
        self._explainer = Explainer(forest)
        self._ranked = Ranked(forest)
        background = np.array([[nan if v is None else v for v in row] for row in manifest.background], dtype=np.float64)
        self._bias = forest.bias
        self._background = forest.goes_left(background.reshape(-1, len(manifest.features)))
        self._ref = ModelRef(manifest.name, manifest.version, manifest.feature_set, artifact.sha256)

    @property
    def ref(self) -> ModelRef:
        """Which model this is."""
        return self._ref

    @property
    def base_rate(self) -> float:
        """Share of harmful changes in the training labels, at their natural prevalence."""
        return self.artifact.manifest.base_rate

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The features that the model reads, in its order."""
        return self.artifact.manifest.features

    def score(self, vector: Mapping[str, float]) -> Scored:
        """Score one vector and explain it. NaN, None and an absent name are unknown; names the model does not read are ignored.

        :raises BadFeatureValue: a value that is no finite number
        """
        forest, calibration = self.artifact.forest, self.artifact.calibration
        row = self._rows([vector])
        left = forest.goes_left(row)
        leaves = forest.leaves(left)
        margin = float(forest.value[leaves].sum())
        contributions = self._explainer.from_decisions(left)[0]
        lower, upper = calibration.interval(margin, self._deviation(row, left, leaves, margin))
        return Scored(
            probability=calibration.probability(margin),
            margin=margin,
            bias=self._bias,
            contributions=dict(zip(self.feature_names, contributions.tolist(), strict=True)),
            lower=lower,
            upper=upper,
        )

    def probabilities(self, vectors: Sequence[Mapping[str, float]]) -> list[float]:
        """Score many vectors without explaining them."""
        found: list[float] = self.artifact.calibration.probabilities(self.margins(self._rows(vectors))).tolist()
        return found

    def margins(self, rows: Floats) -> Floats:
        """Log-odds of many rows, their columns in the order of :attr:`feature_names`, NaN = unknown."""
        return self._ranked.margins(rows) if len(rows) >= MANY else self.artifact.forest.margins(rows)

    def contributions(self, rows: Floats) -> Floats:
        """Contribution of each feature (one column each) to the margin of each row."""
        return self._explainer.contributions(rows)

    def training_percentile(self, feature: str, value: float) -> float | None:
        """Where a value stands among the training changes, in percent; ``None`` if the feature was always unknown there."""
        quantiles = self.artifact.manifest.feature_quantiles.get(feature)
        return None if quantiles is None or value != value else percentile(quantiles, value)

    def score_percentile(self, probability: float) -> float:
        """Where a probability stands among those of the training changes, in percent."""
        return percentile(self.artifact.manifest.score_quantiles, probability)

    def _rows(self, vectors: Sequence[Mapping[str, float]]) -> Floats:
        names = self.feature_names
        try:
            rows = np.array([[vector.get(name, nan) for name in names] for vector in vectors], dtype=np.float64)
        except (TypeError, ValueError, OverflowError):
            raise _refusal(vectors, names) from None
        if np.isinf(rows).any():
            raise _refusal(vectors, names)
        return rows.reshape(len(vectors), len(names))

    def _deviation(self, row: Floats, left: Bools, leaves: Ints, margin: float) -> float:
        forest, calibration, many = self.artifact.forest, self.artifact.calibration, len(self._background)
        unknown = np.flatnonzero(np.isnan(row[0])[forest.feature])
        if not len(unknown) or not many:
            return 0.0
        imputed = np.repeat(left, many, axis=0)
        imputed[:, unknown] = self._background[:, unknown]
        trees = forest.trees_of(unknown)
        reached = np.repeat(leaves, many, axis=0)
        reached[:, trees] = forest.leaves(imputed, trees)  # the other trees ask for nothing unknown
        odds = calibration.many_log_odds(forest.value[reached].sum(axis=1))
        return float(np.sqrt(np.mean((odds - calibration.log_odds(margin)) ** 2)))


def _refusal(vectors: Sequence[Mapping[str, float]], names: Sequence[str]) -> BadFeatureValue:
    """Names the first value that is no finite number (for numpy, True is one, and so is "1")."""
    for i, vector in enumerate(vectors):
        for name in names:
            value = vector.get(name, nan)
            try:
                fits = value is None or not np.isinf(float(value))
            except (TypeError, ValueError, OverflowError):
                fits = False
            if not fits:
                return BadFeatureValue("not a finite number", where=f"vector {i}, {name}", got=value,
                                       expected="a finite number, or NaN for unknown")
    return BadFeatureValue("not a table of numbers", expected="one mapping of names to numbers for each change")
