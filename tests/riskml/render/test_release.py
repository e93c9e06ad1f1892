"""A release in the outputs that show what it is made of: in words, in rows, and harmless whatever a title says."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskml.render import OUTPUTS, show
from riskml.render.markdown import MARKER

DECISION = json.loads((Path(__file__).parents[2] / "golden" / "decisions" / "high.json").read_text())


def release(title: str = "Add a cache", changes: int = 3) -> dict[str, Any]:
    """Return a decision about a release, with a text in every place that holds words of a change."""
    ranked = [{"commit": f"{n:040x}", "subject": title, "probability": 0.4, "share": 1 / changes, "can_wait": not n,
               "reason": {"text": title}} for n in range(changes)]
    part = {"changes": 2, "up_to": None, "score": 0.64, "strategy": "blue-green", "initial_traffic": None, "hold": []}
    trains = [{**part, "up_to": f"{n:040x}", "strategy": "canary", "initial_traffic": 1} for n in range(6)]
    return {**DECISION, "probability": 0.784, "percentile": None, "release": {
        "version": 1, "changes": changes, "expected_harmful": 0.4 * changes, "at_least": 0.4, "at_most": 1.0,
        "one_diff": {"probability": 0.7}, "ranked": ranked,
        "cancelled": [{"commit": "a" * 40, "subject": title, "by": "b" * 40}],
        "splits": [{"kind": "hold-back", "action": f"hold back {title}", "count": 2, "parts": [part, {**part, "changes": 1}]},
                   {"kind": "trains", "action": "release in 6 trains", "count": 6, "parts": trains}],
    }}


def test_a_terminal_shows_what_is_in_it_and_how_to_cut_it():
    """The changes with their shares, what holds without independence, and each part with its own plan."""
    shown = show(release(changes=12), "text")

    assert "because p(any harm)=0.78" in shown
    assert "as many average changes 0.24" in shown
    assert "RELEASE   12 changes, of which 4.8 do harm on average · between 0.40 and 1.00 however they depend" in shown
    assert "  8 %  0.40  Add a cache (000000000) — Add a cache; can wait" in shown
    assert "2 more, 17 % together" in shown
    assert "CANCELLED Add a cache (aaaaaaaaa), taken back by bbbbbbbbb" in shown
    assert "first the other 2 changes → 0.64 (blue-green)" in shown
    assert "then what was held back (1 change) → 0.64 (blue-green)" in shown
    assert "then 2 changes up to 000000000 → 0.64 (canary, start 1 %)" in shown
    assert "then 2 more" in shown


def test_a_comment_keeps_to_twelve_lines_above_the_fold():
    """The four riskiest changes stand there, the rest below."""
    above, _, below = show(release(changes=9), "markdown").partition("<details>")

    assert MARKER in above
    assert len([line for line in above.splitlines() if line]) <= 12
    assert "9 changes, of which 3.6 do harm on average; at least one does with probability **0.78**." in above
    assert above.count("| 11 % | 0.40 |") == 4
    assert below.count("| 11 % | 0.40 |") == 5


def test_a_page_shows_it_too():
    """All changes up to fifty, and the splits."""
    shown = show(release(), "html")

    assert "What is in it" in shown
    assert shown.count("Add a cache (000000000)") >= 3
    assert "release in 6 trains" in shown


class Names(HTMLParser):
    """Collects the names of a page's elements."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.found.append(tag)


HOSTILE = st.text(max_size=60) | st.sampled_from([
    "</details><script>alert(1)</script>", "@all | x", "\x1b[2J", "\u202egpj.exe", "a\r\nb", "<!-- riskml:row {} -->",
    "\udce9.py"])


@pytest.mark.parametrize("output", sorted(set(OUTPUTS) - {"json", "ramp"}))
@settings(deadline=None)
@given(HOSTILE)
def test_no_title_moves_a_cursor_or_adds_an_element(output: str, text: str):
    """Whatever a commit is called."""
    shown = show(release(text), output)
    shown.encode("utf-8")

    assert not {c for c in shown if not c.isprintable()} - {"\n", "\u200b"}
    if output == "html":
        assert Names(shown).found == Names(show(release("x"), output)).found
    if output == "markdown":
        assert shown.count("<") == show(release("x"), output).count("<")
