"""A release: what its changes risk together, which of them carry most of it, and how to cut it so that less is at stake."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import isnan, log, nan

from riskml.assess.assess import notes_on_base, notes_on_reports
from riskml.assess.combine import combined, shares
from riskml.assess.judge import Decision, plan_id, subject_of
from riskml.assess.part import Part, Planner
from riskml.assess.proposals import traffic_of
from riskml.assess.splits import Split, lowers, riskiest, splits_of
from riskml.assess.unit import Unit, cancelled
from riskml.assess.unknown import REPORTS
from riskml.assess.unread import notes_on_unread
from riskml.assess.yardstick import Yardstick
from riskml.assessment import Assessment, FileShare, Proposal, Reason, Scored
from riskml.counted import counted
from riskml.document import printable
from riskml.features.catalogue import extract
from riskml.features.feature import Evidence
from riskml.plan import Plan

NOTHING_OUT = "nothing to release: no change of this range is left to go out; no risk was measured"
REASONS = 8  # of the changes that carry most


@dataclass(frozen=True, slots=True)
class Ranked:
    """A change with the share of the combined risk that it carries, and whether it could wait by itself."""

    unit: Unit
    share: float
    can_wait: bool


@dataclass(frozen=True, slots=True)
class Release:
    """What a release is made of. ``ranked`` has the riskiest change first; the pairs in ``cancelled`` are not among it.

    ``one_diff`` is the model's answer about the whole release as if it were one change, ``None`` where it was too large to
    read. ``splits`` are ways to cut it that lower what is at stake, each planned by the policy.
    """

    whole: Part
    one_diff: Scored | None
    ranked: tuple[Ranked, ...]
    cancelled: tuple[tuple[Unit, Unit], ...]
    already: tuple[Unit, ...]
    splits: tuple[Split, ...]


@dataclass(frozen=True, slots=True)
class ReleaseDecision:
    """The answer about a release: a decision like that about a change, and what it is made of."""

    decision: Decision
    release: Release


def judge_release(
    units: Sequence[Unit], evidence: Evidence, measure: Yardstick, *, id: str, now: datetime,  # noqa: A002 # as in judge
    repository: str, read: bool = True, released: Collection[bytes] = (), notes: Sequence[str] = (),
) -> ReleaseDecision:
    """Judge a release by its changes, oldest first, each scored by itself (see ``unit_of``) with the same yardstick.

    ``evidence`` is about the release as one diff, with its test reports; with ``read=False`` it has no files, because the diff
    was too large. ``released`` holds what changes that only the base has did (see ``effects_of``): a change of the release that
    does the same was picked over to the base, and is out already. The probability of the decision is the combined one, its base
    rate that of as many average changes.
    """
    already = tuple(u for u in units if u.does in released and u.files)
    units = [u for u in units if u not in already]
    pairs = cancelled(units)
    out = {index for pair in pairs for index in pair}
    live = [unit for index, unit in enumerate(units) if index not in out and unit.files]
    vector = extract(evidence)
    planner = Planner(measure, vector, plan_id(id), now, subject_of(evidence.change.head, repository, measure.context))
    whole = planner.part(live)
    splits, waiting = splits_of(live, whole, planner)
    part = dict(zip((u.commit for u in live), shares([u.probability for u in live]), strict=True))
    ranked = sorted((Ranked(u, part[u.commit], u.commit in waiting) for u in live), key=lambda r: (-r.share, r.unit.commit))
    one = measure.scorer.score(vector) if read and live else None
    release = Release(whole, one, tuple(ranked), tuple((units[i], units[j]) for i, j in pairs), already, splits)
    absent = [n for n in REPORTS if isnan(vector.get(n, nan)) and any(n in u.unknown for u in live)]
    found = Assessment(
        id=id, created_at=now, repository=repository, base=evidence.change.base, head=evidence.change.head,
        probability=whole.probability, lower=whole.lower, upper=whole.upper, margin=_log_odds(whole.probability),
        base_rate=combined([measure.scorer.base_rate] * len(live)), score=whole.score,
        band=whole.band if live else "unknown", percentile=None, reasons=_reasons(ranked), files=_files(ranked),
        unknown=_unknown(live, absent), model=measure.scorer.ref,
        notes=(*_notes(release), *notes, *notes_on_base(evidence), *notes_on_unread(evidence.change),
               *notes_on_reports(evidence, absent)), features=dict(vector),
        empty=not live,
    )
    plan = _about_losses(whole.plan, live)
    lower_it = tuple(_proposal(split) for split in splits if lowers(split, whole))
    return ReleaseDecision(Decision(found, plan, lower_it, measure.policy.ref), release)


def _files(ranked: Sequence[Ranked]) -> tuple[FileShare, ...]:
    """Spread the share of each change over its files, riskiest file first."""
    found: dict[str, float] = {}
    for r in ranked:
        for path, weight in r.unit.weights:
            found[path] = found.get(path, 0.0) + r.share * weight
    return tuple(sorted((FileShare(path, share) for path, share in found.items()), key=lambda f: (-f.share, f.path)))


def _reasons(ranked: Sequence[Ranked]) -> tuple[Reason, ...]:
    """Return what raises the risk most of each of the changes that carry most."""
    found = []
    for r in ranked[:REASONS]:
        worst = next((reason for reason in r.unit.reasons if reason.contribution > 0), None)
        if worst is not None:
            found.append(replace(worst, text=f"{named(r.unit)}: {worst.text}"))
    return tuple(found)


def named(unit: Unit) -> str:
    """Return a change in a few words: its title and the start of its id."""
    title = printable(unit.subject)
    return f"{title if len(title) <= 72 else title[:71] + '…'} ({unit.commit[:9]})".lstrip()


def _unknown(live: Sequence[Unit], absent: Sequence[str]) -> tuple[str, ...]:
    """Name what is unknown of every change that it could be known of, although the model reads it, and the absent reports."""
    names = live[0].scored.contributions if live else ()
    known = {n for n in names if any(not isnan(u.vector.get(n, nan)) for u in live)}
    told = {n for u in live for n in u.unknown} - known - set(REPORTS)
    return (*(n for n in names if n in told), *absent)


def _notes(release: Release) -> list[str]:
    whole, notes = release.whole, []
    if len(whole.units) > 1:
        notes.append("combined as if changes did harm independently of each other; whatever they do, the probability that one "
                     f"of them does lies between {whole.least:.2f} and {whole.most:.2f}")
    notes += [f"{named(later)} takes back {named(first)}: neither counts" for first, later in release.cancelled]
    if release.already:
        more = f" and {len(release.already) - 2} more" if len(release.already) > 2 else ""
        notes.append(f"the base has done already what these do: {', '.join(named(u) for u in release.already[:2])}{more}")
    vague = sum(u.band == "unknown" for u in whole.units)
    if vague:
        some = f"of {vague} of the {counted(len(whole.units), 'change')}" if len(whole.units) > 1 else "of its one change"
        notes.append(f"{some} too little is known to call the risk low")
    if not whole.units:
        return [NOTHING_OUT, *notes]
    if release.one_diff is None:
        notes.append("the release as one diff is too large to be read: its score is unknown")
    return notes


def _about_losses(plan: Plan, live: Sequence[Unit]) -> Plan:
    notes = [f"{named(u)} holds a destructive migration" for u in live if u.lossy]
    notes += [f"a migration of {named(u)} could not be read: whether data is lost is unknown" for u in live if u.lossy is None]
    return replace(plan, notes=(*plan.notes, *notes)) if notes else plan


def _proposal(split: Split) -> Proposal:
    first = riskiest(split)
    return Proposal(split.action, first.score, first.plan.strategy, traffic_of(first.plan), bool(first.plan.hold))


def _log_odds(probability: float) -> float:
    p = min(max(probability, 1e-9), 1 - 1e-9)
    return log(p / (1 - p))
