"""The answer about one change: probability, score, reasons, unknowns and the versions that made them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Band = Literal["low", "medium", "high", "unknown"]


@dataclass(frozen=True, slots=True)
class Scored:
    """What the model says of one feature vector.

    ``margin`` is the raw sum of the trees in log-odds; ``contributions`` (one per feature) and ``bias`` sum to it within
    1e-6. ``probability`` is ``margin`` through the calibration table: monotone, at the natural base rate of the labels.
    """

    probability: float
    margin: float
    bias: float
    contributions: Mapping[str, float]
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Reason:
    """One feature that moved the margin, in the words of code. ``percentile`` is among the repository's recent changes."""

    feature: str
    value: float
    unit: str
    percentile: float | None
    contribution: float
    text: str
    files: tuple[str, ...] = ()

    @property
    def direction(self) -> Literal["raises", "lowers"]:
        """Whether the feature raises or lowers the risk; always the sign of the contribution."""
        return "raises" if self.contribution > 0 else "lowers"


@dataclass(frozen=True, slots=True)
class FileShare:
    """The part of a change's risk that sits in one file; the shares of a change add up to 1."""

    path: str
    share: float


@dataclass(frozen=True, slots=True)
class Proposal:
    """Something that would lower the risk, with the score and strategy of a real re-score.

    ``initial_traffic`` is where the release would start, in percent; ``None`` where the strategy does not start with a part of
    the users. ``held``: something would still keep it from starting on its own.
    """

    action: str
    score: float
    strategy: str
    initial_traffic: float | None = None
    held: bool = False


@dataclass(frozen=True, slots=True)
class ModelRef:
    """Which model answered."""

    name: str
    version: str
    feature_set: int
    artifact_sha256: str


@dataclass(frozen=True, slots=True)
class PolicyRef:
    """Which policy decided."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Assessment:
    """One change, judged. ``features`` holds the vector as computed (NaN = unknown), so that training sees what serving saw.

    ``empty``: there is nothing to release. No risk was measured then; the numbers are what the model says of a change of no
    file, kept for whoever compares models, and nobody is shown them.
    """

    id: str
    created_at: datetime
    repository: str
    base: str | None
    head: str | None
    probability: float
    lower: float
    upper: float
    base_rate: float
    margin: float
    score: float
    band: Band
    percentile: float | None
    reasons: tuple[Reason, ...]
    files: tuple[FileShare, ...]
    unknown: tuple[str, ...]
    model: ModelRef
    notes: tuple[str, ...] = ()
    features: Mapping[str, float] = field(default_factory=dict)
    empty: bool = False
