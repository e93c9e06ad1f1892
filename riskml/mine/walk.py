"""Which commits there are."""

from __future__ import annotations

from collections.abc import Iterable

from riskml.history import Header
from riskml.ports import LogSource

_SEPARATOR = b"\0"


def walk(source: LogSource, *tips: str, without: Iterable[str] = ()) -> list[Header]:
    """Return the headers of all commits that one of ``tips`` reaches and none of ``without`` does, parents before children.

    Ids in ``without`` that the repository no longer has (an abandoned branch, cleaned up) are passed over.
    """
    args = ["log", "--reverse", "--topo-order", "--ignore-missing", "--no-show-signature", "--no-color", "--no-notes",
            "--format=%H%x00%P%x00%ct", "--stdin"]
    stdin = "".join(f"{name}\n" for name in (*tips, *(f"^{sha}" for sha in without))).encode()
    found = []
    with source.stream(args, stdin=stdin) as out:
        for line in out:
            sha, parents, committed_at = line.split(_SEPARATOR)
            found.append(Header(sha.decode("ascii"), tuple(parents.decode("ascii").split()), int(committed_at)))
    return found
