"""LCOV tracefiles, as lcov, Istanbul, coverage.py, Dart, Rust and Go converters write them (``man geninfo``)."""

from __future__ import annotations

from typing import Final

from riskml.errors import MalformedReport, TooLarge
from riskml.parse.hardened_xml import MAX_BYTES
from riskml.parse.line_hits import LineHits, number
from riskml.parse.report import Report

_MAX_RECORD: Final = 1 << 16


def read_lcov(data: bytes, where: str) -> Report:
    r"""Read one tracefile: ``SF`` opens a file, ``DA`` is one of its lines; functions, branches and totals are not needed.

    Unknown records are skipped, as lcov itself does. A file that ``end_of_record`` does not close was cut off, and refused.

    >>> read_lcov(b"TN:\nSF:src/a.c\nDA:1,7\nDA:2,0\nend_of_record\n", "lcov.info").coverage
    {'src/a.c': FileCoverage(covered=frozenset({1}), missed=frozenset({2}))}
    """
    if len(data) > MAX_BYTES:
        raise TooLarge("the report is too large", where=where, got=len(data), expected=f"at most {MAX_BYTES} bytes")
    row = 0

    def at() -> str:
        return f"{where}:{row}"

    hits = LineHits(at)
    file: str | None = None
    begin = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    while begin < len(data):
        row += 1
        found = data.find(b"\n", begin)
        end = len(data) if found < 0 else found
        if end - begin > _MAX_RECORD:
            raise TooLarge("one record is too long", where=at(), got=end - begin, expected=f"at most {_MAX_RECORD} bytes")
        record = data[begin:end].rstrip(b"\r")
        begin = end + 1
        if record.startswith(b"SF:"):
            file = hits.open(record[3:].strip().decode("utf-8", "surrogateescape"))
        elif record.startswith(b"DA:"):
            if file is None:
                raise MalformedReport("a line outside of a file", where=at(), got=record[:80], expected="SF:<path> before it")
            line, _, rest = record[3:].decode("latin-1").partition(",")
            count = rest.partition(",")[0].strip()
            hit = not count.startswith("-") and number(count, at, "count of hits") > 0  # gcov's counters can overflow below 0
            hits.add(file, number(line, at, "line number"), hit)
        elif record == b"end_of_record":
            file = None
    if file is not None:
        raise MalformedReport("the last file is not closed", where=at(), got=file, expected="end_of_record")
    coverage = hits.done()
    if not coverage:
        raise MalformedReport("not an LCOV tracefile", where=where, got=data[:40], expected="at least one SF:<path> record")
    return Report("lcov", where, coverage=coverage)
