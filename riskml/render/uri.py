"""A repository path as a relative reference (RFC 3986), for links and for SARIF."""

from __future__ import annotations

from typing import Final

_UNRESERVED: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")


def path_uri(path: str) -> str:
    r"""Return the path with all but letters, digits and a few marks percent-encoded, so that it stays a path in its place.

    A colon in the first name makes no scheme, a leading slash no host, and the names ``.`` and ``..``, which git refuses, are
    left out: readers of addresses take even their encoded forms for steps.

    >>> path_uri("src/a b/é#1.py"), path_uri("javascript:x"), path_uri("//host/../x")
    ('src/a%20b/%C3%A9%231.py', 'javascript%3Ax', 'host/x')
    """
    encoded = "".join(chr(b) if b in _UNRESERVED else f"%{b:02X}" for b in path.encode("utf-8", "surrogateescape"))
    return "/".join(name for name in encoded.split("/") if name not in ("", ".", ".."))
