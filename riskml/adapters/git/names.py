"""From the name of a commit to its id: branches, tags, ``HEAD~2``, abbreviated ids; never an option, never a range."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

from riskml.errors import UnknownRef

DEFAULT_BRANCHES = ("origin/HEAD", "origin/main", "origin/master", "main", "master", "trunk", "develop")
"""Where the base of a change is looked for when none is given, in this order."""

_EXPECTED = "a branch, a tag or a commit id"
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_LONGEST = 1000


def checked(name: str) -> str:
    """Return the name of one commit as it is, or raise ``UnknownRef`` if git could read it as anything else.

    >>> checked("--output=x")
    Traceback (most recent call last):
    riskml.errors.UnknownRef: a name that git would read as an option: got '--output=x'; expected a branch, a tag or a commit id
    """
    if not name:
        raise UnknownRef("an empty name", got=name, expected=_EXPECTED)
    if name.startswith("-"):
        raise UnknownRef("a name that git would read as an option", got=name, expected=_EXPECTED)
    if _CONTROL.search(name) or len(name) > _LONGEST:
        raise UnknownRef("a name with control characters, or far too long", got=name, expected=_EXPECTED)
    if ".." in name or name.startswith("^") or name.endswith(("^@", "^!")) or re.search(r"\^-\d*$", name):
        raise UnknownRef("a range where one commit is wanted", got=name, expected=_EXPECTED)
    if ":" in name:
        raise UnknownRef("a name of a file or a search where a commit is wanted", got=name, expected=_EXPECTED)
    return name


def unknown(name: str, known: Sequence[str], *, shallow: bool) -> UnknownRef:
    """Return the refusal of a name that no commit has, with the names that come close to it.

    >>> str(unknown("mian", ["main", "docs"], shallow=False))
    "no commit has this name: got 'mian'; expected a branch, a tag or a commit id; close to it: main"
    """
    ends = [ref for ref in known if ref.endswith("/" + name)]
    close = list(dict.fromkeys([*ends, *get_close_matches(name, known, n=3)]))[:3]
    hint = f"; close to it: {', '.join(close)}" if close else ""
    if shallow:
        hint += "; this clone is shallow, `git fetch --unshallow` brings the rest"
    return UnknownRef("no commit has this name", got=name, expected=_EXPECTED + hint)
