"""The JSON report of coverage.py (``coverage json``), formats 2 and 3."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Final

from riskml.errors import HostileInput, MalformedReport, TooLarge
from riskml.parse.line_hits import LineHits
from riskml.parse.report import Report

MAX_BYTES: Final = 32 * 1000 * 1000
"""JSON is read whole and takes about ten times its size in memory, hence less than for XML."""


def read_coverage_json(data: bytes, where: str) -> Report:
    """Read one report: ``executed_lines`` and ``missing_lines`` of each file; excluded lines are not executable.

    >>> read_coverage_json(b'{"meta": {}, "files": {"a.py": {"executed_lines": [1], "missing_lines": [2]}}}', "c.json").coverage
    {'a.py': FileCoverage(covered=frozenset({1}), missed=frozenset({2}))}
    """
    place = [where]
    hits = LineHits(lambda: place[0])
    files = load(data, where).get("files")
    if not isinstance(files, dict):
        raise MalformedReport("not a coverage.py report", where=f"{where}: files", got=files, expected="an object by file")
    for path, entry in files.items():
        place[0] = f"{where}: files[{path[:80]!r}]"
        hits.open(path)
        for key in ("executed_lines", "missing_lines"):
            lines = entry.get(key) if isinstance(entry, dict) else None
            if not isinstance(lines, list):
                raise MalformedReport(f"no {key}", where=place[0], got=lines, expected="a list of line numbers")
            for line in lines:
                if type(line) is not int:
                    raise MalformedReport("not a line number", where=f"{place[0]}.{key}", got=line, expected="a whole number")
                hits.add(path, line, key == "executed_lines")
    return Report("coverage-json", where, coverage=hits.done())


def load(data: bytes, where: str) -> Mapping[str, object]:
    """Read a JSON object from outside: bounded in size and depth; anything else is refused with its place."""
    if len(data) > MAX_BYTES:
        raise TooLarge("the JSON report is too large", where=where, got=len(data), expected=f"at most {MAX_BYTES} bytes")
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except json.JSONDecodeError as error:
        raise MalformedReport(f"not JSON ({error.msg})", where=f"{where}:{error.lineno}:{error.colno}") from error
    except RecursionError as error:
        raise HostileInput("JSON is nested too deep", where=where) from error
    except ValueError as error:  # not UTF-8, or a number of thousands of digits
        raise MalformedReport("not JSON", where=where, got=str(error)) from error
    if not isinstance(document, dict):
        raise MalformedReport("not a JSON report", where=where, got=type(document).__name__, expected="an object")
    return document
