"""Every way in which riskml can refuse, as one tree.

RiskmlError
├── UsageError                 what was asked for makes no sense as asked
│   ├── RepositoryError        NotARepository · UnknownRef · NoMergeBase · ObjectMissing · PathOutside
│   ├── InputError             MalformedDiff · MalformedReport · HostileInput · TooLarge
│   ├── FeatureError           UnknownFeature · BadFeatureValue
│   ├── PolicyError            a policy or service file that does not validate
│   ├── PlanError              a plan that contradicts itself
│   └── RenderRefused          a target that cannot express the plan
├── ArtifactError              ArtifactCorrupt · ArtifactMismatch · ProtocolTooNew
├── StoreError                 StoreUnwritable · StateUnfit · NotFound · Conflict
└── ServiceUnavailable         the riskml service did not answer in time · Overloaded

Each message has four parts: what went wrong, where, the value that was got, and what would be right.
The exit code of the CLI and the HTTP status of the service are derived from the class, in one table each.
"""

from __future__ import annotations

_ABSENT = object()


class RiskmlError(Exception):
    """Base of all refusals. Carries the four parts of its message.

    >>> raise PolicyError("unknown key", where="rules[0].wen", got="wen", expected="one of: when, strategy")
    Traceback (most recent call last):
    riskml.errors.PolicyError: unknown key at rules[0].wen: got 'wen'; expected one of: when, strategy
    """

    def __init__(self, what: str, *, where: str | None = None, got: object = _ABSENT, expected: str | None = None) -> None:
        self.what = what
        self.where = where
        self.got = None if got is _ABSENT else got
        self.expected = expected
        text = what if where is None else f"{what} at {where}"
        if got is not _ABSENT:
            text += f": got {_shortened(got)}"
        if expected is not None:
            text += f"; expected {expected}"
        super().__init__(text)

    @property
    def code(self) -> str:
        """The class name as a stable slug, e.g. ``unknown-ref``: the ``type`` of a problem document."""
        name = type(self).__name__
        return "".join("-" + c.lower() if c.isupper() and i else c.lower() for i, c in enumerate(name))


def _shortened(value: object, limit: int = 200) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


class UsageError(RiskmlError):
    """What was asked for makes no sense as asked."""


class RepositoryError(UsageError):
    """A repository, or something asked of it, is not as it must be."""


class NotARepository(RepositoryError):
    """The path holds no git repository."""


class UnknownRef(RepositoryError):
    """No commit has this name, or the name could be read as an option."""


class NoMergeBase(RepositoryError):
    """Base and head have no common ancestor here, usually because the clone is shallow."""


class ObjectMissing(RepositoryError):
    """Git cannot read an object that the change needs (partial clone, corruption)."""


class PathOutside(RepositoryError):
    """A path leads out of the folder it must stay in."""


class InputError(UsageError):
    """Bytes from outside that are not what they claim to be."""


class MalformedDiff(InputError):
    """Not a unified diff as git writes it."""


class MalformedReport(InputError):
    """Not a test or coverage report of a known kind."""


class HostileInput(InputError):
    """Input built to hurt its reader: entities, expansion bombs, absurd depth."""


class TooLarge(InputError):
    """More bytes than the limit allows."""


class FeatureError(UsageError):
    """A feature vector that does not fit the catalogue."""


class UnknownFeature(FeatureError):
    """A name that the catalogue does not have."""


class BadFeatureValue(FeatureError):
    """A value that is not a number inside the feature's range."""


class PolicyError(UsageError):
    """A policy or a service description that does not validate."""


class PlanError(UsageError):
    """A plan that contradicts itself."""


class RenderRefused(UsageError):
    """A target that cannot express the plan without loss. ``reason`` is one of the documented refusal codes."""

    def __init__(self, what: str, *, reason: str, target: str, where: str | None = None, got: object = _ABSENT,
                 nearest: str | None = None) -> None:
        self.detail = what
        self.reason = reason
        self.target = target
        self.nearest = nearest
        hint = f"a target that can, such as {nearest}" if nearest else None
        super().__init__(f"{target} cannot express this plan ({reason}): {what}", where=where, got=got, expected=hint)


class ArtifactError(RiskmlError):
    """A model artifact that must not be used."""


class ArtifactCorrupt(ArtifactError):
    """A file of the artifact is missing, or its hash is not the recorded one."""


class ArtifactMismatch(ArtifactError):
    """The artifact wants features that this version does not compute, or another feature set."""


class ProtocolTooNew(ArtifactError):
    """The artifact was written by a later version of riskml."""


class StoreError(RiskmlError):
    """The store cannot do what it was asked."""


class StoreUnwritable(StoreError):
    """The store cannot be opened for writing."""


class StateUnfit(StoreError):
    """A file of mined history that cannot be used: damaged, or written by another version."""


class NotFound(StoreError):
    """The store holds nothing under this id."""


class Conflict(StoreError):
    """The same idempotency key was sent before, with another body."""


class ServiceUnavailable(RiskmlError):
    """The riskml service did not answer in time, or answered that it cannot."""


class Overloaded(ServiceUnavailable):
    """More work is queued than can be done soon. ``retry_after_s`` says when to come again, in whole seconds."""

    def __init__(self, what: str, *, retry_after_s: int = 1, where: str | None = None, got: object = _ABSENT,
                 expected: str | None = None) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(what, where=where, got=got, expected=expected)
