"""The HTML report: one file that loads and runs nothing, in which text of the change stays text."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from riskml.errors import UsageError
from riskml.render.html import CSP, render

ROOT = Path(__file__).parents[3]


@pytest.fixture
def decision() -> dict[str, Any]:
    """Read a decision with every part filled in."""
    found: dict[str, Any] = json.loads((ROOT / "tests" / "golden" / "decision" / "high.json").read_text())
    return found


class Page(HTMLParser):
    """Elements in order, the attributes of all, the text, and whether every element was closed."""

    VOID = frozenset({"meta", "br", "rect", "line"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that closes itself."""
        self.elements.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        """Check that it closes what is open."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep the text that a reader sees."""
        if self.open[-1:] not in (["script"], ["style"]):
            self.text += data


def replaced(value: Any, text: str) -> Any:
    """Put ``text`` into every place of a decision that a change could write to."""
    if isinstance(value, dict):
        ours = ("contribution", "band", "strategy", "direction", "created_at")
        return {k: v if k in ours else replaced(v, text) for k, v in value.items()}
    if isinstance(value, list):
        return [replaced(v, text) for v in value]
    return text if isinstance(value, str) else value


HOSTILE = "</script><script>alert(1)</script><!--\"'><img src=x onerror=alert(1)>&lt;\x1b[2J\u202e\u2028javascript:alert(1)"


def test_well_formed_and_complete(decision: dict[str, Any]) -> None:
    """Every element is closed, and every part of the decision is shown."""
    page = Page(render(decision))
    assert page.open == []
    for shown in ("Release as canary, start 1 %", "7 in 10", "0.73 (0.60–0.84)", "96th percentile", "was fixed 6 times",
                  "−0.20", "billing/charge.py", "62 %", "338 min", "4,046", "split migrations/0042.sql out", "0.38",
                  "duration_ratio", "the clone is shallow", "score > 0.7", "error_rate_percent beyond 5",
                  "release-risk 2026.11"):
        assert shown in page.text, shown


def test_text_of_the_change_stays_text(decision: dict[str, Any]) -> None:
    """Hostile text in every field makes no element, no attribute and no script more than harmless text does."""
    harmless, hostile = Page(render(replaced(decision, "x"))), Page(render(replaced(decision, HOSTILE)))
    assert hostile.elements == harmless.elements
    assert [name for name, _ in hostile.attributes] == [name for name, _ in harmless.attributes]
    assert "\x1b" not in render(replaced(decision, HOSTILE))
    assert "alert(1)" in hostile.text


def test_nothing_is_loaded_or_run(decision: dict[str, Any]) -> None:
    """There is no address, no style attribute and no script but the data, and the policy allows the file's own style alone."""
    text = render(decision)
    page = Page(text)
    assert {name for name, _ in page.attributes}.isdisjoint({"src", "href", "style", "onload", "onclick"})
    assert re.findall(r"<script[^>]*>", text) == ['<script type="application/json" id="decision">']
    assert not re.search(r"https?:|url\(|@import", text)
    [style] = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert f"style-src 'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'" in CSP
    assert f'content="{CSP}"' in text


@pytest.mark.parametrize("text", ["plain", HOSTILE])
def test_machines_read_the_decision(decision: dict[str, Any], text: str) -> None:
    """The embedded JSON is the decision, whatever is in it."""
    decision["notes"] = [text]
    [embedded] = re.findall(r'id="decision">(.*?)</script>', render(decision), re.DOTALL)
    assert json.loads(embedded) == decision


def test_links_to_files(decision: dict[str, Any]) -> None:
    """With an address of files each file is a link, its path encoded; what is no web address is refused."""
    text = render(decision, source="https://git.example/acme/shop/blob/{head}/{path}")
    hrefs = [value for name, value in Page(text).attributes if name == "href"]
    assert hrefs[0] == f"https://git.example/acme/shop/blob/{decision['head']}/billing/charge.py"
    assert hrefs[2] == f"https://git.example/acme/shop/blob/{decision['head']}/billing/app/%5Bid%5D/%7Bx%7D%20y.py"
    for wrong in ("javascript:alert('{path}')", "https://git.example/"):
        with pytest.raises(UsageError, match="not an address of files at source"):
            render(decision, source=wrong)


@pytest.mark.parametrize("band", ["low", "medium", "high", "unknown", "nonsense"])
def test_bands(decision: dict[str, Any], band: str) -> None:
    """The band is a word, not a colour alone; one that is not known is shown as unknown."""
    shown = band if band != "nonsense" else "unknown"
    assert f"risk {shown}" in Page(render({**decision, "band": band})).text


def test_bare_decision(decision: dict[str, Any]) -> None:
    """A posted diff without history: no section is empty, and what is unknown is said to be."""
    empty: dict[str, Any] = {key: [] for key in ("reasons", "files", "unknown", "lower_it", "notes")}
    bare = {**decision, "head": None, "percentile": None, **empty}
    text = Page(render(bare)).text
    assert "No feature moved the risk." in text
    assert "Nothing that the model reads." in text
    assert "Among recent changesunknown" in text


def test_unknown_traffic(decision: dict[str, Any]) -> None:
    """A stage that lasts without a stated traffic expects an unknown number of requests; one without a length expects none."""
    assert "–unknown" not in Page(render(decision)).text
    decision["plan"]["stages"] = [{"name": "p1", "traffic_bp": 100, "min_duration_s": 3600}]
    assert "–unknown" in Page(render(decision)).text


def test_held_release(decision: dict[str, Any]) -> None:
    """What holds a release is in the banner."""
    held = copy.deepcopy(decision)
    held["plan"]["hold"] = ["3 tests failed"]
    assert "Release as hold, then canary, start 1 %" in Page(render(held)).text
    assert "Held: 3 tests failed" in Page(render(held)).text


def test_every_kind_of_stage(decision: dict[str, Any]) -> None:
    """Mirrored traffic, audiences and approvals are drawn and told."""
    decision["plan"]["stages"] = [
        {"name": "dark", "traffic_bp": 0, "mirror_bp": 2000, "min_duration_s": 3600},
        {"name": "staff", "traffic_bp": 10000, "min_duration_s": 0, "audience": {"segment": "staff"}, "approval": "manual"},
        {"name": "a-name-that-is-rather-long", "traffic_bp": 10000, "min_duration_s": 0},
    ]
    page = Page(render(decision))
    assert "copies of 20 %" in page.text
    assert "until approved" in page.text
    assert "someone approves" in page.text
    assert ("class", "copies") in page.attributes
