"""What really happened to a change, and what that says about harm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import prod
from typing import Literal, get_args

Happened = Literal[
    "promoted", "rolled-back", "reverted", "hot-fixed", "incident", "promoted-unverified", "promotion-stuck", "deploy-failed",
    "superseded"
]
HAPPENED: tuple[Happened, ...] = get_args(Happened)

HARM: dict[Happened, bool | None] = {
    "promoted": False, "rolled-back": True, "reverted": True, "hot-fixed": True, "incident": True,
    "promoted-unverified": None,  # it went out, and nobody looked
    "promotion-stuck": None,  # all traffic was on it and it would not be promoted: it neither failed its checks nor passed
    "deploy-failed": None,  # the pipeline broke, which says nothing about the change
    "superseded": None,  # a later change took its place before an answer
}
"""Whether an outcome means that the change did harm; ``None``: it does not say."""

CONFIDENCE: dict[Happened, float] = {
    "promoted": 0.9, "rolled-back": 0.9, "reverted": 0.9, "hot-fixed": 0.7, "incident": 0.8,
    "promoted-unverified": 0.5, "promotion-stuck": 0.5, "deploy-failed": 0.5, "superseded": 0.5,
}
"""How sure a label from one outcome is, when its source does not say. Cautious by judgement, not measured."""

EXPLAINS: tuple[Happened, ...] = ("promoted-unverified", "promotion-stuck", "deploy-failed", "superseded")
"""What tells more about a deploy tool's run than its bare end: ``promoted`` and ``rolled-back`` do not count beside it."""

TAIL = timedelta(hours=72)
"""How long a promoted change is watched before it counts as harmless."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One thing that happened to a change, as one source tells it.

    ``happened_at`` is when it happened and ``known_at`` when it was told: a label may be used for training only after that.
    At least one of ``head`` (with ``repository``), ``assessment_id`` and ``plan_id`` says which change is meant. ``run`` is the
    deploy tool's own name of the attempt; ``confidence`` lies in (0, 1], ``None`` is what is usual for its kind.
    """

    happened: Happened
    happened_at: datetime
    known_at: datetime
    source: str
    repository: str | None = None
    head: str | None = None
    assessment_id: str | None = None
    plan_id: str | None = None
    stage: str | None = None
    note: str | None = None
    run: str | None = None
    confidence: float | None = None

    @property
    def harm(self) -> bool | None:
        """Whether the change did harm; ``None`` when this outcome does not say.

        >>> from datetime import UTC, datetime
        >>> t = datetime(2026, 11, 23, tzinfo=UTC)
        >>> Outcome("rolled-back", t, t, "flagger").harm, Outcome("superseded", t, t, "argo").harm
        (True, None)
        """
        return HARM[self.happened]

    @property
    def sure(self) -> float:
        """How sure a label from this outcome alone is."""
        return CONFIDENCE[self.happened] if self.confidence is None else self.confidence


@dataclass(frozen=True, slots=True)
class Label:
    """What all outcomes of a change say together.

    ``harm`` is ``None`` while nothing is known or what is known is censored; ``why`` says so in words. ``known_at`` is when the
    label could first be known: training as of a date takes only labels that were known by then. A harmless change is known as
    such only at ``known_at``, the end of its tail.
    """

    harm: bool | None
    known_at: datetime | None
    confidence: float
    sources: tuple[str, ...]
    why: str


def label_of(outcomes: Iterable[Outcome], *, now: datetime, tail: timedelta = TAIL) -> Label:
    """Return the label of a change as of ``now``, from what was told until then, in whatever order it came.

    Any harm is harm, whatever else is told, and known since it was first told; sources that agree add to each other's
    confidence. Without harm, a promotion is harmless once its ``tail`` is over. A run that was superseded, stuck, failed to
    deploy or went out unwatched says nothing, and neither does a promotion that followed under the same plan: it was of another
    revision.

    >>> from datetime import UTC, datetime
    >>> t = datetime(2026, 11, 23, tzinfo=UTC)
    >>> out, late = Outcome("promoted", t, t, "argo"), t + timedelta(days=9)
    >>> label_of([out], now=t).harm, label_of([out], now=late).harm
    (None, False)
    >>> label_of([out, Outcome("incident", t, late, "alertmanager")], now=late).harm
    True
    """
    known = sorted((o for o in outcomes if o.known_at <= now), key=lambda o: (o.known_at, o.happened))
    if not known:
        return Label(None, None, 0.0, (), "nothing is known")
    telling = [o for o in known if not _explained(o, known)]
    harmful = [o for o in telling if o.harm]
    if harmful:
        return Label(True, harmful[0].known_at, _together(harmful), _sources(harmful), harmful[0].happened)
    promoted = [o for o in telling if o.happened == "promoted"]
    if not promoted:
        why = next((o.happened for o in known if o.happened in EXPLAINS), known[-1].happened)
        return Label(None, None, 0.0, _sources(known), f"censored: {why}")
    mature = max(promoted[0].happened_at + tail, promoted[0].known_at)
    if now < mature:
        return Label(None, mature, 0.0, _sources(promoted), "promoted, and still watched")
    return Label(False, mature, _together(promoted), _sources(promoted), "promoted")


def _explained(one: Outcome, known: Sequence[Outcome]) -> bool:
    """Whether another report says why a run ended as it did, so that its bare end is no label."""
    if one.happened not in ("promoted", "rolled-back"):
        return False
    for other in known:
        if other.happened in EXPLAINS and one.run is not None and other.run == one.run:
            return True
        replaced = other.happened == "superseded" and other.happened_at <= one.happened_at
        if replaced and one.happened == "promoted":  # what was promoted later under this name is another revision
            return True
    return False


def _together(agreeing: Sequence[Outcome]) -> float:
    """Join what independent sources say; one source counts once, by the surest of its reports."""
    surest = {source: max(o.sure for o in agreeing if o.source == source) for source in _sources(agreeing)}
    return round(1.0 - prod(1.0 - sure for sure in surest.values()), 6)


def _sources(outcomes: Iterable[Outcome]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(o.source for o in outcomes))
