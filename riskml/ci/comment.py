"""The one comment of a merge request: a row and a section a service, and hidden in it what the next run must know.

Everything that came from a change is escaped before it gets here, so no section can hold an HTML comment, and the hidden lines
cannot be forged from inside. From outside they can: whose comment counts is for the adapter to say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from riskml.render import markdown
from riskml.render.escape import code
from riskml.render.escape import markdown as escaped
from riskml.render.wording import headline, is_empty

LIVE = "<!-- riskml:v1 live -->"
OLD = "<!-- riskml:v1 old -->"
LIMIT = 60_000
"""Characters; GitHub takes 65,536 in a comment, GitLab a million."""

DEFAULTS = frozenset(("rolling", "full"))
"""Ways of releasing that are nothing special, and so no reason to speak."""

NOTHING = "nothing"
"""The class of the decision about an empty change."""

_SERVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,59}")
_ROW = re.compile(r"^<!-- riskml:row (\{[^\n]*\}) -->\n(.*?)\n<!-- riskml:end -->$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Row:
    """What is said of one service: its section in Markdown, and what the next run compares with.

    ``kind`` is the class of the decision: a change of it deserves a new comment, anything else an edit. ``at`` (RFC 3339, UTC)
    orders runs. ``stale`` is the commit that is being scored while the row still speaks of an earlier one. ``quiet``: nothing
    special, and so no reason to open a comment.
    """

    service: str
    kind: str
    said: str
    sha: str
    at: str
    quiet: bool
    section: str = ""
    stale: str = ""


def is_service(name: str) -> bool:
    """Whether a text may name a service: letters, digits, spaces and ``._-``, at most 60."""
    return _SERVICE.fullmatch(name) is not None


def row_of(decision: Mapping[str, Any], service: str, defaults: Iterable[str] = DEFAULTS) -> Row:
    """Return what is to be said of a decision, the object that ``POST /predict`` answers."""
    held, strategy = bool(decision.get("hold")), str(decision["strategy"])
    vague = decision["band"] == "unknown" and not is_empty(decision)
    said = headline(decision) + (", too little is known to name a band" if vague else "")
    section = markdown.render(decision).partition("\n")[2].strip("\n")  # without the marker of a comment of its own
    sha = "".join(re.findall("[0-9a-f]", str(decision.get("head") or "")))[:64]
    if is_empty(decision):
        return Row(service, NOTHING, said, sha, str(decision["created_at"])[:40], True, section)
    quiet = strategy in set(defaults) and not held
    return Row(service, "hold" if held else strategy, said, sha, str(decision["created_at"])[:40], quiet, section)


def is_live(body: str) -> bool:
    """Whether a comment is the one that is kept up to date."""
    return body.lstrip("\ufeff \r\n").startswith(LIVE)


def read(body: str) -> list[Row]:
    """Return the rows of a comment; those that somebody damaged are left out, and said anew by their own next run."""
    rows = []
    for match in _ROW.finditer(body.replace("\r\n", "\n")):
        try:
            kept = json.loads(match[1])
            row = Row(**kept, section=_unstruck(match[2]))
        except (ValueError, TypeError):
            continue
        texts = (row.service, row.kind, row.said, row.sha, row.at, row.stale)
        if all(isinstance(text, str) for text in texts) and isinstance(row.quiet, bool) and is_service(row.service):
            rows.append(row)
    return rows


def merged(rows: Iterable[Row]) -> list[Row]:
    """Return one row a service, the newest, in the order of their names."""
    newest: dict[str, Row] = {}
    for row in rows:
        known = newest.get(row.service)
        if known is None or (row.at, row.sha, row.stale == "") > (known.at, known.sha, known.stale == ""):
            newest[row.service] = row
    return [newest[name] for name in sorted(newest)]


def key(row: Row) -> tuple[str, ...]:
    """Return what tells one saying from another: the text follows from it."""
    return row.service, row.at, row.sha, row.kind, row.stale


def staled(row: Row, sha: str) -> Row:
    """Return the row as it is while a commit is scored: stale unless it speaks of that very one."""
    return replace(row, stale="" if row.sha == sha else sha)


def compose(rows: Sequence[Row]) -> str:
    """Return the text of the comment. The same rows give the same text."""
    room = LIMIT // max(1, len(rows)) - 600
    lines = [LIVE]
    stale = next((row for row in rows if row.stale), None)
    if stale is not None:
        lines += [f"> **Stale:** said of {code(stale.sha[:12])}; {code(stale.stale[:12])} is being scored.", ""]
    if len(rows) > 1:
        lines += ["### Release risk", "| Service | Release as | Commit |", "|--|--|--|", *map(_cells, rows), ""]
    for row in rows:
        section = row.section if len(row.section) <= room else _above(row.section)[:room]
        shown = _struck(section) if row.stale else section
        lines += [f"<!-- riskml:row {_hidden(row)} -->", shown, "<!-- riskml:end -->"]
    return "\n".join(lines if len(rows) == 1 else _folded(lines)) + "\n"


def superseded(body: str) -> str:
    """Return the text that stays of a comment when a new one takes its place: what it said, folded."""
    rows = read(body)
    said = "; ".join(f"{escaped(row.service)}: {escaped(row.said)} ({code(row.sha[:12])})" for row in rows)
    kept = "\n\n".join(_above(row.section) for row in rows)[:LIMIT // 2]
    summary = f"<details><summary>Superseded: the decision changed, see the newer comment. Was {said}</summary>"
    return "\n".join([OLD, summary, "", kept, "", "</details>"]) + "\n"


def _cells(row: Row) -> str:
    said = f"~~{escaped(row.said)}~~" if row.stale else f"**{escaped(row.said)}**"
    return f"| {escaped(row.service)} | {said} | {code(row.sha[:12])} |"


def _folded(lines: list[str]) -> list[str]:
    """Hide the sections of many services behind one fold each; the hidden lines stay where they are."""
    out: list[str] = []
    for line in lines:
        if line.startswith("<!-- riskml:row "):
            service = json.loads(line[len("<!-- riskml:row "):-len(" -->")])["service"]
            out += [f"<details><summary>{escaped(service)}</summary>", "", line]
        elif line == "<!-- riskml:end -->":
            out += [line, "", "</details>"]
        else:
            out.append(line)
    return out


def _hidden(row: Row) -> str:
    kept = {"service": row.service, "kind": row.kind, "said": row.said, "sha": row.sha, "at": row.at, "quiet": row.quiet,
            "stale": row.stale}
    text = json.dumps(kept)
    return text.replace("-", "\\u002d").replace("<", "\\u003c").replace(">", "\\u003e")  # nothing ends an HTML comment early


def _struck(section: str) -> str:
    """Strike out the heading."""
    heading, newline, rest = section.partition("\n")
    return f"### ~~{heading.removeprefix('### ')}~~{newline}{rest}" if heading.startswith("### ") else section


def _unstruck(section: str) -> str:
    heading, newline, rest = section.partition("\n")
    struck = heading.startswith("### ~~") and heading.endswith("~~")
    return f"### {heading[len('### ~~'):-2]}{newline}{rest}" if struck else section


def _above(section: str) -> str:
    """Return what stands above the fold."""
    return section.partition("<details>")[0].strip("\n")
