"""What ``git cat-file --batch`` writes: the contents of many blobs, read as they come."""

from __future__ import annotations

from collections.abc import Iterable
from typing import BinaryIO

from riskml.errors import ObjectMissing

BATCH = ("cat-file", "--batch", "--buffer")
"""The command whose output ``count_lines`` reads; it wants ids on its standard input, one a line."""

_CHUNK = 1 << 20
_SNIFFED = 8000  # git calls a file binary that has a NUL among its first bytes; this many


def count_lines(stream: BinaryIO, ids: Iterable[str]) -> dict[str, int]:
    r"""Return the lines of each text among the blobs; a last line counts without its newline, too.

    Blobs that are binary or missing are left out: their length is unknown.

    >>> import io
    >>> count_lines(io.BytesIO(b"aa blob 8\nx\ny\nlast\nbb missing\n"), ["aa", "bb"])
    {'aa': 3}
    """
    lines: dict[str, int] = {}
    for blob in ids:
        head = stream.readline().split()
        if len(head) != 3 or head[0] != blob.encode():
            if head[1:] == [b"missing"]:
                continue
            raise ObjectMissing("git cannot read an object", got=blob, expected="a blob of this clone")
        count = _lines(stream, int(head[2]))
        stream.read(1)
        if count is not None:
            lines[blob] = count
    return lines


def _lines(stream: BinaryIO, size: int) -> int | None:
    """Count the lines of the next ``size`` bytes, and read them all; ``None`` if they are not text."""
    count = 0
    binary = False
    left = size
    chunk = b"\n"
    while left:
        chunk = stream.read(min(left, _CHUNK))
        if not chunk:
            raise ObjectMissing("git stopped inside an object", got=f"{left} bytes too few", expected=f"{size} bytes")
        binary = binary or (left == size and b"\0" in chunk[:_SNIFFED])
        count += chunk.count(b"\n")
        left -= len(chunk)
    return None if binary else count + (not chunk.endswith(b"\n"))
