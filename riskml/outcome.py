"""What really happened to a change, and what that says about harm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

Happened = Literal[
    "promoted", "rolled-back", "reverted", "hot-fixed", "incident", "promoted-unverified", "deploy-failed", "superseded"
]
HAPPENED: tuple[Happened, ...] = get_args(Happened)

HARM: dict[Happened, bool | None] = {
    "promoted": False, "rolled-back": True, "reverted": True, "hot-fixed": True, "incident": True,
    "promoted-unverified": None,  # it went out, and nobody looked
    "deploy-failed": None,  # the pipeline broke, which says nothing about the change
    "superseded": None,  # a later change took its place before an answer
}
"""Whether an outcome means that the change did harm; ``None``: it does not say."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One thing that happened to a change, as one source tells it.

    ``happened_at`` is when it happened and ``known_at`` when it was told: a label may be used for training only after that.
    At least one of ``head`` (with ``repository``), ``assessment_id`` and ``plan_id`` says which change is meant.
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

    @property
    def harm(self) -> bool | None:
        """Whether the change did harm; ``None`` when this outcome does not say.

        >>> from datetime import UTC, datetime
        >>> t = datetime(2026, 11, 23, tzinfo=UTC)
        >>> Outcome("rolled-back", t, t, "flagger").harm, Outcome("superseded", t, t, "argo").harm
        (True, None)
        """
        return HARM[self.happened]
