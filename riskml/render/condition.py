"""How an HTTP router recognises an audience: a header, how it is compared, and with what."""

from __future__ import annotations

from typing import Literal, NamedTuple

from riskml.plan import Audience, Match
from riskml.render.refusal import refuse

_SPECIAL = set("\\.+*?()|[]{}^$")


class HeaderTest(NamedTuple):
    """One header and its test. A ``regex`` must match the whole value; its syntax is what RE2 and PCRE share."""

    name: str
    op: Literal["exact", "prefix", "regex"]
    value: str


def header_tests(target: str, audience: Audience, where: str) -> list[HeaderTest]:
    """Return the conditions of an audience as header tests, any of which suffices; refuse what no router can see.

    >>> header_tests("istio", Audience(match_any=(Match("cookie", "beta", "exact", "on"),)), "stages[0]")[0].value
    '(.*; *)?beta=on(;.*)?'
    """
    return [_test(target, m, f"{where}.audience.match_any[{i}]") for i, m in enumerate(visible(target, audience, where))]


def visible(target: str, audience: Audience, where: str) -> tuple[Match, ...]:
    """Return the conditions of an audience if a router can see all of them, else refuse."""
    if not audience.match_any:
        what = f"a router cannot see who is in segment {audience.segment}; give it match_any"
        refuse(target, "audience_unsupported", what, where=f"{where}.audience.segment", got=audience.segment)
    for i, match in enumerate(audience.match_any):
        path = f"{where}.audience.match_any[{i}]"
        if match.kind == "attribute":
            what = "a router sees headers and cookies, not attributes of users"
            refuse(target, "audience_unsupported", what, where=f"{path}.kind", got=match.kind)
        if not match.name or not set(match.name) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"):
            refuse(target, "audience_unsupported", "not a plain header or cookie name", where=f"{path}.name", got=match.name)
        if not match.value.isprintable():
            refuse(target, "audience_unsupported", "control characters in a value", where=f"{path}.value", got=match.value)
        if match.kind == "cookie" and match.op != "regex" and not all(_in_cookie(c) for c in match.value):
            refuse(target, "audience_unsupported", "a cookie cannot hold this value", where=f"{path}.value", got=match.value)
    return audience.match_any


def _in_cookie(c: str) -> bool:
    """Return whether a cookie may hold a character (RFC 6265: no blanks, quotes, commas, semicolons, backslashes)."""
    return "!" <= c <= "~" and c not in '",;\\'


def quoted(text: str) -> str:
    """Quote text for a regular expression of any dialect."""
    return "".join("\\" + c if c in _SPECIAL else c for c in text)


def whole_regex(match: Match) -> str:
    r"""Return a regular expression that the whole value of a header or cookie matches.

    >>> whole_regex(Match("header", "host", "suffix", ".test"))
    '.*\\.test'
    """
    text = match.value if match.op == "regex" else quoted(match.value)
    return {"exact": text, "prefix": text + ".*", "suffix": ".*" + text, "regex": text}[match.op]


def _test(target: str, match: Match, where: str) -> HeaderTest:
    if match.kind == "cookie":
        if match.op == "regex":
            what = "a regular expression inside a cookie header would reach into other cookies"
            refuse(target, "audience_unsupported", what, where=f"{where}.op", got=match.op)
        value = whole_regex(match).replace(".*", "[^;]*")
        return HeaderTest("cookie", "regex", f"(.*; *)?{quoted(match.name)}={value}(;.*)?")
    if match.op in ("exact", "prefix"):
        return HeaderTest(match.name.lower(), "exact" if match.op == "exact" else "prefix", match.value)
    return HeaderTest(match.name.lower(), "regex", whole_regex(match))
