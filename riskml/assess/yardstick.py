"""What turns a feature vector into a risk: the same for a change and for every what-if about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isnan, nan

from riskml.assessment import Band
from riskml.context import ServiceContext
from riskml.features import past
from riskml.policy.percentile import rank, rank_among
from riskml.policy.policy import Policy, default_policy
from riskml.policy.risk import risk_score
from riskml.ports import Scorer, Vector

SIZE = ("la", "ld", "nf")  # known of every change, so no model has learned what to think without them: it may read them as 0

_PAST = tuple(feature.name for feature in past.GROUP.features)


@dataclass(frozen=True)  # no slots: the recent changes are scored once, at their first use
class Yardstick:
    """A model, a policy, a service, and the vectors of the repository's recent changes (none of them the change itself)."""

    scorer: Scorer
    policy: Policy
    context: ServiceContext
    recent: Sequence[Vector] = ()

    @cached_property
    def _recent_probabilities(self) -> list[float]:
        return sorted(self.scorer.probabilities(self.recent)) if self.recent else []

    def score(self, probability: float) -> float:
        """Return the score in [0, 1] that the policy reads."""
        return risk_score(probability, self.context)

    def percentile(self, probability: float) -> float | None:
        """Return where a probability stands among the recent changes, in percent; ``None`` when they are too few."""
        return rank(self._recent_probabilities, probability)

    def percentile_of(self, feature: str, value: float) -> float | None:
        """Return where a value stands among the recent changes, or else among those the model was trained on."""
        here = rank_among([vector.get(feature, nan) for vector in self.recent], value)
        return self.scorer.training_percentile(feature, value) if here is None else here

    def band(self, score: float, vector: Vector) -> Band:
        """Return the policy's band; what would be low only because no past, or no size, is known is unknown."""
        band = self.policy.band(score)
        return "unknown" if band == "low" and (self._all_unknown(_PAST, vector) or self._any_unknown(SIZE, vector)) else band

    def _all_unknown(self, names: Iterable[str], vector: Vector) -> bool:
        read = [name for name in names if name in self.scorer.feature_names]
        return bool(read) and all(isnan(vector.get(name, nan)) for name in read)

    def _any_unknown(self, names: Iterable[str], vector: Vector) -> bool:
        return any(isnan(vector.get(name, nan)) for name in names if name in self.scorer.feature_names)


def yardstick(
    scorer: Scorer, policy: Policy | None, context: ServiceContext | None, recent: Iterable[Vector], vector: Vector
) -> Yardstick:
    """Return a yardstick whose recent changes do not contain the change that is measured."""
    others = tuple(other for other in recent if not _same(vector, other))
    return Yardstick(scorer, policy or default_policy(), context or ServiceContext(), others)


def _same(one: Mapping[str, float], other: Mapping[str, float]) -> bool:
    for name, value in one.items():  # most differ in the first: all the rest is then not looked at
        found = other.get(name)
        if found != value and (found is None or not (isnan(found) and isnan(value))):
            return False
    return len(one) == len(other)
