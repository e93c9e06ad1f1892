"""What a feature is: one number about a change, with unit, range and source. NaN means *unknown*, which is not 0."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf, nan

from riskml import pathmap
from riskml.change import Change
from riskml.features.reading import Reading
from riskml.history import FilePast, View
from riskml.pathmap import PathMap
from riskml.suite import SuiteRun

UNKNOWN = nan


@dataclass(frozen=True)  # no slots: the two readings below are kept after their first use
class Evidence:
    """All that a feature may look at.

    The change; the history before it (``None``: unknown); its tests (``None``: no report); the same tests on the base
    (``None``: no report); how many open changes touch the same files (``None``: not asked); and the customs of its paths,
    which belong to the base.
    """

    change: Change
    past: View | None = None
    suite: SuiteRun | None = None
    suite_before: SuiteRun | None = None
    in_flight: int | None = None
    paths: PathMap = pathmap.DEFAULT

    @cached_property
    def reading(self) -> Reading:
        """What the files and their changed lines say, read once for all groups."""
        return Reading(self.change, self.paths)

    @cached_property
    def pasts(self) -> tuple[FilePast | None, ...] | None:
        """The past of each file, in the order of the change (``None``: never seen); ``None`` when history is incomplete."""
        if self.past is None or not self.past.complete:
            return None
        file, at = self.past.file, self.change.at
        return tuple([file(diff.old_path, at) for diff in self.change.files])


@dataclass(frozen=True, slots=True)
class Feature:
    """One number about a change.

    ``low`` and ``high`` bound every known value, ends included. ``missing`` says when the value is NaN; empty: never.
    ``monotone`` is +1 or -1 where common sense demands that the risk never falls (rises) as the value grows, else 0.
    ``person`` marks what describes somebody: never in the default model.
    """

    name: str
    unit: str
    question: str
    reference: str
    low: float = 0.0
    high: float = inf
    missing: str = ""
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
