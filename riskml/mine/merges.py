"""What merges did: which files they took from which parent, and what they wrote themselves."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from riskml.errors import MalformedDiff, ObjectMissing
from riskml.mine.holes import fill, missing_in_merges
from riskml.parse.combined import COMBINED, COMBINED_NAMES, FIRST_PARENT, CombinedFile, Took, combined, first_parent
from riskml.ports import LogSource

_BATCH = 512
_COMMAND = ("log", "--no-walk=unsorted", "--stdin")


class Merge(NamedTuple):
    """``took``: paths that are not as in the first parent. ``wrote``: files that are not as in any parent."""

    sha: str
    took: tuple[Took, ...]
    wrote: tuple[CombinedFile, ...]


def merges(source: LogSource, shas: Sequence[str], *, missing: set[str]) -> Iterator[Merge]:
    """Yield what each merge did, in the order of the ids, reading a batch ahead.

    Missing blobs are added to ``missing``; their files have no hunks.
    """
    batches = [shas[start:start + _BATCH] for start in range(0, len(shas), _BATCH)]
    ahead: deque[Future[list[Merge]]] = deque()
    with ThreadPoolExecutor(1) as pool:
        for batch in batches:
            ahead.append(pool.submit(_read, source, batch, missing))
            if len(ahead) > 1:
                yield from ahead.popleft().result()
        while ahead:
            yield from ahead.popleft().result()


def _read(source: LogSource, shas: Sequence[str], missing: set[str]) -> list[Merge]:
    with source.stream([*_COMMAND, *FIRST_PARENT], stdin=_lines(shas)) as out:
        took = dict(first_parent(out.read))
    with source.stream([*_COMMAND, *COMBINED_NAMES], stdin=_lines(shas)) as out:
        listed = dict(combined(out.read))
    if not (list(took) == list(listed) == list(shas)):
        raise MalformedDiff("git log left the order it was given", got=list(took)[:1], expected=shas[0])
    # Only the few merges that wrote something are read in full, and renames, which cost much to look for, are looked for only
    # where a file seems new to one of the parents.
    new = [sha for sha in shas if any(not blob for file in listed[sha] for _, blob in file.parents)]
    old = [sha for sha in shas if listed[sha] and sha not in new]
    wrote = _wrote(source, old, missing, "--no-renames") | _wrote(source, new, missing, "--find-renames=50%")
    return [Merge(sha, took[sha], wrote.get(sha, ())) for sha in shas]


def _wrote(source: LogSource, shas: Sequence[str], missing: set[str], renames: str) -> dict[str, tuple[CombinedFile, ...]]:
    if not shas:
        return {}
    arguments = [*_COMMAND, *COMBINED, renames]
    while True:
        knew = len(missing)
        try:
            with source.stream(arguments, stdin=_lines(shas)) as out:
                return dict(combined(out.read))
        except ObjectMissing:
            if not fill(source, shas, missing, knew, missing_in_merges):
                raise


def _lines(shas: Sequence[str]) -> bytes:
    return "".join(f"{sha}\n" for sha in shas).encode()
