"""Wire documents in, HTML out."""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_HERE = Path(__file__).parent
_STYLE = (_HERE / "style.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

HEADERS = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'self'; "
                               "frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "private, no-cache",
}


def shown(text: object) -> str:
    r"""Make control characters and characters that change the writing direction visible: a path must not pose as another.

    >>> shown("gpj.\u202esh"), shown("a\x1b[2J")
    ('gpj.\\u202esh', 'a\\x1b[2J')
    """
    return "".join(c if unicodedata.category(c)[0] != "C" else c.encode("unicode_escape").decode() for c in str(text))


def percent(share: float) -> str:
    """Write a share in percent with two significant digits below ten.

    >>> percent(0.734), percent(0.0123), percent(0)
    ('73 %', '1.2 %', '0 %')
    """
    value = share * 100
    return f"{value:.0f} %" if value >= 9.95 or value == 0 else f"{value:.2g} %"


def moment(text: str) -> str:
    """Write a time for people, in UTC, to the minute."""
    return datetime.fromisoformat(text).strftime("%d %b %Y, %H:%M UTC")


def duration(seconds: float) -> str:
    """Write a duration in its two largest units.

    >>> duration(45), duration(3600), duration(93600)
    ('45 s', '1 h', '1 d 2 h')
    """
    parts: list[str] = []
    left = int(seconds)
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        if left >= size and len(parts) < 2:
            parts.append(f"{left // size} {unit}")
            left %= size
    return " ".join(parts) or "0 s"


def type_of(schema: Mapping[str, Any]) -> str:
    """Name the type of a JSON Schema for people.

    >>> type_of({"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]})
    'list of string or null'
    """
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join(type_of(each) for each in schema["anyOf"])
    if "enum" in schema or "const" in schema:
        return " or ".join(str(each) for each in schema.get("enum", [schema.get("const")]))
    if schema.get("type") == "array":
        return f"list of {type_of(schema.get('items', {}))}"
    return str(schema.get("format", schema.get("type", "any")))


_ENVIRONMENT = Environment(loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
                           lstrip_blocks=True)
_ENVIRONMENT.filters |= {"shown": shown, "percent": percent, "moment": moment, "duration": duration, "type_of": type_of}
_ENVIRONMENT.globals["style"] = Markup(_STYLE)  # noqa: S704 - our own file, no part of it comes from outside


def assessments_page(items: Sequence[Mapping[str, Any]], *, repository: str | None, older: str | None) -> str:
    """Render the list of recent assessments; ``older`` is the cursor of the next page."""
    return _ENVIRONMENT.get_template("assessments.html").render(items=items, repository=repository, older=older)


def assessment_page(wire: Mapping[str, Any], plan: Mapping[str, Any] | None, outcomes: Sequence[Mapping[str, Any]]) -> str:
    """Render one assessment with its whole plan and what became of it."""
    return _ENVIRONMENT.get_template("assessment.html").render(a=wire, plan=plan, outcomes=outcomes)


def reference_page(spec: Mapping[str, Any]) -> str:
    """Render the reference of the API from its OpenAPI document."""
    return _ENVIRONMENT.get_template("reference.html").render(spec=spec)


def problem_page(status: int, title: str, detail: str) -> str:
    """Render a refusal for people."""
    return _ENVIRONMENT.get_template("problem.html").render(status=status, title=title, detail=detail)
