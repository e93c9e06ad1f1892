"""What merges did: which files they took from which parent, and what they wrote themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from riskml.errors import MalformedDiff, RepositoryError
from riskml.mine.holes import missing_in_merges
from riskml.mine.prefetch import Prefetch
from riskml.parse.combined import COMBINED, FIRST_PARENT, CombinedFile, Took, combined, first_parent
from riskml.ports import LogSource

_BATCH = 256
_COMMAND = ("log", "--no-walk=unsorted", "--stdin")


class Merge(NamedTuple):
    """``took``: paths that are not as in the first parent. ``wrote``: files that are not as in any parent."""

    sha: str
    took: tuple[Took, ...]
    wrote: tuple[CombinedFile, ...]


def merges(source: LogSource, shas: Sequence[str], *, missing: set[str]) -> Iterator[Merge]:
    """Yield what each merge did, in the order of the ids. Missing blobs are added to ``missing``, their files have no hunks."""
    for start in range(0, len(shas), _BATCH):
        batch = shas[start:start + _BATCH]
        names = Prefetch(source, (*_COMMAND, *FIRST_PARENT), _lines(batch))
        try:
            wrote = _wrote(source, batch, missing, "--no-renames")
            # Renames cost much to look for, and matter only where a file seems new to one of the parents.
            renamed = [sha for sha, files in wrote.items() if any(not blob for file in files for _, blob in file.parents)]
            if renamed:
                wrote |= _wrote(source, renamed, missing, "--find-renames=50%")
            for wanted, (sha, took) in zip(batch, first_parent(names.read), strict=True):
                if sha != wanted or sha not in wrote:
                    raise MalformedDiff("git log left the order it was given", got=sha, expected=wanted)
                yield Merge(sha, took, wrote[sha])
        finally:
            names.close()


def _wrote(source: LogSource, shas: Sequence[str], missing: set[str], renames: str) -> dict[str, tuple[CombinedFile, ...]]:
    arguments = [*_COMMAND, *COMBINED, renames]
    try:
        with source.stream(arguments, stdin=_lines(shas)) as out:
            return dict(combined(out.read))
    except RepositoryError:  # the words of git differ here: "is not a blob"
        found = missing_in_merges(source, shas) - missing
        if not found:
            raise
        source.stand_in_for(found)
        missing |= found
    with source.stream(arguments, stdin=_lines(shas)) as out:
        return dict(combined(out.read))


def _lines(shas: Sequence[str]) -> bytes:
    return "".join(f"{sha}\n" for sha in shas).encode()
