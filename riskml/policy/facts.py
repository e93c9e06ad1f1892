"""What a rule may ask about: the numbers of one assessment and its service, where unknown is a value of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import isnan, nan

from riskml.assessment import Assessment, Reason
from riskml.context import ServiceContext
from riskml.policy.risk import risk_score

RISK_KEYS = ("score", "probability", "percentile")  # they rise and fall together, for one service and one repository
OTHER_KEYS = ("tier", "tests_failed", "unknown", "destructive_migration")


@dataclass(frozen=True, slots=True)
class Facts:
    """One change as the policy sees it. ``lower`` and ``upper`` bound the probability; ``None`` and NaN are unknown.

    With a probability, the score must be ``risk_score`` of it and the context: the plan shows the arithmetic. ``empty`` says
    that there is nothing to release: a score of 0 stands for none then.
    """

    probability: float | None
    score: float
    context: ServiceContext = ServiceContext()  # noqa: RUF009 # frozen, so one default can be shared
    percentile: float | None = None
    lower: float | None = None
    upper: float | None = None
    features: Mapping[str, float] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    tests_failed: float | None = None
    destructive_migration: bool | None = None
    reasons: tuple[Reason, ...] = ()
    model_version: str = "none"
    empty: bool = False

    def value(self, key: str) -> float | None:
        """Return what a key of ``when`` stands for; ``None`` when it is unknown here.

        >>> facts_of_score(0.8).value("score"), facts_of_score(0.8).value("percentile")
        (0.8, None)
        """
        named: Mapping[str, float | None] = {
            "score": self.score, "probability": self.probability, "percentile": self.percentile,
            "tier": self.context.tier, "tests_failed": self.tests_failed, "destructive_migration": self.destructive_migration,
        }
        found = named[key] if key in named else self.features.get(key, nan)
        return None if found is None or isnan(found) else float(found)


def facts_of_score(score: float, context: ServiceContext = ServiceContext()) -> Facts:  # noqa: B008 # frozen
    """Return the facts of a bare score: nothing else is known of the change, not even its probability of harm."""
    return Facts(probability=None, score=risk_score(score, ServiceContext()), context=context)  # checks the range


def facts_of_nothing(context: ServiceContext) -> Facts:
    """Return the facts of an empty change: no risk is known, and the policy sees the score 0, as there is nothing to harm by.

    >>> facts_of_nothing(ServiceContext()).value("probability"), facts_of_nothing(ServiceContext()).score
    (None, 0.0)
    """
    return Facts(probability=None, score=0.0, context=context, empty=True)


def facts_of(assessment: Assessment, context: ServiceContext, *, destructive_migration: bool | None = None) -> Facts:
    """Return what a policy may read of an assessment. Failed and broken tests count alike as failed."""
    failed = [assessment.features.get(name, nan) for name in ("tests_failed", "tests_errors")]
    known = [n for n in failed if not isnan(n)]
    if assessment.empty:
        return replace(facts_of_nothing(context), features=assessment.features, tests_failed=sum(known) if known else None,
                       destructive_migration=destructive_migration, model_version=assessment.model.version)
    return Facts(
        probability=assessment.probability, score=assessment.score, context=context, percentile=assessment.percentile,
        lower=assessment.lower, upper=assessment.upper, features=assessment.features, unknown=assessment.unknown,
        tests_failed=sum(known) if known else None, destructive_migration=destructive_migration,
        reasons=assessment.reasons, model_version=assessment.model.version,
    )
