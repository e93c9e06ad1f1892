"""From a margin to a probability: a monotone table at the natural base rate, and how sure the probability is.

The table is piecewise linear in log-odds and flat beyond its ends, so that it cannot promise more than the changes it was
fitted on. A rise of the margin never lowers the probability: explained *and* calibrated.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import exp, isfinite, log, sqrt
from typing import Any

import numpy as np

from riskml.errors import ArtifactCorrupt
from riskml.model.trees import Floats

NINETY = 1.6448536269514722
"""Half-width, in standard deviations, of the interval that holds 90 % of a normal distribution."""


def log_odds(probability: float) -> float:
    """Log-odds of a probability inside (0, 1).

    >>> log_odds(0.5)
    0.0
    """
    return log(probability / (1.0 - probability))


def probability_of(odds: float) -> float:
    """Turn log-odds into the probability.

    >>> round(probability_of(log_odds(0.2)), 12)
    0.2
    """
    return 1.0 / (1.0 + exp(-odds)) if odds >= 0 else exp(odds) / (1.0 + exp(odds))


@dataclass(frozen=True, slots=True)
class Calibration:
    """Knots of the table. ``margins`` rise strictly, ``odds`` (calibrated log-odds) never fall.

    ``changes`` counts the labelled changes behind each knot. ``spread`` is the standard deviation, in log-odds, by which whole
    repositories that the model had not seen lay above or below the table: most of what is uncertain about a new repository.

    >>> table = Calibration(margins=(-2.0, 2.0), odds=(-3.0, 1.0), changes=(400, 400), spread=0.5)
    >>> round(table.probability(0.0), 3)
    0.269
    >>> [round(p, 2) for p in table.interval(0.0)]
    [0.14, 0.46]
    """

    margins: tuple[float, ...]
    odds: tuple[float, ...]
    changes: tuple[int, ...]
    spread: float

    def __post_init__(self) -> None:
        numbers = (*self.margins, *self.odds, self.spread)
        if not 2 <= len(self.margins) == len(self.odds) == len(self.changes):
            raise ArtifactCorrupt("a calibration table of unequal columns", expected="two or more rows of three values")
        if not all(isfinite(x) for x in numbers) or self.spread < 0 or min(self.changes) < 1:
            raise ArtifactCorrupt("a calibration table with impossible numbers", expected="finite, spread >= 0, changes >= 1")
        if any(b <= a for a, b in pairwise(self.margins)):
            raise ArtifactCorrupt("calibration margins that do not rise", got=self.margins)
        if any(b < a for a, b in pairwise(self.odds)):
            raise ArtifactCorrupt("a calibration that is not monotone", got=self.odds)

    def log_odds(self, margin: float) -> float:
        """Calibrated log-odds of one margin."""
        return self._between(self.odds, margin)

    def probability(self, margin: float) -> float:
        """Calibrated probability of one margin."""
        return probability_of(self.log_odds(margin))

    def many_log_odds(self, margins: Floats) -> Floats:
        """Calibrated log-odds of many margins."""
        return np.asarray(np.interp(margins, self.margins, self.odds))

    def probabilities(self, margins: Floats) -> Floats:
        """Calibrated probabilities of many margins."""
        return np.asarray(1.0 / (1.0 + np.exp(-self.many_log_odds(margins))))

    def interval(self, margin: float, deviation: float = 0.0) -> tuple[float, float]:
        """Give the 90 % interval of the probability for a change of a repository that the model has not seen.

        Three errors add up as variances of the log-odds: of the table (from the number of changes at this margin), between
        repositories (``spread``), and ``deviation``, how far the log-odds could move if the unknown features were known.
        """
        odds = self.log_odds(margin)
        p = probability_of(odds)
        of_table = 1.0 / (max(self._between(self.changes, margin), 1.0) * p * (1.0 - p))
        half = NINETY * sqrt(of_table + self.spread**2 + deviation**2)
        return probability_of(odds - half), probability_of(odds + half)

    def _between(self, column: tuple[float, ...] | tuple[int, ...], margin: float) -> float:
        i = bisect_right(self.margins, margin)
        if i == 0:
            return column[0]
        if i == len(self.margins):
            return column[-1]
        left, right = self.margins[i - 1], self.margins[i]
        slope = (column[i] - column[i - 1]) / (right - left)
        return slope * (margin - left) + column[i - 1]

    def to_json(self) -> dict[str, Any]:
        """Give the table as plain data."""
        return {"margin": list(self.margins), "log_odds": list(self.odds), "changes": list(self.changes), "spread": self.spread}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Calibration:
        """Read a table. :raises ArtifactCorrupt: where it is not one."""
        try:
            return cls(
                margins=tuple(float(x) for x in data["margin"]),
                odds=tuple(float(x) for x in data["log_odds"]),
                changes=tuple(int(x) for x in data["changes"]),
                spread=float(data["spread"]),
            )
        except (KeyError, TypeError, ValueError) as problem:
            raise ArtifactCorrupt("not a calibration table", got=problem,
                                  expected="lists 'margin', 'log_odds', 'changes' and a number 'spread'") from problem
