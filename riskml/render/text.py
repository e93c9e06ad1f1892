"""A decision for a terminal: what to do, why, what would lower the risk, and what is not known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from riskml.render import release as releases
from riskml.render.escape import printable
from riskml.render.wording import (
    WHY_NOTHING,
    Decision,
    headline,
    is_empty,
    number,
    ordinal,
    stage_length,
    stage_share,
    versions,
    way,
)

WIDTH = 10
NARROW = 80  # characters: two paths that are longer together would wrap over several lines, so the first one stands alone
RANKED = 10  # changes of a release that are listed
_COLOURS = {"high": "31", "medium": "33", "low": "32", "unknown": "35"}


def render(decision: Decision, *, colour: bool = False) -> str:
    """Show a decision, the object that ``POST /predict`` answers. ``colour`` paints the first word by the band (ANSI).

    Whatever came from the change, such as a path, is shown with its control characters escaped.
    """
    lines = [_row("DECISION", f"{printable(headline(decision))}   because {_because(decision)}")]
    lines.append(_row("CHANGE", printable(_change(decision))))
    for key, title in (("notes", "NOTE"),) if is_empty(decision) else (("hold", "HELD"), ("notes", "NOTE")):
        lines += _block(title, ((decision.get("plan") or {}).get(key) or ()))
    release = releases.of(decision)
    lines += _block("WHY", _reasons(decision)) if release is None else _release(release)
    lines += _block("PLAN", () if is_empty(decision) else _stages(decision))
    lines += _block("LOWER IT", (_proposal(p) for p in decision.get("lower_it") or ()) if release is None else _splits(release))
    lines += _block("UNKNOWN", [", ".join(decision["unknown"])] if decision.get("unknown") else ())
    lines += _block("NOTE", decision.get("notes") or ())
    lines.append(_row("", printable(versions(decision))))
    if colour:
        paint = _COLOURS.get(str(decision.get("band")), _COLOURS["unknown"])
        lines[0] = f"\x1b[1;{paint}m{lines[0][:8]}\x1b[0m{lines[0][8:]}"
    return "\n".join(lines) + "\n"


def _change(decision: Decision) -> str:
    """Say what was compared, since the base is often chosen for the user; what has no commit yet has no head."""
    base, head = (str(decision.get(key) or "")[:12] for key in ("base", "head"))
    return f"{decision.get('repository') or '?'} · {base or '(nothing)'}..{head or '(not committed)'}"


def _because(decision: Decision) -> str:
    if is_empty(decision):
        return WHY_NOTHING
    said = f"p({'harm' if releases.of(decision) is None else 'any harm'})={decision['probability']:.2f}"
    if decision.get("lower") is not None and decision.get("upper") is not None:
        said += f" [{decision['lower']:.2f}–{decision['upper']:.2f}]"
    if abs(decision["score"] - decision["probability"]) > 1e-9:
        said += f" · score {decision['score']:.2f}"
    if decision.get("percentile") is not None:
        said += f" · {ordinal(decision['percentile'])} percentile here"
    if decision.get("base_rate") is not None:
        said += f" · {'base rate' if releases.of(decision) is None else 'as many average changes'} {decision['base_rate']:.2f}"
    return said


def _reasons(decision: Decision) -> Iterator[str]:
    for reason in decision.get("reasons") or ():
        files = reason.get("files") or ()
        shown = 2 if sum(map(len, files[:2])) <= NARROW else 1
        where = f" — {', '.join(files[:shown])}" if files else ""
        more = f" and {len(files) - shown} more" if len(files) > shown else ""
        rank = f" ({ordinal(reason['percentile'])} percentile)" if reason.get("percentile") is not None else ""
        yield f"{reason['contribution']:+.2f}".replace("-", "−") + f"  {reason['text']}{rank}{where}{more}"


def _stages(decision: Decision) -> Iterator[str]:
    for stage in (decision.get("plan") or {}).get("stages") or ():
        parts = [stage_share(stage), stage_length(stage)]
        if stage.get("min_requests"):
            parts.append(f"{number(stage['min_requests'])} requests")
        if stage.get("gates"):
            parts.append(f"gates {', '.join(stage['gates'])}")
        if stage.get("approval") == "manual":
            parts.append("waits for approval")
        yield f"{stage['name']}: " + ", ".join(p for p in parts if p)


def _proposal(proposal: Mapping[str, Any]) -> str:
    return f"{proposal['action']} → {proposal['score']:.2f} ({way(proposal)})"


def _release(release: releases.Release) -> list[str]:
    """Show the changes of a release that carry most of its risk, and those that cancel each other."""
    shown = list(release.get("ranked") or ())[:RANKED]
    rows = [f"{100 * c['share']:>3.0f} %  {c['probability']:.2f}  " + " — ".join(filter(None, (releases.named(c),
            releases.remark(c)))) for c in shown]
    rest = releases.rest_of(release, len(shown))
    gone = [f"{releases.named(c)}, taken back by {str(c['by'])[:9]}" for c in release.get("cancelled") or ()]
    if not release.get("changes"):
        return _block("CANCELLED", gone)
    return [
        *_block("RELEASE", [" · ".join(filter(None, (releases.made_of(release), releases.between(release))))]),
        *_block("RISKIEST", [*rows, *([rest] if rest else [])]), *_block("CANCELLED", gone),
    ]


def _splits(release: releases.Release) -> Iterator[str]:
    for split in release.get("splits") or ():
        yield str(split["action"])
        yield from (f"  {part}" for part in releases.parts_of(split))


def _block(title: str, rows: Any) -> list[str]:
    return [_row("" if i else title, printable(row)) for i, row in enumerate(rows)]


def _row(title: str, text: str) -> str:
    return f"{title:<{WIDTH}}{text}"
