"""A number of things in words: one of them is not many."""

from __future__ import annotations


def counted(count: int, one: str, many: str | None = None) -> str:
    """Return how many there are, with the word that fits; ``many`` is ``one`` with an s unless it is given.

    >>> counted(1, "blob"), counted(0, "blob"), counted(81_966, "commit"), counted(2, "blob is", "blobs are")
    ('1 blob', '0 blobs', '81,966 commits', '2 blobs are')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"
