"""Text that came from a change, made harmless: for terminals, and for Markdown as GitHub and GitLab render it."""

from __future__ import annotations

import re

_INVISIBLE_BREAK = "\u200b"
_SPECIAL = {c: f"&#{ord(c)};" for c in "&<>\"'`*_{}[]()#+!|~\\^$%"}
_REFERENCE = re.compile(r"([@#!~%&$^])(?=\w|\")")
_OPENING = re.compile(r"^(?:[-= ]|(\d+)\.)")
_LINK = re.compile(r"://|www\.|mailto:", re.IGNORECASE)


def printable(text: object) -> str:
    r"""Return text in which nothing can move a cursor, hide itself or reverse the line: such characters become their escapes.

    >>> printable("ok\x1b[2J\u202egpj.exe")
    'ok\\x1b[2J\\u202egpj.exe'
    """
    return "".join(c if c.isprintable() else _escape(c) for c in str(text))


def markdown(text: object) -> str:
    r"""Return text that Markdown shows as it is: no markup, no HTML, no mention, no reference, no link.

    What would open a list, a heading or a block of code at the start of a line opens none.
    Platforms look for mentions and links after entities are decoded, so those are broken by a character without width.

    >>> markdown("<b>@all</b> | x").replace("\u200b", "^")
    '&#60;b&#62;@^all&#60;/b&#62; &#124; x'
    """
    broken = _REFERENCE.sub(rf"\1{_INVISIBLE_BREAK}", printable(text))
    broken = _LINK.sub(lambda m: m[0][:-1] + _INVISIBLE_BREAK + m[0][-1], broken)
    return _OPENING.sub(_closed, "".join(_SPECIAL.get(c, c) for c in broken))


def code(text: object) -> str:
    """Return text as inline code that stays whole inside a table; a code element keeps mentions and links from working."""
    return "<code>" + "".join(_SPECIAL.get(c, c) for c in printable(text)) + "</code>"


def _closed(opening: re.Match[str]) -> str:
    return f"{opening[1] or ''}&#{ord(opening[0][-1])};"


def _escape(c: str) -> str:
    number = ord(c)
    if 0xDC80 <= number <= 0xDCFF:  # a byte of a path that is not UTF-8 (surrogateescape)
        number -= 0xDC00
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
