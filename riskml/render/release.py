"""What a release is made of, in words and rows, for every output that shows it: a decision that has the key ``release``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from riskml.render.wording import Decision, number, way

Release = Mapping[str, Any]


def of(decision: Decision) -> Release | None:
    """Return what a decision about a release holds of it; ``None`` for one about a single change."""
    found = decision.get("release")
    return found if isinstance(found, Mapping) else None


def made_of(release: Release) -> str:
    """Say how many changes a release has, and how many of them do harm on average.

    >>> made_of({"changes": 64, "expected_harmful": 9.31}), made_of({"changes": 1})
    ('64 changes, of which 9.3 do harm on average', '1 change')
    """
    count = release.get("changes") or 0
    said = f"{number(count)} {'change' if count == 1 else 'changes'}"
    harmful = release.get("expected_harmful")
    return said if harmful is None else f"{said}, of which {harmful:.1f} do harm on average"


def between(release: Release) -> str:
    """Say what holds without the assumption of independence, and what the model says of the release as one change.

    >>> between({"at_least": 0.4, "at_most": 0.9, "one_diff": None})
    'between 0.40 and 0.90 however they depend on each other'
    """
    parts = []
    if release.get("at_least") is not None and release.get("at_most") is not None:
        parts.append(f"between {release['at_least']:.2f} and {release['at_most']:.2f} however they depend on each other")
    if release.get("one_diff"):
        parts.append(f"as one diff {release['one_diff']['probability']:.2f}")
    return " · ".join(parts)


def named(change: Mapping[str, Any]) -> str:
    """Return a change by its title and the start of its id.

    >>> named({"subject": "Add a cache", "commit": "a1b2c3d4e5f6"})
    'Add a cache (a1b2c3d4e)'
    """
    title = str(change.get("subject") or "")
    title = title if len(title) <= 72 else title[:71] + "…"
    return f"{title} ({str(change.get('commit') or '')[:9]})".lstrip()


def remark(change: Mapping[str, Any]) -> str:
    """Say why a change is risky, and whether it could wait."""
    why = str((change.get("reason") or {}).get("text") or "")
    return "; ".join(filter(None, (why, "can wait" if change.get("can_wait") else "")))


def rest_of(release: Release, shown: int) -> str:
    """Say what the changes that are not shown carry together; nothing if there are none."""
    others = list(release.get("ranked") or ())[shown:]
    if not others:
        return ""
    return f"{number(len(others))} more, {100 * sum(o['share'] for o in others):.0f} % together"


def parts_of(split: Mapping[str, Any]) -> Iterator[str]:
    """Say of each part of a split how large it is, what it risks and how it goes out; of many only the first ones."""
    parts = list(split.get("parts") or ())
    apart = split.get("kind") == "hold-back"
    for index, part in enumerate(parts[:4]):
        upto = f" up to {str(part['up_to'])[:9]}" if part.get("up_to") else ""
        count = f"{number(part['changes'])} {'change' if part['changes'] == 1 else 'changes'}"
        if apart:
            count = f"what was held back ({count})" if index else f"the other {count}"
        harm = f", {part['expected_harmful']:.1f} harmful" if part["changes"] > 1 and "expected_harmful" in part else ""
        yield f"{'first' if not index else 'then'} {count}{upto} → {part['score']:.2f} ({way(part)}){harm}"
    if len(parts) > 4:
        yield f"then {number((split.get('count') or len(parts)) - 4)} more"
