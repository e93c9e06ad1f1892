"""Covered and missed lines, gathered file by file while a coverage report is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from riskml.errors import MalformedReport, TooLarge
from riskml.suite import FileCoverage

MAX_LINE: Final = 10_000_000
MAX_LINES: Final = 5_000_000
MAX_PATH: Final = 4096


class LineHits:
    """Lines by file. A line that any entry of the report hit is covered.

    Line 0, where some compilers put what they generate, is no line.
    """

    def __init__(self, at: Callable[[], str]) -> None:
        self._at = at
        self._count = 0
        self._covered: dict[str, set[int]] = {}
        self._seen: dict[str, set[int]] = {}

    def open(self, path: str) -> str:
        """Take note of a file, with or without lines, and return its path."""
        if not path or len(path) > MAX_PATH or "\x00" in path:
            raise MalformedReport("not a file name", where=self._at(), got=path[:80], expected=f"1 to {MAX_PATH} characters")
        self._covered.setdefault(path, set())
        self._seen.setdefault(path, set())
        return path

    def add(self, path: str, line: int, hit: bool) -> None:
        """Take note of one executable line of a file that was opened before."""
        if not 0 <= line <= MAX_LINE:
            raise MalformedReport("not a line number", where=self._at(), got=line, expected=f"0 to {MAX_LINE}")
        if line == 0:
            return
        seen = self._seen[path]
        if line not in seen:
            self._count += 1
            if self._count > MAX_LINES:
                raise TooLarge("too many lines in one coverage report", where=self._at(), expected=f"at most {MAX_LINES}")
            seen.add(line)
        if hit:
            self._covered[path].add(line)

    def done(self) -> Mapping[str, FileCoverage]:
        """Return what was gathered."""
        pairs = ((path, self._covered[path], seen) for path, seen in self._seen.items())
        return {path: FileCoverage(frozenset(covered), frozenset(seen - covered)) for path, covered, seen in pairs}


def union(one: FileCoverage, other: FileCoverage) -> FileCoverage:
    """Join two reports of one file: covered by any is covered.

    >>> union(FileCoverage(frozenset({1}), frozenset({2})), FileCoverage(frozenset({2}), frozenset({3})))
    FileCoverage(covered=frozenset({1, 2}), missed=frozenset({3}))
    """
    covered = one.covered | other.covered
    return FileCoverage(covered, (one.missed | other.missed) - covered)


def number(text: str | None, at: Callable[[], str], what: str) -> int:
    """Read a whole number as reports write it; raises ``MalformedReport``.

    >>> number("12", lambda: "here", "line")
    12
    """
    digits = (text or "").strip()
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 20):
        raise MalformedReport(f"not a {what}", where=at(), got=text, expected="a whole number")
    return int(digits)
