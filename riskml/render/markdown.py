"""A decision as a comment on a merge request: at most twelve lines above the fold, and everything from the change escaped.

The hidden first line lets a bot find and update its own comment. No author is named, and no size is called large without its
percentile.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from riskml.render import release as releases
from riskml.render.escape import code, markdown
from riskml.render.wording import (
    WHY_NOTHING,
    Decision,
    frequency,
    headline,
    is_empty,
    number,
    ordinal,
    stage_length,
    stage_share,
    versions,
    way,
)

MARKER = "riskml:v1"
REASONS_ABOVE = 4
PROPOSALS_ABOVE = 2
RANKED = 20  # changes of a release that are listed, those above the fold among them
LIMIT = 60_000
"""Characters; GitHub takes 65,536 in a comment."""


def render(decision: Decision) -> str:
    """Show a decision, the object that ``POST /predict`` answers, as Markdown that GitHub and GitLab both understand."""
    fold = [line for line in _below(decision) if line is not None]
    kept: list[str] = []
    for line in fold:
        if sum(map(len, kept)) + len(line) > LIMIT - 10_000:
            kept.append("…")
            break
        kept.append(line)
    told = "What this rests on" if is_empty(decision) else "Plan, files, what is not known"
    summary = f"<details><summary>{told}</summary>"
    return "\n".join([*_above(decision), "", summary, "", *kept, "", "</details>", "", _footer(decision)]) + "\n"


def _above(decision: Decision) -> Iterator[str]:
    sha = "".join(re.findall("[0-9a-f]", str(decision.get("head") or "")))[:40]
    yield f"<!-- {MARKER} sha={sha} -->"
    if is_empty(decision):
        yield f"### Release risk: **{markdown(headline(decision))}**"
        yield f"{WHY_NOTHING.capitalize()}."
        return
    yield f"### Release risk: ship as **{markdown(headline(decision))}**"
    yield _sentence(decision)
    release = releases.of(decision)
    reasons = list(decision.get("reasons") or ())
    if release is not None:
        yield from ("", "| Share | Harm | Change | Why |", "|--|--|--|--|")
        yield from (_ranked(c) for c in list(release.get("ranked") or ())[:REASONS_ABOVE])
    elif reasons:
        yield ""
        yield "| | Why | Where |"
        yield "|--|--|--|"
        yield from (_reason(r) for r in reasons[:REASONS_ABOVE])
    proposals = list(decision.get("lower_it") or ())[:PROPOSALS_ABOVE]
    if proposals:
        yield ""
        yield "**Make it smaller:** " + " · ".join(_proposal(p) for p in proposals)
    held = (decision.get("plan") or {}).get("hold") or ()
    if held:
        yield ""
        yield "**Held:** " + " · ".join(markdown(h) for h in held)


def _sentence(decision: Decision) -> str:
    release = releases.of(decision)
    if release is not None:
        return f"{releases.made_of(release)}; at least one does with probability **{decision['probability']:.2f}**."
    said = f"About **{frequency(decision['probability'])}** changes like this one did harm"
    if decision.get("base_rate") is not None:
        said += f" (on average {frequency(decision['base_rate'])})"
    if decision.get("percentile") is not None:
        said += f"; riskier than {int(decision['percentile'])} % of this repository's recent changes"
    return said + "."


def _reason(reason: Mapping[str, Any], *, numbered: bool = False) -> str:
    arrow = "▲" if reason["contribution"] > 0 else "▼"
    if numbered:
        arrow += f" {reason['contribution']:+.2f}"
    files = list(reason.get("files") or ())
    where = "<br>".join(code(f) for f in files[:2]) + (f" and {len(files) - 2} more" if len(files) > 2 else "")
    rank = f" ({ordinal(reason['percentile'])} percentile)" if reason.get("percentile") is not None else ""
    return f"| {arrow} | {markdown(reason['text'])}{rank} | {where} |"


def _proposal(proposal: Mapping[str, Any]) -> str:
    return f"{markdown(proposal['action'])} → {proposal['score']:.2f} ({markdown(way(proposal))})"


def _ranked(change: Mapping[str, Any]) -> str:
    """Return the row of one change of a release."""
    cells = f"{100 * change['share']:.0f} % | {change['probability']:.2f} | {markdown(releases.named(change))}"
    return f"| {cells} | {markdown(releases.remark(change))} |"


def _of_release(release: releases.Release) -> Iterator[str]:
    """Tell the rest of what a release is made of: more of its changes, the parts of each split."""
    shown = list(release.get("ranked") or ())[REASONS_ABOVE:RANKED]
    if shown:
        yield from ("| Share | Harm | Change | Why |", "|--|--|--|--|", *map(_ranked, shown))
        rest = releases.rest_of(release, RANKED)
        yield from ("", f"And {rest}.", "") if rest else ("",)
    for split in release.get("splits") or ():
        yield f"- {markdown(split['action'])}: {markdown('; '.join(releases.parts_of(split)))}"
    said = releases.between(release)
    yield from ("", f"Probability of any harm: {markdown(said)}.", "") if said else ()


def _below(decision: Decision) -> Iterator[str]:
    if is_empty(decision):
        yield from (f"- {markdown(note)}" for note in _all_notes(decision))
        return
    stages = (decision.get("plan") or {}).get("stages") or ()
    if stages:
        yield from ("| Stage | Who | Length | Requests | Gates |", "|--|--|--|--|--|")
        yield from (_stage(s) for s in stages)
    release = releases.of(decision)
    if release is not None:
        yield from ("", *_of_release(release))
    rest = list(decision.get("reasons") or ())[REASONS_ABOVE:]
    if rest and release is None:
        yield from ("", "| | Also | Where |", "|--|--|--|")
        yield from (_reason(r, numbered=True) for r in rest)
    files = decision.get("files") or ()
    if files:
        yield from ("", "| File | Share of the risk |", "|--|--|")
        yield from (f"| {code(f['path'])} | {number(100 * f['share'])} % |" for f in files[:20])
    fired = (decision.get("plan") or {}).get("rules_fired") or ()
    if fired:
        yield from ("", "Decided by: " + " · ".join(markdown(r) for r in fired))
    unknown = decision.get("unknown") or ()
    yield ""
    yield "Not known: " + (", ".join(code(u) for u in unknown) if unknown else "nothing that the model reads") + "."
    notes = _all_notes(decision)
    yield from ("", *(f"- {markdown(note)}" for note in notes)) if notes else ()


def _all_notes(decision: Decision) -> list[str]:
    told = (*((decision.get("plan") or {}).get("notes") or ()), *(decision.get("notes") or ()))
    return [note for note in told if note]


def _stage(stage: Mapping[str, Any]) -> str:
    gates = ", ".join(code(g) for g in stage.get("gates") or ())
    requests = number(stage["min_requests"]) if stage.get("min_requests") else ""
    length = stage_length(stage)
    if stage.get("approval") == "manual":
        length = f"{length}, waits for approval".lstrip(", ")
    return f"| {markdown(stage['name'])} | {markdown(stage_share(stage))} | {length} | {requests} | {gates} |"


def _footer(decision: Decision) -> str:
    head = str(decision.get("head") or "")[:12]
    return " · ".join(([code(head)] if head else []) + [markdown(versions(decision))])
