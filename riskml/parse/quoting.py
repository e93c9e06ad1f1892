"""Paths as git writes them: in C-style quotes when they hold quotes, backslashes, control or non-ASCII characters."""

from __future__ import annotations

import re

_ESCAPE = re.compile(rb"\\([0-7]{3}|.)", re.DOTALL)
_ESCAPED = {b"a": b"\a", b"b": b"\b", b"t": b"\t", b"n": b"\n", b"v": b"\v", b"f": b"\f", b"r": b"\r", b'"': b'"', b"\\": b"\\"}


def unquote(path: bytes) -> str:
    r"""Return the path that git wrote, taking quotes off where it put them; bytes that are not UTF-8 survive as surrogates.

    >>> unquote(b'"caf\\303\\251.txt"'), unquote(b"plain name.txt")
    ('café.txt', 'plain name.txt')
    """
    if len(path) >= 2 and path.startswith(b'"') and path.endswith(b'"'):
        path = _ESCAPE.sub(_unescaped, path[1:-1])
    return path.decode("utf-8", "surrogateescape")


def _unescaped(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return bytes([int(code, 8) & 0xFF]) if len(code) == 3 else _ESCAPED.get(code, match[0])
