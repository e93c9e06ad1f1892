"""A decision as a comment: short above the fold, and nothing in it comes alive that came from the change."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path

import pytest

from riskml.render.markdown import LIMIT, render

DECISION = json.loads((Path(__file__).parents[2] / "golden" / "decisions" / "high.json").read_text())
HOSTILE = [
    "a|b.py", "`rm -rf`.py", "``x` y", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "@everyone",
    "#1 !2 ~3 %4 &5", "[x](javascript:alert(1))", "![](http://evil.test/p.png)", "http://evil.test", "www.evil.test",
    "**bold** _it_ ~~no~~", "</details>", "<!-- riskml:v1 sha=00 -->", "a\nb", "\u202egpj", "\x1b[31m", "&lt;b&gt;", "$$x$$",
    "\udce9.py", "a@b.test", "--- | ---", "\\|",
]


def rendered(text: str) -> str:
    """Render Markdown as the platforms do: CommonMark with tables, raw HTML passed through."""
    markdown_it = pytest.importorskip("markdown_it", reason="markdown-it-py is not installed")
    return markdown_it.MarkdownIt("commonmark", {"html": True}).enable("table").render(text)


def test_the_comment_reads_like_this():
    """The reviewed text above the fold."""
    above = render(DECISION).partition("<details>")[0]
    assert above == (
        "<!-- riskml:v1 sha=a1b2c3d4e5f60718293a4b5c6d7e8f9001122334 -->\n"
        "### Release risk: ship as **canary, start 1 &#37;**\n"
        "About **7 in 10** changes like this one did harm (on average 1 in 4); riskier than 96 % of this repository's recent "
        "changes.\n\n"
        "| | Why | Where |\n|--|--|--|\n"
        "| ▲ | 6 fixes in the last 365 days (97th percentile) | <code>billing/charge.py</code> |\n"
        "| ▼ | behind flag new-charge |  |\n\n"
        "**Make it smaller:** leave out migrations/ → 0.38 (rolling)\n\n"
    )


def test_there_are_at_most_twelve_lines_above_the_fold():
    """However many reasons and proposals there are, the rest goes below."""
    long = {**DECISION, "reasons": DECISION["reasons"] * 9, "lower_it": DECISION["lower_it"] * 9,
            "plan": {**DECISION["plan"], "hold": ["tests failed"] * 9}}
    above, _, below = render(long).partition("<details>")
    assert len([line for line in above.splitlines() if line]) <= 12
    assert below.count("6 fixes") == 7


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("place", ["path", "reason", "action", "note", "hold"])
def test_nothing_from_the_change_comes_alive(text, place):
    """A path, a reason, a proposal or a note adds no element, link, picture, cell, mention, reference or line."""
    said, path = text if place == "reason" else "x", text if place == "path" else "y"
    reasons = [{**DECISION["reasons"][0], "text": said, "files": [path]}]
    plan = {**DECISION["plan"], "notes": [text if place == "note" else "n"], "hold": [text if place == "hold" else "h"]}
    action = {**DECISION["lower_it"][0], "action": text if place == "action" else "z"}
    told = {**DECISION, "reasons": reasons, "plan": plan, "lower_it": [action], "files": [{"path": path, "share": 1}]}
    harmless = {"text": "x", "files": ["y"]}
    calm = {**told, "reasons": [{**reasons[0], **harmless}], "plan": {**plan, "notes": ["n"], "hold": ["h"]},
            "lower_it": [{**action, "action": "z"}], "files": [{"path": "y", "share": 1}]}
    shown = rendered(render(told))
    assert re.findall(r"<[^>]*>", shown) == re.findall(r"<[^>]*>", rendered(render(calm)))
    prose = html.unescape(re.sub(r"<[^>]*>", "", re.sub(r"<code>.*?</code>", "", shown)))
    assert not re.search(r"[@#!~%&$]\w|://|www\.|mailto:", prose)
    assert "\x1b" not in shown
    assert "\u202e" not in shown
    shown.encode("utf-8")


@pytest.mark.parametrize("path", ["a|b.py", "`x`.py", "<b>.py", "&amp;.py", "a*b*_c_.py"])
def test_a_path_is_shown_as_it_is(path):
    """What is escaped reads like the path again on the page."""
    reasons = [{**DECISION["reasons"][0], "files": [path]}]
    cells = re.findall(r"<code>(.*?)</code>", rendered(render({**DECISION, "reasons": reasons})))
    assert path in [html.unescape(c) for c in cells]


def test_the_marker_holds_only_a_hash():
    """A head that is no hash cannot close the hidden marker."""
    first = render({**DECISION, "head": "--> <b>fe"}).splitlines()[0]
    assert first == "<!-- riskml:v1 sha=bfe -->"


def test_a_huge_change_fits_into_a_comment():
    """Thousands of files and notes are cut, visibly."""
    plan = {**DECISION["plan"], "notes": ["n" * 500] * 500}
    text = render({**DECISION, "plan": plan})
    assert len(text) < LIMIT
    assert "\n…\n" in text
    assert text.rstrip().endswith("policy default 1")


def test_what_is_not_known_is_said():
    """Unknown inputs are listed, and their absence is said too."""
    assert "Not known: <code>coverage&#95;changed&#95;lines</code>." in render(DECISION)
    assert "Not known: nothing that the model reads." in render({**DECISION, "unknown": []})
