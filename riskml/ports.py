"""What the use case needs of the world, and no more. Adapters and fakes fulfil these; the core cannot tell which."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import BinaryIO, Literal, NamedTuple, Protocol

from riskml.assessment import ModelRef, Scored
from riskml.change import Commit

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

    def read_file(self, ref: str, path: str) -> bytes | None:
        """Return a regular file as of a commit; ``None`` if there is none.

        Raises ``TooLarge`` and ``ObjectMissing``.
        """
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


class Offered(NamedTuple):
    """What a merge request offers now: full ids of its head and of the branch it goes into. ``ready``: open, and no draft."""

    head: str
    base: str
    ready: bool


class Note(NamedTuple):
    """A remark at lines of a file, as the new side counts them, from 1. ``warns`` stands out more than one that tells."""

    path: str
    first: int
    last: int
    title: str
    text: str
    warns: bool = False


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


class Reviewable(Conversation, Protocol):
    """A merge request whose change can be read from the platform alone, without a clone."""

    def offered(self) -> Offered:
        """Ask what it offers now."""
        ...

    def diff(self) -> bytes:
        """Fetch its unified diff, from where it left its base."""
        ...

    def commits(self) -> list[Commit]:
        """List its commits, oldest first, without who wrote them."""
        ...

    def file(self, path: str, ref: str) -> bytes | None:
        """Fetch a file as of a commit of the project; ``None`` if there is none."""
        ...

    def folder(self, path: str, ref: str) -> list[str]:
        """List the paths of the files of a folder as of a commit of the project; none if there is no such folder."""
        ...

    def check(self, commit: str, *, name: str, state: State, text: str, about: str, key: str, notes: Sequence[Note]) -> bool:
        """Say the state of a commit with notes at its lines; ``False`` where the platform has no such thing, or not for us.

        ``about`` is Markdown. The same ``key`` again changes nothing.
        """
        ...
