"""A decision as JUnit XML: valid by both schemas in use, and it fails exactly where the exit code would."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from riskml.parse.junit import parse_junit
from riskml.render.junit import render

ROOT = Path(__file__).parents[3]
SCHEMAS = ROOT.parent / "shared" / "schemas" / "junit"


@pytest.fixture
def decision() -> dict[str, Any]:
    """Read a decision with every part filled in."""
    found: dict[str, Any] = json.loads((ROOT / "tests" / "golden" / "decision" / "high.json").read_text())
    return found


HOSTILE = "</failure>]]><x a=\"'\">&lol;\x00\x1b[2J\u202e\ud800\ufffe\n"


@pytest.mark.parametrize("schema", ["windyroad-JUnit.xsd", "jenkins-junit-10.xsd"])
@pytest.mark.parametrize("band", ["low", "high", "unknown"])
@pytest.mark.parametrize("hold", [False, True])
@pytest.mark.parametrize("text", ["plain", HOSTILE])
def test_valid_by_the_schemas(decision: dict[str, Any], schema: str, band: str, hold: bool, text: str) -> None:
    """Every outcome validates, whatever characters the change has in it."""
    if not SCHEMAS.exists():
        pytest.skip(f"no schemas at {SCHEMAS.relative_to(ROOT.parent)}")
    etree = pytest.importorskip("lxml.etree")
    decision["reasons"][0]["text"] = decision["reasons"][0]["files"][0] = decision["repository"] = text
    decision["plan"]["hold"] = [text]
    document = etree.fromstring(render({**decision, "band": band, "hold": hold}).encode())
    etree.XMLSchema(etree.parse(str(SCHEMAS / schema))).assertValid(document)


@pytest.mark.parametrize(
    ("band", "hold", "unknown", "outcomes"),
    [
        ("low", False, [], ["passed", "passed", "passed"]),
        ("medium", False, ["x"], ["passed", "passed", "skipped"]),
        ("high", False, [], ["passed", "failed", "passed"]),
        ("low", True, [], ["failed", "passed", "passed"]),
        ("unknown", False, ["x"], ["passed", "skipped", "skipped"]),
    ],
)
def test_outcomes(decision: dict[str, Any], band: str, hold: bool, unknown: list[str], outcomes: list[str]) -> None:
    """Held and high fail, unknown is skipped, and our own reader agrees with the counts."""
    data = render({**decision, "band": band, "hold": hold, "unknown": unknown}).encode()
    assert [case.outcome for case in parse_junit(data, "r.xml")] == outcomes
    assert f'tests="3" failures="{outcomes.count("failed")}" errors="0" skipped="{outcomes.count("skipped")}"' in data.decode()


def test_failure_tells_why(decision: dict[str, Any]) -> None:
    """The text of a failure is the decision as a terminal shows it, so that a widget needs no other page."""
    text = render(decision)
    assert 'message="release as canary, start 1 %"' in text
    assert "billing/charge.py was fixed 6 times in the last year" in text
    assert "split migrations/0042.sql out" in text
