"""What the use case needs of the world, and no more. Adapters and fakes fulfil these; the core cannot tell which."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO, Literal, NamedTuple, Protocol

from riskml.assessment import ModelRef, Scored

Vector = Mapping[str, float]


class Scorer(Protocol):
    """A model that turns feature vectors into calibrated probabilities."""

    @property
    def ref(self) -> ModelRef:
        """Which model this is."""
        ...

    @property
    def base_rate(self) -> float:
        """Share of harmful changes in the training labels, at their natural prevalence."""
        ...

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The features that the model reads, in its order."""
        ...

    def score(self, vector: Vector) -> Scored:
        """Score one vector and explain it. NaN or an absent name is unknown."""
        ...

    def probabilities(self, vectors: Sequence[Vector]) -> list[float]:
        """Score many vectors without explaining them."""
        ...

    def training_percentile(self, feature: str, value: float) -> float | None:
        """Where a value stands among the training changes, in percent; ``None`` if the feature was always unknown there."""
        ...


class LogSource(Protocol):
    """A repository, as far as the miner must know one."""

    @property
    def is_shallow(self) -> bool:
        """Whether the history ends before its beginning."""
        ...

    def resolve(self, ref: str) -> str:
        """Full id of the commit that a name means."""
        ...

    def stream(self, args: Sequence[str], stdin: bytes | None = None) -> AbstractContextManager[BinaryIO]:
        """Bytes that ``git args`` writes, not touched by anybody's configuration.

        Leaving the context raises ``ObjectMissing`` or another ``RepositoryError`` when git failed.
        """
        ...

    def stand_in_for(self, blobs: Collection[str]) -> None:
        """From now on, read these missing blobs as binary contents that resemble nothing, instead of failing at them."""
        ...

    def count_lines(self, blobs: Sequence[str]) -> Mapping[str, int]:
        """Lines of each text among the blobs; binary and missing ones are left out."""
        ...


class Comment(NamedTuple):
    """One comment of a merge request, with an opaque key of its writer.

    ``trusted``: the writer may speak for us, so that what the comment says of itself is believed.
    """

    id: str
    body: str
    writer: str
    trusted: bool


State = Literal["success", "failure"]


class Conversation(Protocol):
    """A merge request, as far as a bot must know one.

    Every method may raise ``ServiceUnavailable`` when the platform is away, and ``UsageError`` when it refuses.
    """

    def head(self) -> str:
        """Full id of the commit that the merge request offers now."""
        ...

    def comments(self) -> list[Comment]:
        """All comments, oldest first."""
        ...

    def post(self, body: str) -> None:
        """Add a comment. When the platform is away midway, it may have been added all the same."""
        ...

    def edit(self, comment: str, body: str) -> bool:
        """Replace the text of a comment; ``False`` if it is gone."""
        ...

    def delete(self, comment: str) -> None:
        """Remove a comment, if it is still there."""
        ...

    def status(self, commit: str, *, name: str, state: State, text: str) -> None:
        """Set the status of a commit under a name, replacing the one before."""
        ...
