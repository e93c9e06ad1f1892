"""Which blobs of some commits the repository lacks: a partial clone, a damaged one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from threading import Lock

from riskml.parse import log
from riskml.ports import LogSource

_COMMAND = ("log", "--no-walk=unsorted", "--stdin")
_EACH_PARENT = ("--format=", "--raw", "--no-abbrev", "--no-renames", "--diff-merges=separate", "--ignore-submodules=none")
_GITLINK = b"160000"
_FILLING = Lock()


def fill(
    source: LogSource, shas: Sequence[str], missing: set[str], knew: int,
    absent: Callable[[LogSource, Sequence[str]], frozenset[str]],
) -> bool:
    """Let something stand in for what git lacks of some commits; whether a git that failed has reason to be started again.

    ``knew`` is the length of ``missing`` when that git was started. Several threads read one repository, and what one of them
    found in the meantime is reason enough for the others.
    """
    with _FILLING:
        found = absent(source, shas) - missing
        source.stand_in_for(found)
        missing |= found
        return len(missing) > knew


def missing_blobs(source: LogSource, shas: Sequence[str]) -> frozenset[str]:
    """Return the blobs on either side of the commits' changes that git does not have. Reads trees only."""
    with source.stream([*_COMMAND, *log.TREES], stdin=_lines(shas)) as out:
        return _absent(source, {blob for change in log.commits(out.read, patches=False) for diff in change.files
                                if not diff.submodule for blob in (diff.old_blob, diff.new_blob)})


def missing_in_merges(source: LogSource, shas: Sequence[str]) -> frozenset[str]:
    """Return the blobs that git does not have, of files in which merges differ from any parent. Reads trees only.

    (From any, not from every one: the search for renames reads what was added or deleted on one side alone.)
    """
    blobs: set[str] = set()
    with source.stream([*_COMMAND, *_EACH_PARENT], stdin=_lines(shas)) as out:
        for line in out:
            if line.startswith(b":"):
                old_mode, new_mode, old, new, _ = line[1:].split(b" ", 4)
                blobs.update(blob.decode("ascii") for mode, blob in ((old_mode, old), (new_mode, new))
                             if mode != _GITLINK and blob.strip(b"0"))
    return _absent(source, blobs)


def named(missing: Collection[str]) -> str:
    """Name a few of the missing blobs, for a person who looks for them.

    >>> named({"d", "a", "c", "b"})
    'a, b, c, …'
    """
    return ", ".join(sorted(missing)[:3]) + (", …" if len(missing) > 3 else "")


def _absent(source: LogSource, blobs: set[str]) -> frozenset[str]:
    blobs.discard("")
    if not blobs:
        return frozenset()
    with source.stream(["cat-file", "--batch-check"], stdin=_lines(sorted(blobs))) as out:
        return frozenset(line.split()[0].decode("ascii") for line in out if line.endswith(b" missing\n"))


def _lines(names: Iterable[str]) -> bytes:
    return "".join(f"{name}\n" for name in names).encode()
