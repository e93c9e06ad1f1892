"""Cobertura XML, as coverage.py, gcovr, coverlet, Istanbul, PHPUnit and others write it."""

from __future__ import annotations

import re
from typing import Final

from riskml.errors import MalformedReport
from riskml.parse.hardened_xml import TagHandler, walk
from riskml.parse.line_hits import LineHits, number
from riskml.parse.report import Report

DOCTYPES: Final = (re.compile(r"(?:\A|/)coverage-(?:\d\d|loose)\.dtd\Z"),)


def read_cobertura(data: bytes, where: str) -> Report:
    """Read one report. A line with any hit is covered, also when one of its branches was not taken.

    Paths are those of ``filename``: relative to one of the report's ``source`` folders, or absolute. The folders themselves
    are of the machine that ran the tests, and are not needed: ``riskml.parse.match`` finds the file by its end.

    >>> report = b'''<coverage><packages><package><classes><class filename="a.py">
    ...     <lines><line number="1" hits="2"/><line number="2" hits="0"/></lines>
    ... </class></classes></package></packages></coverage>'''
    >>> read_cobertura(report, "coverage.xml").coverage
    {'a.py': FileCoverage(covered=frozenset({1}), missed=frozenset({2}))}
    """
    reader = _Cobertura()
    walk(data, where, reader, doctypes=DOCTYPES)
    return Report("cobertura", where, coverage=reader.hits.done())


class _Cobertura(TagHandler):
    def __init__(self) -> None:
        self.hits = LineHits(self.at)
        self._depth = 0
        self._file: str | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1 and (tag != "coverage" or "clover" in attributes):
            raise MalformedReport("not a Cobertura report", where=self.at(), got=f"<{tag}>", expected="<coverage>")
        if tag == "class":
            self._file = self.hits.open(attributes.get("filename", ""))
        elif tag == "line":
            if self._file is None:
                raise MalformedReport("a line outside of a class", where=self.at(), expected="<line> below <class>")
            self.hits.add(self._file, number(attributes.get("number"), self.at, "line number"),
                          number(attributes.get("hits"), self.at, "count of hits") > 0)

    def end(self, tag: str) -> None:
        self._depth -= 1
        if tag == "class":
            self._file = None
