"""Ways to cut a release that lower what is at stake: hold some changes back, or release in several trains.

Every part is combined and planned anew by the policy before it is proposed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from riskml.assess.part import Part, Planner
from riskml.assess.proposals import NOTICEABLE
from riskml.assess.split import can_wait, evenly, trains
from riskml.assess.unit import Unit
from riskml.document import printable
from riskml.plan import Plan
from riskml.policy.strategies import WAYS

MOST_HELD = 5  # changes that are held back at most, and no more than half of a release
WORSE = 1.5  # times as risky as the average change: what is held back although the plan stays as it is


@dataclass(frozen=True, slots=True)
class Split:
    """One way to cut a release, with its parts in the order in which they go out.

    ``hold-back``: the rest, then what was held back. ``trains``: consecutive parts, each up to one commit of the release.
    """

    kind: Literal["hold-back", "trains"]
    action: str
    parts: tuple[Part, ...]


def splits_of(live: Sequence[Unit], whole: Part, planner: Planner) -> tuple[tuple[Split, ...], frozenset[str]]:
    """Return the cuts that make a release's plan easier, its score lower or fewer changes harmful, and what can wait alone.

    A release that already goes out in the least careful way the policy knows for it is not cut.
    """
    probabilities = [u.probability for u in live]
    latest: dict[str, str] = {path: u.commit for u in live for path in u.paths}
    alone = frozenset(u.commit for u in live if all(latest[path] == u.commit for path in u.paths))
    if len(live) < 2 or _is_easiest(whole, planner):
        return (), alone
    order = can_wait(_urgency(live, whole, planner), [u.paths for u in live], min(MOST_HELD, len(live) // 2))
    found = (_hold_back(live, order, whole, planner), _in_trains(live, probabilities, whole, planner))
    return tuple(split for split in found if split is not None), alone


def _is_easiest(whole: Part, planner: Planner) -> bool:
    least = min(WAYS[rule.strategy].caution for rule in planner.measure.policy.rules)
    return not whole.plan.hold and WAYS[whole.plan.strategy].caution <= least


def riskiest(split: Split) -> Part:
    """Return the part that a split is measured by: the riskiest train, or what goes out when something is held back."""
    return max(split.parts, key=lambda p: p.score) if split.kind == "trains" else split.parts[0]


def lowers(split: Split, whole: Part) -> bool:
    """Return whether a split makes the plan easier or the score noticeably lower; else only fewer changes do harm."""
    part = riskiest(split)
    return split.kind == "trains" or easier(part.plan, whole.plan) or _falls(whole.score, part.score)


def _falls(before: float, after: float) -> bool:
    return before - after >= max(NOTICEABLE, 0.1 * before)


def _urgency(live: Sequence[Unit], whole: Part, planner: Planner) -> list[float]:
    """Return in which order changes are held back, highest first: those that hold the release, then by their risk."""
    alone = [bool(whole.plan.hold) and bool(planner.part([u]).plan.hold) for u in live]
    return [u.probability + holds for u, holds in zip(live, alone, strict=True)]


def easier(plan: Plan, than: Plan) -> bool:
    """Return whether a plan is less careful in its strategy, or free where the other is held."""
    mine, other = WAYS[plan.strategy].caution, WAYS[than.strategy].caution
    return mine <= other and (mine < other or bool(than.hold)) and not (plan.hold and (mine == other or not than.hold))


def _hold_back(live: Sequence[Unit], order: Sequence[int], whole: Part, planner: Planner) -> Split | None:
    """Hold back as few changes as make the rest easier; where none do, all that may, if that is worth it."""
    held: list[int] = []
    for count in range(1, len(order) + 1):
        if easier(_without(live, order[:count], planner).plan, whole.plan):
            held = _pruned(live, order[:count], whole, planner)
            break
    else:
        held = list(order)
    if not held:
        return None
    rest = _without(live, held, planner)
    apart = planner.part([live[i] for i in sorted(held)])
    worse = apart.harmful / len(held) >= WORSE * whole.harmful / len(live) and _falls(whole.harmful, rest.harmful)
    if not (worse or easier(rest.plan, whole.plan) or _falls(whole.score, rest.score)):
        return None
    worst = sorted(apart.units, key=lambda u: (-u.probability, u.commit))
    shown = ", ".join(f"{printable(u.subject)[:60]} ({u.commit[:9]})" for u in worst[:2])
    more = f" and {len(held) - 2} more" if len(held) > 2 else ""
    return Split("hold-back", f"hold back {shown}{more}", (rest, apart))


def _pruned(live: Sequence[Unit], held: Sequence[int], whole: Part, planner: Planner) -> list[int]:
    """Leave out of what is held back, least risky first, what is not needed for it."""
    kept = list(held)
    for index in sorted(held, key=lambda i: (live[i].probability, i)):
        others = [i for i in kept if i != index]
        stays = not any(i < index and live[i].paths & live[index].paths for i in others)
        if others and stays and easier(_without(live, others, planner).plan, whole.plan):
            kept = others
    return kept


def _without(live: Sequence[Unit], held: Sequence[int], planner: Planner) -> Part:
    out = set(held)
    return planner.part([unit for index, unit in enumerate(live) if index not in out])


def _in_trains(live: Sequence[Unit], probabilities: Sequence[float], whole: Part, planner: Planner) -> Split | None:
    """Release in as few consecutive parts as are each easier than the whole; a change that is not goes alone."""

    def train(start: int, stop: int) -> Part:
        return planner.part(live[start:stop], commit=live[stop - 1].commit)

    cuts = trains(len(live), lambda start, stop: easier(train(start, stop).plan, whole.plan))
    if not 1 < len(cuts) <= len(live) / 2:
        return None
    greedy = [train(*cut) for cut in cuts]
    even = [train(*cut) for cut in evenly(probabilities, len(cuts))]
    parts = even if all(easier(part.plan, whole.plan) for part in even) else greedy
    lighter = sum(easier(part.plan, whole.plan) for part in parts)
    said = f", {lighter} of them easier than {whole.plan.strategy}" if lighter < len(parts) else ""
    first = parts[0].units[-1].commit[:9]
    return Split("trains", f"release in {len(parts)} trains{said}, the first up to {first}", tuple(parts))
