"""A decision as SARIF: valid by OASIS's schema, with levels, places and fingerprints that code scanning can keep."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from riskml.render.sarif import render

ROOT = Path(__file__).parents[3]
SCHEMA = ROOT.parent / "shared" / "schemas" / "sarif" / "sarif-schema-2.1.0.json"


@pytest.fixture
def decision() -> dict[str, Any]:
    """Read a decision with every part filled in."""
    found: dict[str, Any] = json.loads((ROOT / "tests" / "golden" / "decision" / "high.json").read_text())
    return found


def run_of(decision: dict[str, Any]) -> dict[str, Any]:
    """Render, and take the one run."""
    [run] = json.loads(render(decision))["runs"]
    assert isinstance(run, dict)
    return run


@pytest.mark.parametrize("band", ["low", "medium", "high", "unknown"])
@pytest.mark.parametrize("hold", [False, True])
def test_valid_by_the_official_schema(decision: dict[str, Any], band: str, hold: bool) -> None:
    """Every band, held or not, validates against SARIF 2.1.0, formats of addresses and times included."""
    if not SCHEMA.exists():
        pytest.skip(f"no official schema at {SCHEMA.relative_to(ROOT.parent)}")
    jsonschema = pytest.importorskip("jsonschema")
    document = json.loads(render({**decision, "band": band, "hold": hold}))
    jsonschema.Draft4Validator(json.loads(SCHEMA.read_text()), format_checker=jsonschema.FormatChecker()).validate(document)


@pytest.mark.parametrize(
    ("band", "hold", "kind", "level", "notes"),
    [("low", False, "pass", "none", 0), ("medium", False, "fail", "note", 2), ("high", False, "fail", "warning", 2),
     ("unknown", False, "open", "none", 2), ("low", True, "fail", "error", 0)],
)
def test_levels(decision: dict[str, Any], band: str, hold: bool, kind: str, level: str, notes: int) -> None:
    """The level follows the band, a held release is an error, and a low risk raises no note; lowering reasons never do."""
    first, *rest = run_of({**decision, "band": band, "hold": hold})["results"]
    assert (first["kind"], first["level"]) == (kind, level)
    assert [result["level"] for result in rest] == ["note"] * notes


def test_results_point_at_rules_and_files(decision: dict[str, Any]) -> None:
    """Each result names its rule by id and index, and files as encoded paths below the repository's root."""
    run = run_of(decision)
    rules = run["tool"]["driver"]["rules"]
    assert [rules[result["ruleIndex"]]["id"] for result in run["results"]] == [result["ruleId"] for result in run["results"]]
    places = [place["physicalLocation"]["artifactLocation"] for place in run["results"][0]["locations"]]
    assert [place["uri"] for place in places] == ["billing/charge.py", "billing/app/%5Bid%5D/%7Bx%7D%20y.py"]
    assert {place["uriBaseId"] for place in places} == set(run["originalUriBaseIds"])


def test_fingerprints_survive_a_push(decision: dict[str, Any]) -> None:
    """A new head, score and wording of the same reasons at the same files update alerts and open none."""
    pushed = {**decision, "head": "c" * 40, "score": 0.9, "reasons": [{**r, "text": "other"} for r in decision["reasons"]]}
    before, after = ([r["partialFingerprints"] for r in run_of(d)["results"]] for d in (decision, pushed))
    assert after == before


def test_unknown_features_are_notifications(decision: dict[str, Any]) -> None:
    """What could not be known is said by the run, not as a finding."""
    [invocation] = run_of(decision)["invocations"]
    assert [note["message"]["text"] for note in invocation["toolExecutionNotifications"]] == ["not known: duration_ratio"]


def test_text_of_the_change_is_only_text(decision: dict[str, Any]) -> None:
    """Braces, links and control characters of a path are shown, not obeyed."""
    decision["reasons"][0]["text"] = "a{0}[x](https://203.0.113.1)\x1b[2J\u202e"
    text = run_of(decision)["results"][1]["message"]["text"]
    assert text.startswith("a{{0}}[x]\u200b(https://203.0.113.1)\\x1b[2J\\u202e")


def test_posted_diff_without_anything(decision: dict[str, Any]) -> None:
    """A decision without head, files, reasons or percentile is a run with one result that has no place."""
    empty: dict[str, Any] = {key: [] for key in ("reasons", "files", "unknown", "lower_it")}
    bare = {**decision, "head": None, "base": None, "percentile": None, **empty}
    [result] = run_of(bare)["results"]
    assert "locations" not in result
