"""Every way to show a decision keeps the same promises, whatever the change wrote into it."""

from __future__ import annotations

import json
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskml.cli.predict import FORMATS
from riskml.render import OUTPUTS, show
from riskml.render.facts import facts

DECISION = json.loads((Path(__file__).parents[1] / "golden" / "decisions" / "high.json").read_text())
HOSTILE = st.text(max_size=60) | st.sampled_from([
    "a\nstrategy<<EOF\nfull\nEOF", "$(touch pwned)", "`id`", "'; rm -rf / #", "::set-output name=strategy::full", "a\r\nb=c",
    "</details><script>alert(1)</script>", "\x1b]8;;http://evil.test\x07x", "\x1b[2J", "\u202egpj.exe", "]]>", "-->",
    "\udce9.py", "%0Astrategy=full", "a=b\nRISKML_STRATEGY=full", "\u2028x", "\x85y", "-rf",
])


def told(text: str) -> dict[str, object]:
    """Put a text into every place of a decision that holds words of the change."""
    plan = {**DECISION["plan"], "notes": [text], "hold": [text], "rules_fired": [text]}
    reason = {**DECISION["reasons"][0], "text": text, "files": [text]}
    lower = {**DECISION["lower_it"][0], "action": text}
    return {**DECISION, "repository": text, "plan": plan, "reasons": [reason], "files": [{"path": text, "share": 1.0}],
            "lower_it": [lower], "unknown": [text], "notes": [text], "id": text, "strategy": text}


def github_reads(text: str) -> dict[str, str]:
    """Read a file of step outputs as the runner does: ``name=value``, or ``name<<delimiter`` up to the delimiter's line."""
    found, lines = {}, iter(text.split("\n"))
    for line in lines:
        if "<<" in line and (line.find("=") < 0 or line.find("<<") < line.find("=")):
            name, delimiter = line.split("<<", 1)
            value = []
            while (inner := next(lines)) != delimiter:
                value.append(inner)
            found[name] = "\n".join(value)
        elif line:
            name, equals, value_text = line.partition("=")
            assert equals, line
            found[name] = value_text
    return found


def test_the_command_line_offers_every_output():
    """``--format`` lists what the table holds, without loading it."""
    assert set(FORMATS) == set(OUTPUTS)


@pytest.mark.parametrize("output", sorted(set(OUTPUTS) - {"json", "ramp"}))  # JSON is for programs, and has its own escapes
@settings(deadline=None)  # machines of CI are slow at times
@given(HOSTILE)
def test_no_output_fails_or_moves_a_cursor(output: str, text: str):
    """Whatever the change says, there is text that UTF-8 can hold, without control characters of a terminal."""
    shown = show(told(text), output)
    shown.encode("utf-8")
    assert not {c for c in shown if not c.isprintable()} - {"\n", "\u200b"}


class Elements(HTMLParser):
    """Collects the elements and attributes of a page, without their texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element with the names of its attributes."""
        self.found.append((tag, tuple(name for name, _ in attrs)))
        assert not any(name.startswith("on") or str(value).strip().lower().startswith("javascript:") for name, value in attrs)


@settings(deadline=None)  # machines of CI are slow at times
@given(HOSTILE.filter(str.strip))
def test_a_page_has_no_element_that_the_change_brought(text: str):
    """The same elements and attributes as with harmless words, and nothing that would run."""
    assert Elements(show(told(text), "html")).found == Elements(show(told("x"), "html")).found


@settings(deadline=None)  # machines of CI are slow at times
@given(HOSTILE)
def test_what_programs_read_can_be_read(text: str):
    """SARIF and Code Quality stay JSON, and JUnit stays XML."""
    json.loads(show(told(text), "sarif"))
    json.loads(show(told(text), "codequality"))
    ET.fromstring(show(told(text), "junit"))


@settings(deadline=None)  # machines of CI are slow at times
@given(HOSTILE)
def test_step_outputs_cannot_be_forged(text: str):
    """The runner reads the very names and values that were meant, and no other."""
    assert github_reads(show(told(text), "github-output")) == facts(told(text))


@settings(deadline=None)  # machines of CI are slow at times
@given(HOSTILE)
def test_a_dotenv_file_holds_one_word_a_line(text: str):
    """No line is added, and no value holds what a shell would expand or split."""
    lines = show(told(text), "dotenv").splitlines()
    assert len(lines) == len(facts(DECISION))
    for line in lines:
        name, _, value = line.partition("=")
        assert name.startswith("RISKML_")
        assert all(c.isascii() and (c.isalnum() or c in "_.,:+/@-%") for c in value)


def test_a_dotenv_file_can_be_sourced(tmp_path: Path):
    """A shell that sources the file gets the values and runs nothing."""
    file = tmp_path / "riskml.env"
    file.write_text(show(told("$(touch pwned) `touch pwned`; touch pwned"), "dotenv"))
    done = subprocess.run(["sh", "-c", '. ./riskml.env; printf %s "$RISKML_STRATEGY"'], cwd=tmp_path, capture_output=True,
                          text=True, check=True)
    assert "touch" in done.stdout
    assert [p.name for p in tmp_path.iterdir()] == ["riskml.env"]


def test_a_dotenv_file_stays_within_what_gitlab_takes():
    """At most 5 KiB and 20 variables, however long the list of unknown features."""
    text = show({**DECISION, "unknown": ["some_feature_with_a_long_name"] * 999}, "dotenv")
    assert len(text) < 5 * 1024
    assert len(text.splitlines()) <= 20


def test_a_code_quality_report_has_what_gitlab_reads():
    """Each finding has a description, a check, a fingerprint of its own, a known severity, a path and a line."""
    findings = json.loads(show(DECISION, "codequality"))
    assert [f["check_name"] for f in findings] == ["riskml/release-decision", "riskml/prior_fixes_365d"]
    assert findings[0]["severity"] == "major"
    assert len({f["fingerprint"] for f in findings}) == len(findings)
    assert all(f["location"]["path"] and f["location"]["lines"]["begin"] == 1 and f["description"] for f in findings)
    assert {f["severity"] for f in findings} <= {"info", "minor", "major", "critical", "blocker"}


@pytest.mark.parametrize(
    ("band", "hold", "severities"), [("low", False, []), ("low", True, ["blocker"]), ("unknown", False, ["info"])]
)
def test_the_severity_follows_the_decision(band: str, hold: bool, severities: list[str]):
    """A low risk is no finding, what is held is a blocker, and unknown is told as unknown."""
    findings = json.loads(show({**DECISION, "band": band, "hold": hold, "reasons": []}, "codequality"))
    assert [f["severity"] for f in findings] == severities
    if band == "unknown":
        assert "Too little is known" in findings[0]["description"]


def test_the_same_push_does_not_open_a_second_finding():
    """Another probability of the same file is the same finding."""
    again = {**DECISION, "probability": 0.5, "percentile": 60.0, "id": "other"}
    prints = [[f["fingerprint"] for f in json.loads(show(d, "codequality"))] for d in (DECISION, again)]
    assert prints[0] == prints[1]
