"""The name of a repository, told from where it was cloned: stable across machines, and free of credentials and paths."""

from __future__ import annotations

import re

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/]*/(?P<path>.+)")
_SCP = re.compile(r"(?:[^/@:]+@)?[^/:]{2,}:(?P<path>[^/].*)")  # one letter before the colon is a drive of Windows


def key_of(url: str) -> str | None:
    """Return ``owner/name`` from the address of a clone's origin; ``None`` if it is a local path, which names no owner.

    >>> key_of("https://bot:secret@git.example.org/acme/shop.git"), key_of("git@example.org:acme/tools/shop")
    ('acme/shop', 'acme/tools/shop')
    >>> key_of("/srv/mirrors/shop.git") is None, key_of("file:///srv/mirrors/shop.git") is None
    (True, True)
    """
    if url.lower().startswith("file:"):
        return None
    match = _URL.fullmatch(url) or _SCP.fullmatch(url)
    if match is None:
        return None
    path = re.split(r"[?#]", match["path"], maxsplit=1)[0]
    parts = [part for part in path.strip("/").removesuffix(".git").split("/") if part not in ("", ".", "..", "~")]
    return "/".join(parts) or None
