"""``riskml policy test``: a policy on past assessments, before it decides anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from riskml.cli.main import main

POLICY = """
version: 1
rules:
  - when: {score: "> 0.6"}
    strategy: canary
    initial_traffic: 1
  - when: {migration_files: "> 0"}
    strategy: blue-green
    stage: 2
  - strategy: rolling
"""


def asked(folder: Path, rows: object, *more: str, lines: bool = False) -> list[str]:
    """Write a policy and assessments, and return the arguments."""
    (folder / "policy.yaml").write_text(POLICY)
    text = "\n".join(json.dumps(r) for r in rows) if lines else json.dumps(rows)  # type: ignore[attr-defined] # a list then
    (folder / "past.json").write_text(text)
    return ["policy", "test", str(folder / "policy.yaml"), "--assessments", str(folder / "past.json"), *more]


ROWS = [{"id": "a", "probability": 0.65, "strategy": "blue-green", "expect": {"strategy": "canary"}},
        {"id": "b", "probability": 0.1, "strategy": "rolling"},
        {"id": "c", "probability": 0.1, "features": {"migration_files": 1}, "expect": {"strategy": "blue-green"}}]


@pytest.mark.parametrize("lines", [True, False])
def test_what_differs_from_then_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str], lines: bool) -> None:
    """Only what changed or is wrong is listed; all expectations hold, so the exit code is 0."""
    assert main(asked(tmp_path, ROWS, lines=lines)) == 0
    out = capsys.readouterr().out
    assert "a: score 0.65: canary, was blue-green" in out
    assert "b:" not in out
    assert out.endswith("3 assessments, 1 decided otherwise than then, 0 not as expected\n")


def test_a_decision_that_is_not_as_expected_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """So that a policy has tests in its own CI."""
    assert main(asked(tmp_path, {"items": [{"probability": 0.9, "expect": {"strategy": "rolling", "hold": False}}]})) == 20
    assert "NOT AS EXPECTED" in capsys.readouterr().out
    assert main(asked(tmp_path, [{"probability": 0.9, "expect": {"strategy": "rolling"}}], "--format", "json")) == 20
    assert json.loads(capsys.readouterr().out)[0]["wrong"] is True


def test_an_empty_change_among_them_is_decided_without_a_risk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The service keeps such answers, too; a rule on a risk does not fire on what was not measured."""
    rows = [{"id": "a", "empty": True, "probability": None, "strategy": "rolling", "expect": {"strategy": "rolling"}}]
    assert main(asked(tmp_path, rows)) == 0
    assert capsys.readouterr().out == "1 assessment, 0 decided otherwise than then, 0 not as expected\n"


@pytest.mark.parametrize(("rows", "words"), [
    ([{"id": "a"}], "assessments[0].probability"), ([{"probability": 2}], "a number from 0 to 1"),
    ([{"probability": 0.5, "expect": {"strategi": "canary"}}], "did you mean strategy"), ([1], "not assessments"),
])
def test_what_is_no_assessment_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str], rows: list[object],
                                          words: str) -> None:
    """With its place in the file."""
    assert main(asked(tmp_path, rows)) == 2
    assert words in capsys.readouterr().err
