"""The one order in which a history is told, whatever git was asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Header(NamedTuple):
    """What the order of commits depends on. ``committed_at`` is in UNIX seconds."""

    sha: str
    parents: tuple[str, ...]
    committed_at: int


class Key(NamedTuple):
    """Settled time, generation and id: sorted by it, parents come before children and time never runs back."""

    settled: int
    generation: int
    sha: str


def keys(headers: Iterable[Header], known: Mapping[str, Key] | None = None) -> dict[str, Key]:
    """Return the key of each commit; headers come with parents before children. ``known`` holds keys of earlier ones.

    The key is a property of the commit and its ancestors, so it never changes as a history grows.

    >>> found = keys([Header("a", (), 50), Header("b", ("a",), 40)])
    >>> found["b"]
    Key(settled=50, generation=2, sha='b')
    """
    found = dict(known or {})
    given = []
    for sha, parents, committed_at in headers:
        above = [found[p] for p in parents if p in found]
        settled = max([committed_at, *(k.settled for k in above)])
        found[sha] = Key(settled, 1 + max((k.generation for k in above), default=0), sha)
        given.append(sha)
    return {sha: found[sha] for sha in given}


def ordered(headers: Iterable[Header], known: Mapping[str, Key] | None = None) -> list[Header]:
    """Sort headers (parents before children) by their keys."""
    headers = list(headers)
    key = keys(headers, known)
    return sorted(headers, key=lambda header: key[header.sha])
