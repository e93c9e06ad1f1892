"""What a feature is: one number about a change, with unit, range and source. NaN means *unknown*, which is not 0."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf, nan

from riskml.change import Change
from riskml.history import View
from riskml.suite import SuiteRun

UNKNOWN = nan


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a feature may look at: the change, the history before it (``None``: unknown), its tests (``None``: no report)."""

    change: Change
    past: View | None = None
    suite: SuiteRun | None = None


@dataclass(frozen=True, slots=True)
class Feature:
    """One number about a change.

    ``low`` and ``high`` bound every known value, ends included. ``monotone`` is +1 or -1 where common sense demands that the
    risk never falls (rises) as the value grows, else 0. ``person`` marks what describes somebody: never in the default model.
    """

    name: str
    unit: str
    question: str
    reference: str
    low: float = 0.0
    high: float = inf
    monotone: int = 0
    person: bool = False

    def __post_init__(self) -> None:
        for part in ("name", "unit", "question", "reference"):
            if not getattr(self, part):
                raise ValueError(f"feature {self.name!r} has an empty {part}")


@dataclass(frozen=True, slots=True)
class Group:
    """Features that are computed together in one pass; ``compute`` returns one value per feature, in their order."""

    name: str
    features: tuple[Feature, ...]
    compute: Callable[[Evidence], Sequence[float]]
