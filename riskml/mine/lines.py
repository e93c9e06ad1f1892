"""How many lines each blob has, learnt from the diffs on the way: old lines minus removed plus added."""

from __future__ import annotations

from collections.abc import Mapping

from riskml.change import FileDiff

_DIGITS = 15  # 60 bits tell some ten million blobs apart, and fit a small integer


class LineTable:
    """Line counts of blobs by id; what was never seen as text has none.

    >>> table = LineTable()
    >>> table.learn(FileDiff("a", "a", "A", new_blob="f" * 40, lines_before=0))
    >>> table("f" * 40), table("0" * 40)
    (0, None)
    """

    def __init__(self) -> None:
        self._lines: dict[int, int] = {}

    def __call__(self, blob: str) -> int | None:
        """Return the lines of a blob; ``None`` if they are unknown."""
        return self._lines.get(int(blob[:_DIGITS], 16)) if blob else None

    def __len__(self) -> int:
        return len(self._lines)

    def learn(self, diff: FileDiff) -> None:
        """Take in what a diff says of its new blob."""
        if diff.new_blob and diff.lines_before is not None and not diff.binary and not diff.submodule:
            lines = diff.lines_before
            for _, removed, _, added in diff.hunks:
                lines += added - removed
            self._lines[int(diff.new_blob[:_DIGITS], 16)] = lines

    def update(self, counted: Mapping[str, int]) -> None:
        """Take in counts from elsewhere."""
        self._lines.update((int(blob[:_DIGITS], 16), lines) for blob, lines in counted.items())
