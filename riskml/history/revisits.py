"""How soon changes come back to code that was changed not long before: the pace at which a repository reworks itself.

Where the same files are changed again within days, faults are found and mended more often (*change bursts*, Nagappan et al.
2010, ISSRE). How common that is tells much of a repository's base rate of harm, and neither labels nor messages are needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from riskml import pathmap
from riskml.history.events import FileEvents
from riskml.history.visible import Visible

DAY = 86_400
REACHES = (365, 30, 7)
"""Days within which a change comes back, the widest first."""

NO_CODE, FIRST = 0, 1
"""Codes of a commit: touched no code (or is a merge); came back to none. Each reach that it lies within adds one."""

_PROSE = frozenset({"markdown", "prose"})


class Revisited(NamedTuple):
    """Of so many changes to code, how many came back to a file that was changed in the 365, 30 and 7 days before."""

    changes: int = 0
    year: int = 0
    month: int = 0
    week: int = 0


class Revisits:
    """One code per position, and for each code the positions that have at least it, as bits.

    >>> revisits = Revisits(bytes([NO_CODE, FIRST, FIRST + 2]))
    >>> revisits.between(0, 3, Visible(3, 3, 0))
    Revisited(changes=2, year=1, month=1, week=0)
    """

    __slots__ = ("_bits", "codes")

    def __init__(self, codes: Iterable[int] = ()) -> None:
        self.codes = bytearray(codes)
        self._bits = [_at_least(self.codes, code) for code in range(FIRST, FIRST + len(REACHES) + 1)]

    def append(self, code: int) -> None:
        """Add the code of the next position."""
        bit = 1 << len(self.codes)
        self.codes.append(code)
        for n in range(code):
            self._bits[n] |= bit

    def rewind(self, position: int) -> None:
        """Forget all from a position on."""
        del self.codes[position:]
        mask = (1 << position) - 1
        self._bits = [bits & mask for bits in self._bits]

    def between(self, start: int, end: int, visible: Visible) -> Revisited:
        """Count the visible positions in [start, end)."""
        return Revisited(*(visible.among(bits, start, end) for bits in self._bits))


def holds_code(path: str) -> bool:
    """Whether a file holds code or data of a known kind. Prose does not count: a log of changes is touched by every change.

    >>> holds_code("src/a.py"), holds_code("pom.xml"), holds_code("CHANGES.txt"), holds_code("logo.png")
    (True, True, False, False)
    """
    language = pathmap.DEFAULT.classify(path).language
    return language is not None and language not in _PROSE


def revisit(files: Sequence[FileEvents], before: Visible, times: Sequence[int], at: int) -> int:
    """Return the code of a change at a settled time to the files that hold code, as its parents knew them."""
    if not files:
        return NO_CODE
    latest = max([before.latest(events.positions) for events in files])
    if latest < 0:
        return FIRST
    gap = at - times[latest]
    return FIRST + sum([gap < days * DAY for days in REACHES])


def _at_least(codes: bytearray, least: int) -> int:
    digits = bytes(ord("1") if code >= least else ord("0") for code in range(256))
    return int(codes.translate(digits)[::-1] or b"0", 2)
