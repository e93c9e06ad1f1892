"""A ``.git-blame-ignore-revs``: commits that ``git blame --ignore-revs-file`` looks through, a full id a line."""

from __future__ import annotations

import re
from typing import NamedTuple

_ID = re.compile(rb"[0-9a-f]{40}|[0-9a-f]{64}")


class Ignored(NamedTuple):
    """Full ids, and the entries that are none: abbreviated, a name, or not readable at all."""

    shas: frozenset[str]
    others: tuple[str, ...]


def read_ignored(content: bytes) -> Ignored:
    r"""Read the list. ``#`` starts a comment, also behind an id, as git has it (gitformat: ``fsck.skipList``).

    >>> read_ignored(b"# black\n" + b"A" * 40 + b"  # 2019\n\n1b3c5d7\n").others
    ('1b3c5d7',)
    """
    entries = [text for line in content.splitlines() if (text := line.partition(b"#")[0].strip())]
    ids = {entry: _ID.fullmatch(entry.lower()) for entry in entries}
    shas = frozenset(found[0].decode("ascii") for found in ids.values() if found)
    return Ignored(shas, tuple(entry.decode("utf-8", "replace") for entry, found in ids.items() if not found))
