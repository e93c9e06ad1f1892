"""docs/reports.md says what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

from riskml.parse.reports import COVERAGE_KINDS, PARSERS
from riskml.parse.suite_json import suite_from_json, suite_to_json

PAGE = (Path(__file__).parents[2] / "docs" / "reports.md").read_text()


def test_formats_are_all_there() -> None:
    """The table of formats is the table of parsers, with the option that takes each."""
    rows = re.findall(r"^\| `([a-z-]+)` \| `(--[a-z]+)` \|", PAGE, re.MULTILINE)
    assert rows == [(kind, "--coverage" if kind in COVERAGE_KINDS else "--junit") for kind in PARSERS]


def test_wire_form_is_read() -> None:
    """The example is a suite run, and what is written for it is the example but for defaults."""
    example = json.loads(re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0])
    assert suite_to_json(suite_from_json(example)) == example
