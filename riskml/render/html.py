"""A decision as one HTML file: opens from a CI artefact tab, prints to A4, loads and runs nothing.

Decision, reasons, ramp, risk by file, what would lower it, what is not known, which rules fired; the decision itself is
embedded as JSON for machines. Everything that came from the change is escaped, and a content security policy allows only the
style that this file brings. Some CI servers (Jenkins) block even that, hence the colours in the drawings' own attributes.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any, Final

from riskml.errors import UsageError
from riskml.render import release as releases
from riskml.render.escape import printable
from riskml.render.html_style import STYLE
from riskml.render.ramp_chart import draw
from riskml.render.uri import path_uri
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

_STYLE_HASH: Final = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
CSP: Final = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'"
_WIDTH: Final = 120
_RANKED: Final = 50  # changes of a release that are listed

Link = Callable[[str], str]


def render(decision: Decision, *, source: str | None = None) -> str:
    """Show a decision, the object that ``POST /predict`` answers, as a self-contained page.

    ``source`` links files to where they can be read: an ``http(s)`` address with ``{path}`` and, if wanted, ``{head}``, such as
    ``https://git.example/acme/shop/blob/{head}/{path}``.
    """
    link = _linker(decision, source)
    judged = () if is_empty(decision) else (
        *_changes(decision), *_why(decision, link), *_plan(decision), *_files(decision, link), *_lower_it(decision),
        *_unknown(decision))
    sections = [*_banner(decision), *judged, *_trace(decision)]
    title = _shown(f"{headline(decision)} · {decision.get('repository') or 'change'} · riskml")
    return "\n".join([
        "<!doctype html>", '<html lang="en">', "<head>", '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{CSP}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">', '<meta name="referrer" content="no-referrer">',
        f"<title>{title}</title>", f"<style>{STYLE}</style>", "</head>", "<body>", "<main>", *sections, "</main>",
        f'<script type="application/json" id="decision">{_embedded(decision)}</script>', "</body>", "</html>",
    ]) + "\n"


def _banner(decision: Decision) -> Iterator[str]:
    band = str(decision.get("band")) if decision.get("band") in ("low", "medium", "high") else "unknown"
    plan = decision.get("plan") or {}
    yield f'<p class="soft">{_shown(decision.get("repository") or "")} {_code(str(decision.get("head") or "")[:12])}</p>'
    if is_empty(decision):
        yield '<section class="banner unknown">'
        yield f"<h1>{headline(decision).capitalize()}</h1>"
        yield f"<p>{WHY_NOTHING.capitalize()}.</p>"
        yield "<ul>" + "".join(f"<li>{_shown(note)}</li>" for note in decision.get("notes") or ()) + "</ul>"
        yield "</section>"
        return
    yield f'<section class="banner {band}">'
    yield f'<p class="band {band}">risk {band}</p>'
    yield f"<h1>Release as {_shown(headline(decision))}</h1>"
    yield f"<p>{_sentence(decision)}</p>"
    for held in plan.get("hold") or ():
        yield f'<p class="held">Held: {_shown(held)}</p>'
    yield '<dl class="facts">'
    for name, value in _facts(decision):
        yield f"<div><dt>{name}</dt><dd>{_shown(value)}</dd></div>"
    yield "</dl>"
    yield "</section>"


def _sentence(decision: Decision) -> str:
    release = releases.of(decision)
    if release is not None:
        said = f"{releases.made_of(release)}; at least one does with probability {decision['probability']:.2f}"
        return _shown(". ".join(filter(None, (said, releases.between(release).capitalize())))) + "."
    said = f"About <strong>{frequency(decision['probability'])}</strong> changes like this one did harm"
    if decision.get("base_rate") is not None:
        said += f"; on average it is {frequency(decision['base_rate'])}"
    return said + "."


def _facts(decision: Decision) -> Iterator[tuple[str, str]]:
    between = ""
    if decision.get("lower") is not None and decision.get("upper") is not None:
        between = f" ({decision['lower']:.2f}–{decision['upper']:.2f})"
    yield "Probability of harm", f"{decision['probability']:.2f}{between}"
    yield "Score", f"{decision['score']:.2f}"
    if decision.get("base_rate") is not None:
        yield "Base rate", f"{decision['base_rate']:.2f}"
    rank = decision.get("percentile")
    yield "Among recent changes", "unknown" if rank is None else f"{ordinal(rank)} percentile"


def _changes(decision: Decision) -> Iterator[str]:
    """Show the changes of a release, riskiest first, and the ways to cut it."""
    release = releases.of(decision)
    if release is None:
        return
    yield "<h2>What is in it</h2>"
    yield ('<div class="scroll"><table><thead><tr><th class="number">Share</th><th class="number">Harm</th><th>Change</th>'
           "<th>Why</th></tr></thead><tbody>")
    for change in list(release.get("ranked") or ())[:_RANKED]:
        yield (f'<tr><td class="number">{100 * change["share"]:.0f} %</td><td class="number">{change["probability"]:.2f}</td>'
               f"<td>{_shown(releases.named(change))}</td><td>{_shown(releases.remark(change))}</td></tr>")
    yield "</tbody></table></div>"
    rest = releases.rest_of(release, _RANKED)
    if rest:
        yield f'<p class="soft">And {_shown(rest)}.</p>'
    for split in release.get("splits") or ():
        yield f"<p>To lower it, {_shown(split['action'])}: {_shown('; '.join(releases.parts_of(split)))}.</p>"


def _why(decision: Decision, link: Link) -> Iterator[str]:
    reasons = list(decision.get("reasons") or ())
    yield "<h2>Why</h2>"
    if not reasons:
        yield '<p class="soft">No feature moved the risk.</p>'
        return
    most = max(abs(r["contribution"]) for r in reasons) or 1.0
    yield '<div class="scroll"><table><thead><tr><th>Effect</th><th></th><th>What</th><th>Where</th></tr></thead><tbody>'
    for reason in reasons:
        known = reason.get("percentile") is not None
        rank = f' <span class="soft">{ordinal(reason["percentile"])} percentile</span>' if known else ""
        where = "<br>".join(link(path) for path in reason.get("files") or ())
        effect = f"{reason['contribution']:+.2f}".replace("-", "−")
        yield (f'<tr><td class="number">{effect}</td><td>{_effect(reason["contribution"], most)}</td>'
               f"<td>{_shown(reason['text'])}{rank}</td><td>{where}</td></tr>")
    yield '</tbody></table></div><p class="soft">Effects are in log-odds: + raises the risk, − lowers it.</p>'


def _effect(contribution: float, most: float) -> str:
    half = _WIDTH / 2
    length = half * abs(contribution) / most
    left, name, fill = (half, "raises", "#b42318") if contribution > 0 else (half - length, "lowers", "#1a7f37")
    return (f'<svg width="{_WIDTH}" height="12" viewBox="0 0 {_WIDTH} 12" role="img" aria-label="{name}">'
            f'<rect class="{name}" fill="{fill}" x="{left:.1f}" y="1" width="{length:.1f}" height="10"/>'
            f'<line class="rail" stroke="#888" x1="{half:.0f}" x2="{half:.0f}" y1="0" y2="12"/></svg>')


def _plan(decision: Decision) -> Iterator[str]:
    plan = decision.get("plan") or {}
    stages = plan.get("stages") or ()
    if not stages:
        return
    yield "<h2>How to release it</h2>"
    yield f'<div class="scroll">{draw(stages)}</div>'
    yield ('<div class="scroll"><table><thead><tr><th>Stage</th><th>Who</th><th>Length</th>'
           '<th class="number">Requests needed</th><th class="number">Expected</th><th>Goes on when</th></tr></thead><tbody>')
    for stage in stages:
        gates = ", ".join(_code(g) for g in stage.get("gates") or ())
        if stage.get("approval") == "manual":
            gates = ", ".join(filter(None, [gates, "someone approves"]))
        yield (f"<tr><td>{_shown(stage['name'])}</td><td>{_shown(stage_share(stage))}</td><td>{stage_length(stage)}</td>"
               f'<td class="number">{_requests(stage, "min_requests")}</td>'
               f'<td class="number">{_requests(stage, "expected_requests")}</td><td>{gates}</td></tr>')
    yield "</tbody></table></div>"
    limits = plan.get("rollback") or {}
    if limits:
        said = ", or ".join(f"{_code(name)} beyond {_shown(value)}" for name, value in limits.items())
        yield f"<p>Rolls back at {said}.</p>"


def _requests(stage: Mapping[str, Any], key: str) -> str:
    """Say how many; a stage without a sample needs none, and one without a length expects none, else the traffic is unknown."""
    if stage.get(key) is not None:
        return number(stage[key])
    return '<span class="soft">unknown</span>' if key == "expected_requests" and stage.get("min_duration_s") else "–"


def _files(decision: Decision, link: Link) -> Iterator[str]:
    files = decision.get("files") or ()
    if not files:
        return
    yield "<h2>Where the risk sits</h2>"
    yield '<div class="scroll"><table><tbody>'
    for file in files:
        length, said = _WIDTH * min(1.0, max(0.0, file["share"])), f"{100 * file['share']:.0f} %"
        bar = (f'<svg width="{_WIDTH}" height="12" viewBox="0 0 {_WIDTH} 12" role="img" aria-label="{said}">'
               f'<rect class="share" fill="#3b6fd4" x="0" y="1" width="{length:.1f}" height="10"/></svg>')
        yield f'<tr><td>{link(file["path"])}</td><td>{bar}</td><td class="number">{said}</td></tr>'
    yield "</tbody></table></div>"


def _lower_it(decision: Decision) -> Iterator[str]:
    proposals = decision.get("lower_it") or ()
    if not proposals:
        return
    yield "<h2>What would lower it</h2>"
    yield ('<div class="scroll"><table><thead><tr><th>Do this</th><th class="number">Score</th>'
           "<th>Released as</th></tr></thead><tbody>")
    for proposal in proposals:
        yield (f'<tr><td>{_shown(proposal["action"])}</td><td class="number">{proposal["score"]:.2f}</td>'
               f"<td>{_shown(way(proposal))}</td></tr>")
    yield '</tbody></table></div><p class="soft">Each score is a real re-score, planned by the same policy.</p>'


def _unknown(decision: Decision) -> Iterator[str]:
    unknown = decision.get("unknown") or ()
    notes = [*((decision.get("plan") or {}).get("notes") or ()), *(decision.get("notes") or ())]
    yield "<h2>What is not known</h2>"
    yield f"<p>{', '.join(_code(name) for name in unknown) or 'Nothing that the model reads.'}</p>"
    if notes:
        yield "<ul>" + "".join(f"<li>{_shown(note)}</li>" for note in notes) + "</ul>"


def _trace(decision: Decision) -> Iterator[str]:
    fired = (decision.get("plan") or {}).get("rules_fired") or ()
    if fired:
        yield "<h2>Which rules decided</h2>"
        yield "<ol>" + "".join(f"<li>{_code(rule)}</li>" for rule in fired) + "</ol>"
    parts = [versions(decision), decision.get("created_at"), decision.get("id")]
    artifact = (decision.get("model") or {}).get("artifact_sha256")
    if artifact:
        parts.append(f"artifact {artifact}")
    yield f"<footer>{' · '.join(_shown(part) for part in parts if part)}</footer>"


def _linker(decision: Decision, source: str | None) -> Link:
    if source is None:
        return _code
    if not source.startswith(("https://", "http://")) or "{path}" not in source:
        raise UsageError("not an address of files", where="source", got=source, expected="https://… with {path}")
    at = source.replace("{head}", path_uri(str(decision.get("head") or "HEAD")))
    return lambda path: f'<a href="{escape(at.replace("{path}", path_uri(path)))}">{_code(path)}</a>'


def _shown(text: object) -> str:
    return escape(printable(text))


def _code(text: object) -> str:
    return f"<code>{_shown(text)}</code>" if text else ""


def _embedded(decision: Decision) -> str:
    """Return JSON in which nothing ends the script element or starts a comment; a parser reads the same object."""
    plain = json.dumps(dict(decision), indent=None, separators=(",", ":"), allow_nan=False)
    return plain.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
