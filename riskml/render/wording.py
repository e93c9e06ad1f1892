"""The words that a decision is told in, the same on a terminal and in a comment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from riskml.counted import counted

Decision = Mapping[str, Any]


NOTHING = "nothing to release"
WHY_NOTHING = "the head brings nothing that the base does not have: no risk was measured"


def is_empty(decision: Decision) -> bool:
    """Whether a decision is about an empty change: then its probability is null, for nothing was measured."""
    return decision.get("empty") is True


def headline(decision: Decision) -> str:
    """Return the decision in a few words: strategy, where it starts, and whether it may start at all; or that nothing will.

    >>> headline({"strategy": "canary", "initial_traffic": 1, "plan": {}}), headline({"strategy": "blue-green", "stage": 2})
    ('canary, start 1 %', 'blue-green, 2 stages')
    """
    if is_empty(decision):
        return NOTHING
    said = str(decision["strategy"])
    if decision.get("initial_traffic") is not None and said not in ("rolling", "full"):
        said += f", start {number(decision['initial_traffic'])} %"
    elif decision.get("stage") is not None:
        said += f", {counted(decision['stage'], 'stage')}"
    return f"hold, then {said}" if (decision.get("plan") or {}).get("hold") else said


def way(part: Mapping[str, Any]) -> str:
    """Return how something would go out that is proposed, or is a part of a release: what holds it stands beside it.

    >>> way({"strategy": "canary", "initial_traffic": 1, "hold": True}), way({"strategy": "rolling", "hold": []})
    ('hold, then canary, start 1 %', 'rolling')
    """
    return headline({**part, "plan": {"hold": part.get("hold")}})


def frequency(probability: float) -> str:
    """Return a probability as a frequency, which people read more truly than a percentage (Gigerenzer, Hoffrage 1995).

    >>> frequency(0.19), frequency(0.73), frequency(0.004), frequency(0.0)
    ('1 in 5', '7 in 10', '1 in 250', 'fewer than 1 in 1,000')
    """
    if probability < 0.001:
        return "fewer than 1 in 1,000"
    if probability > 0.3:
        tenths = round(10 * probability)
        return f"{tenths} in 10" if tenths < 10 else "more than 9 in 10"
    return f"1 in {round(1 / probability):,}"


def number(value: float) -> str:
    """Return a number without digits that say nothing.

    >>> number(1.0), number(0.25), number(1234.5)
    ('1', '0.25', '1,234.5')
    """
    return f"{value:,.2f}".rstrip("0").rstrip(".")


def duration(seconds: float) -> str:
    """Return a length in the largest unit that is whole.

    >>> duration(3600), duration(5400), duration(45)
    ('1 h', '90 min', '45 s')
    """
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= size and seconds % size == 0:
            return f"{number(seconds / size)} {unit}"
    return f"{number(seconds)} s"


def ordinal(value: float) -> str:
    """Return a percentile in words.

    >>> ordinal(96.2), ordinal(1), ordinal(12), ordinal(100)
    ('96th', '1st', '12th', '100th')
    """
    whole = int(value)
    teen = 10 <= whole % 100 <= 20
    return f"{whole}{'th' if teen else {1: 'st', 2: 'nd', 3: 'rd'}.get(whole % 10, 'th')}"


def stage_share(stage: Mapping[str, Any]) -> str:
    """Return what a stage shows to whom: ``5 %``, ``internal``, ``10 % of staff``, ``copies of 100 %``."""
    share = stage.get("traffic_bp", 0) / 100
    who = (stage.get("audience") or {}).get("segment", "everyone")
    said = f"{number(share)} %"
    if stage.get("audience"):
        who = "its audience" if who == "everyone" else who
        said = f"{number(share)} % of {who}" if share else who
    if stage.get("mirror_bp"):
        copies = f"copies of {number(stage['mirror_bp'] / 100)} %"
        said = f"{said} and {copies}" if share else copies
    return said


def stage_length(stage: Mapping[str, Any]) -> str:
    """Return how long a stage lasts at least; nothing for a stage without a length."""
    seconds = stage.get("min_duration_s", 0)
    return f"at least {duration(seconds)}" if seconds else ""


def versions(decision: Decision) -> str:
    """Return which model, feature set and policy answered."""
    model, policy = decision.get("model") or {}, decision.get("policy") or {}
    parts = []
    if model:
        parts.append(f"model {model.get('name')} {model.get('version')}")
        parts.append(f"features {model.get('feature_set')}")
    if policy:
        parts.append(f"policy {policy.get('name')} {policy.get('version')}")
    return " · ".join(parts)
