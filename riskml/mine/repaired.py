"""Which commits repaired a fault that somebody had reported."""

from __future__ import annotations

from riskml.issues import Issues
from riskml.ports import LogSource

_BYTES = 1 << 20


def repaired(source: LogSource, issues: Issues, *tips: str) -> dict[str, str]:
    """Return the ancestors of ``tips`` whose message names a reported fault: from the full id to the issue.

    A tip that the repository no longer has (an abandoned branch, cleaned up) is passed over. Only messages are read, which
    takes git a few percent of the time of the diffs.
    """
    args = ["log", "-z", "--no-show-signature", "--no-color", "--no-notes", "--encoding=UTF-8", "--format=%H%n%B",
            "--ignore-missing", "--stdin"]
    found: dict[str, str] = {}
    rest = b""
    with source.stream(args, stdin="".join(f"{tip}\n" for tip in tips).encode()) as out:
        while block := out.read(_BYTES):
            *whole, rest = (rest + block).split(b"\0")
            for record in whole:
                _note(record, issues, found)
    _note(rest, issues, found)
    return found


def _note(record: bytes, issues: Issues, found: dict[str, str]) -> None:
    sha, _, message = record.partition(b"\n")
    fault = issues.fault_of(message.decode("utf-8", "replace"))
    if fault is not None:
        found[sha.decode("ascii")] = fault
