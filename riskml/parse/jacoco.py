"""JaCoCo XML: files by package and name, lines with missed and covered instructions."""

from __future__ import annotations

import re
from typing import Final

from riskml.errors import MalformedReport
from riskml.parse.hardened_xml import TagHandler, walk
from riskml.parse.line_hits import LineHits, number
from riskml.parse.report import Report

DOCTYPES: Final = (re.compile(r"(?:\A|/)report\.dtd\Z"),)


def read_jacoco(data: bytes, where: str) -> Report:
    """Read one report. A line with a covered instruction is covered, also when others of the line were missed.

    The paths are of packages (``org/acme/Foo.java``), not of source folders: ``riskml.parse.match`` finds the file by its end.
    A file that two groups (modules) of the report name is unknown, and noted: they share the name, not the file.

    >>> report = read_jacoco(b'<report name="shop"><package name="org/acme"><sourcefile name="Foo.java">'
    ...     b'<line nr="3" mi="0" ci="4"/><line nr="5" mi="2" ci="0"/></sourcefile></package></report>', "jacoco.xml")
    >>> report.coverage
    {'org/acme/Foo.java': FileCoverage(covered=frozenset({3}), missed=frozenset({5}))}
    """
    reader = _Jacoco()
    walk(data, where, reader, doctypes=DOCTYPES)
    coverage = {path: lines for path, lines in reader.hits.done().items() if path not in reader.twice}
    notes = tuple(f"coverage of {path} is unknown: {where} has it in several groups" for path in sorted(reader.twice))
    return Report("jacoco", where, coverage=coverage, notes=notes)


class _Jacoco(TagHandler):
    def __init__(self) -> None:
        self.hits = LineHits(self.at)
        self._depth = 0
        self._package: str | None = None
        self._file: str | None = None
        self.files: set[str] = set()
        self.twice: set[str] = set()

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1 and tag != "report":
            raise MalformedReport("not a JaCoCo report", where=self.at(), got=f"<{tag}>", expected="<report>")
        if tag == "package":
            self._package = attributes.get("name", "")
        elif tag == "sourcefile":
            if self._package is None:
                raise MalformedReport("a file outside of a package", where=self.at(), expected="<sourcefile> in <package>")
            name = attributes.get("name", "")
            self._file = self.hits.open(f"{self._package}/{name}" if self._package and name else name)
            if self._file in self.files:
                self.twice.add(self._file)
            self.files.add(self._file)
        elif tag == "line":
            if self._file is None:
                raise MalformedReport("a line outside of a source file", where=self.at(), expected="<line> in <sourcefile>")
            self.hits.add(self._file, number(attributes.get("nr"), self.at, "line number"),
                          number(attributes.get("ci"), self.at, "count of instructions") > 0)

    def end(self, tag: str) -> None:
        self._depth -= 1
        if tag == "package":
            self._package = None
        elif tag == "sourcefile":
            self._file = None
