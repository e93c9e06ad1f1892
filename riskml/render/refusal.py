"""Why a target cannot express a plan: the codes, and how a renderer says so. Nothing is ever rounded to make it fit."""

from __future__ import annotations

from typing import NoReturn

from riskml.errors import RenderRefused

CODES: dict[str, str] = {
    "unsupported_strategy": "the tool has no such way of releasing",
    "not_applicable": "the strategy needs no object of this tool",
    "unsupported_precision": "the share is finer than the tool's smallest step",
    "missing_router": "shares need a router, and none is configured",
    "too_few_replicas": "the share is no whole number of pods",
    "mirror_unsupported": "the tool cannot copy this share of the traffic",
    "audience_unsupported": "the tool cannot recognise this audience",
    "weights_not_increasing": "the tool finds its step by value, so shares must strictly grow",
    "duration_not_multiple": "the length is no multiple of the tool's interval",
    "interval_below_minimum": "the tool's clock cannot tick this fast",
    "unsupported_stage": "the tool has no stage of this shape",
    "gate_not_expressible": "the tool cannot check this gate",
    "owner_conflict": "another controller owns the object and would overwrite it",
    "invalid_name": "the name is not one that the tool accepts",
}
"""Every ``reason`` that a ``RenderRefused`` may carry, with its meaning."""


def refuse(target: str, code: str, what: str, *, where: str, got: object) -> NoReturn:
    """Raise ``RenderRefused``: ``code`` is a key of ``CODES``, ``where`` the path of the offending value in the plan.

    >>> refuse("argo", "unsupported_precision", "weights are whole percents", where="stages[0].traffic_bp", got=10)
    Traceback (most recent call last):
    riskml.errors.RenderRefused: argo cannot express this plan (unsupported_precision): weights are whole percents at \
stages[0].traffic_bp: got 10
    """
    if code not in CODES:
        raise ValueError(f"undocumented refusal code {code!r}")
    raise RenderRefused(what, reason=code, target=target, where=where, got=got)
