"""Commits in their order, each with where the lines it removed came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from riskml.change import Change
from riskml.history import Header
from riskml.mine.merges import merges
from riskml.mine.provenance import Provenance, Removal
from riskml.ports import LogSource


def traced(
    source: LogSource, headers: Sequence[Header], changes: Iterable[Change], provenance: Provenance, *, missing: set[str]
) -> Iterator[tuple[Change, list[Removal]]]:
    """Yield the changes of ``headers``, in that order, with what they removed; ``provenance`` has taken each in by then."""
    doings = merges(source, [h.sha for h in headers if len(h.parents) > 1], missing=missing)
    for change in changes:
        yield change, provenance.enter(change, next(doings) if len(change.commits[-1].parents) > 1 else None)
