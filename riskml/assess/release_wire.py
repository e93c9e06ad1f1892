"""A release on the wire: the keys of a decision, so that whatever reads one reads it, and one more, ``release``."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from riskml.assess.part import Part
from riskml.assess.proposals import traffic_of
from riskml.assess.release import Ranked, Release, ReleaseDecision
from riskml.assess.splits import Split
from riskml.assess.unit import Unit
from riskml.assess.wire import encodable, to_wire

VERSION = 1
"""Goes up when a key of ``release`` is renamed or removed, or changes its meaning."""

MOST_PARTS = 100  # of a split that are listed, first to last


def release_to_wire(found: ReleaseDecision) -> dict[str, Any]:
    """Return a release as JSON values: a decision about it, and under ``release`` what it is made of.

    ``probability`` is that at least one of its changes does harm, ``base_rate`` the same of as many average changes. Shares are
    parts of 1, traffic is in percent, times are RFC 3339 in UTC.
    """
    document: dict[str, Any] = encodable({**to_wire(found.decision), "release": _release(found.release)})
    return document


def _release(release: Release) -> dict[str, Any]:
    one = release.one_diff
    return {
        "version": VERSION,
        "changes": len(release.ranked),
        "expected_harmful": release.whole.harmful,
        "at_least": release.whole.least,
        "at_most": release.whole.most,
        "assumes": "independence",
        "one_diff": None if one is None else {"probability": one.probability, "lower": one.lower, "upper": one.upper},
        "ranked": [_ranked(r) for r in release.ranked],
        "cancelled": [{**_named(first), "by": later.commit} for first, later in release.cancelled],
        "already_released": [_named(u) for u in release.already],
        "splits": [_split(s) for s in release.splits],
    }


def _ranked(ranked: Ranked) -> dict[str, Any]:
    unit = ranked.unit
    worst = next((r for r in unit.reasons if r.contribution > 0), None)
    return {
        **_named(unit), "base": unit.base, "kind": unit.kind, "commits": len(unit.ids), "files": unit.files,
        "at": datetime.fromtimestamp(unit.at, UTC).isoformat().replace("+00:00", "Z"), "probability": unit.probability,
        "lower": unit.scored.lower, "upper": unit.scored.upper, "band": unit.band, "percentile": unit.percentile,
        "share": ranked.share, "can_wait": ranked.can_wait, "destructive_migration": unit.lossy,
        "reason": None if worst is None else {"feature": worst.feature, "text": worst.text, "files": list(worst.files)},
    }


def _named(unit: Unit) -> dict[str, Any]:
    return {"commit": unit.commit, "subject": unit.subject}


def _split(split: Split) -> dict[str, Any]:
    return {"kind": split.kind, "action": split.action, "count": len(split.parts),
            "parts": [_part(p, split.kind) for p in split.parts[:MOST_PARTS]]}


def _part(part: Part, kind: str) -> dict[str, Any]:
    """Return a part; one that ends at a commit of the release names it, any other the changes it holds or lacks."""
    up_to = part.units[-1].commit if kind == "trains" and part.units else None
    return {
        "changes": len(part.units), "up_to": up_to, "commits": [u.commit for u in part.units],
        "probability": part.probability, "score": part.score, "band": part.band, "expected_harmful": part.harmful,
        "strategy": part.plan.strategy, "initial_traffic": traffic_of(part.plan), "hold": list(part.plan.hold),
        "stages": [{"name": s.name, "traffic_bp": s.traffic_bp, "min_duration_s": s.min_duration_s} for s in part.plan.stages],
    }
