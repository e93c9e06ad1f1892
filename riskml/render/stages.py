"""What all targets ask of a plan's stages: whole percents, who is served, which stage is in force, names that fit."""

from __future__ import annotations

import re

from riskml.errors import UsageError
from riskml.plan import ALL_BP, EVERYONE, Audience, Plan, Stage
from riskml.render.refusal import refuse

ROLLBACK = "rollback"
"""The name of the state before the first stage: nobody is served by the new version."""

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def label(target: str, name: str, where: str = "subject.service") -> str:
    """Return a DNS-1123 label, or refuse: the name goes into object names, upstreams and keys."""
    if not _LABEL.fullmatch(name):
        refuse(target, "invalid_name", "not a DNS label (a-z, 0-9, -; at most 63)", where=where, got=name)
    return name


def whole_percent(target: str, share_bp: int, where: str) -> int:
    """Return a share as whole percent, or refuse.

    >>> whole_percent("argo", 100, "stages[0].traffic_bp")
    1
    """
    if share_bp % 100:
        what = f"{percent(share_bp)} % is not a whole percent"
        refuse(target, "unsupported_precision", what, where=where, got=share_bp)
    return share_bp // 100


def percent(share_bp: int) -> str:
    """Spell a share without a loss: ``percent(10) == "0.1"``.

    >>> percent(10), percent(100), percent(1250)
    ('0.1', '1', '12.5')
    """
    return f"{share_bp / 100:.2f}".rstrip("0").rstrip(".")


def weights(share_bp: int) -> tuple[int, int]:
    """Return (stable, canary) weights for a router that takes any sum: percents where they are whole, else basis points.

    >>> weights(100), weights(10)
    ((99, 1), (9990, 10))
    """
    return (100 - share_bp // 100, share_bp // 100) if share_bp % 100 == 0 else (ALL_BP - share_bp, share_bp)


def audience(stage: Stage) -> Audience | None:
    """Return the audience if it is narrower than everyone."""
    return stage.audience if stage.audience not in (None, EVERYONE) else None


def audience_bp(stage: Stage) -> int:
    """Return the part of a stage's audience that the new version serves.

    A stage with an audience and a share of 0 opens the new version to that whole audience and to nobody else; a share above 0
    opens it to that share of the audience.
    """
    return stage.traffic_bp or ALL_BP


def public_bp(stage: Stage) -> int:
    """Return the share of the general traffic that the new version gets: 0 while only an audience is served."""
    return 0 if audience(stage) else stage.traffic_bp


def in_force(plan: Plan, stage: str | None) -> Stage | None:
    """Return the stage that an artefact puts in force, ``None`` for the state before the first one.

    Without a name it is the first stage, or, if that stage waits for approval, the state before it: applying a rendered text
    must not start what nobody approved.
    """
    if stage is None:
        return None if plan.stages[0].approval == "manual" else plan.stages[0]
    if stage == ROLLBACK:
        return None
    found = next((s for s in plan.stages if s.name == stage), None)
    if found is None:
        names = ", ".join([*(s.name for s in plan.stages), ROLLBACK])
        raise UsageError("no such stage", where="options.stage", got=stage, expected=f"one of: {names}")
    return found
