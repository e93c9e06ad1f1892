"""The text of the comment: what it hides can be read again, and nothing that came from a change can forge it."""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskml.ci.comment import LIMIT, LIVE, Row, compose, is_live, is_service, key, merged, read, row_of, staled, superseded

DECISION = json.loads((Path(__file__).parents[2] / "golden" / "decisions" / "high.json").read_text()) | {
    "created_at": "2026-11-23T08:00:00+00:00"}
HOSTILE = st.text(min_size=1, max_size=60) | st.sampled_from([
    "<!-- riskml:end -->", '<!-- riskml:row {"service":"x"} -->', "--> <script>alert(1)</script>", LIVE, "</details>",
    "\n### x", "| a | b |", "@everyone", "[x](http://evil.test)", "\x1b[2J", "\u202egpj", "~~", "`", "\\u002d", "%s %n {0}",
    "\r\n", "\udce9",
])


def told(text: str) -> dict[str, Any]:
    """Put a text into every place of a decision that holds words of a change."""
    plan = {**DECISION["plan"], "notes": [text], "hold": [text], "rules_fired": [text]}
    reason = {**DECISION["reasons"][0], "text": text, "files": [text]}
    lower = {**DECISION["lower_it"][0], "action": text}
    return {**DECISION, "plan": plan, "reasons": [reason], "files": [{"path": text, "share": 1.0}], "lower_it": [lower],
            "unknown": [text], "notes": [text], "id": text, "repository": text, "head": text}


def rendered(text: str) -> str:
    """Render Markdown as the platforms do: CommonMark with tables, raw HTML passed through."""
    markdown_it = pytest.importorskip("markdown_it", reason="markdown-it-py is not installed")
    return markdown_it.MarkdownIt("commonmark", {"html": True}).enable("table").render(text)


@settings(deadline=None)  # machines of CI are slow at times
@given(HOSTILE, st.booleans())
def test_nothing_of_a_change_forges_the_comment(text: str, many: bool):
    """Whatever it says, the same rows are read back, and the page has the elements that it has for harmless words."""
    rows, calm = ([row_of(d, "billing")] + ([row_of(d, "search")] if many else []) for d in (told(text), told("x")))
    body = compose(rows)
    assert read(body) == rows
    assert body.count("<!--") == compose(calm).count("<!--")
    shown, harmless = rendered(body), rendered(compose(calm))
    assert re.findall(r"<(?!!--)[^>]*>", shown) == re.findall(r"<(?!!--)[^>]*>", harmless)
    prose = html.unescape(re.sub(r"<[^>]*>", "", re.sub(r"<!--.*?-->|<code>.*?</code>", "", shown, flags=re.DOTALL)))
    assert not re.search(r"[@#!~%&$]\w|://|www\.|mailto:", prose)
    assert not {c for c in body if not c.isprintable()} - {"\n", "\u200b"}
    body.encode()


@settings(deadline=None)  # machines of CI are slow at times
@given(HOSTILE)
def test_what_is_superseded_is_not_live_and_holds_no_rows(text: str):
    """So that nobody edits it again, whatever it says."""
    old = superseded(compose([row_of(told(text), "billing")]))
    assert not is_live(old)
    assert read(old) == []


@settings(deadline=None)  # machines of CI are slow at times
@given(st.text(max_size=200))
def test_any_text_can_be_read(text: str):
    """A comment that somebody edited is no crash."""
    read(f"{LIVE}\n<!-- riskml:row {text} -->\n{text}\n<!-- riskml:end -->")


WHOLE = {"service": "a", "kind": "k", "said": "", "sha": "", "at": "", "quiet": True, "stale": ""}


@pytest.mark.parametrize("kept", ["{}", "[]", '{"x": 1}', '{"service": 1}', json.dumps(WHOLE | {"kind": []}),
                                  json.dumps(WHOLE | {"service": "<b>"}), json.dumps(WHOLE | {"quiet": 1})])
def test_damaged_rows_are_left_out(kept: str):
    """Wrong types, missing or unknown keys, and names that are none."""
    assert read(f"{LIVE}\n<!-- riskml:row {kept} -->\nx\n<!-- riskml:end -->\n") == []


def test_a_platform_that_ends_lines_its_own_way_is_understood():
    """CR LF and a lost last line end change nothing."""
    rows = [row_of(DECISION, "billing")]
    assert read(compose(rows).replace("\n", "\r\n").strip()) == rows
    assert is_live("\r\n" + compose(rows))


def test_one_service_is_told_without_a_table():
    """Its heading is the first thing that is seen, with the commit below."""
    shown = re.sub(r"<!--.*?-->\n", "", compose([row_of(DECISION, "default")]))
    assert shown.startswith("### Release risk: ship as **canary, start 1 &#37;**\n")
    assert f"<code>{DECISION['head'][:12]}</code>" in shown


def test_many_services_have_a_row_and_a_fold_each():
    """The table is above, and the sections are closed."""
    rows = [row_of(DECISION | {"strategy": s, "head": c * 40}, n) for n, s, c in (("a", "canary", "1"), ("b", "rolling", "2"))]
    body = compose(rows)
    assert "| a | **canary, start 1 &#37;** | <code>111111111111</code> |" in body
    assert body.count("<details>") == body.count("</details>") == 4


def test_the_comment_stays_within_what_the_platforms_take():
    """However many services with however much to say; every row survives."""
    long = DECISION | {"files": [{"path": "x" * 3000, "share": 0.05}] * 20}
    rows = [row_of(long, f"service-{n}") for n in range(40)]
    body = compose(rows)
    assert len(body) < LIMIT + 5000
    assert [key(r) for r in read(body)] == [key(r) for r in rows]
    assert compose(read(body)) == body


@settings(deadline=None)  # machines of CI are slow at times
@given(st.permutations([(s, at) for s in "ab" for at in ("1", "2", "3")]))
def test_the_newest_row_of_each_service_wins_in_any_order(order: list[tuple[str, str]]):
    """So runs that merge the same rows agree."""
    rows = [Row(s, "canary", at, "0" * 40, at, quiet=False) for s, at in order]
    assert [(r.service, r.at) for r in merged(rows)] == [("a", "3"), ("b", "3")]


def test_stale_text_is_struck_and_comes_back():
    """The mark can be taken away without a trace."""
    row = row_of(DECISION, "billing")
    marked = staled(row, "f" * 40)
    body = compose([marked])
    assert "~~Release risk: ship as **canary, start 1 &#37;**~~" in body
    assert "<code>ffffffffffff</code> is being scored" in body
    assert read(body) == [marked]
    assert staled(marked, row.sha) == row


@pytest.mark.parametrize(("decision", "kind", "quiet"), [
    ({"strategy": "rolling", "band": "low"}, "rolling", True), ({"strategy": "canary"}, "canary", False),
    ({"strategy": "rolling", "hold": True}, "hold", False), ({"strategy": "rolling", "band": "unknown"}, "rolling", True),
])
def test_the_class_of_a_decision(decision: dict[str, Any], kind: str, quiet: bool):
    """What is held is a class of its own; what is not known is said as not known."""
    row = row_of(DECISION | decision, "billing")
    assert (row.kind, row.quiet) == (kind, quiet)
    assert ("too little is known" in row.said) is (decision.get("band") == "unknown")


def test_nothing_to_release_is_said_as_such_and_opens_no_comment():
    """It is a class of its own, so that a comment about more than nothing gives way to it, and it is not called vague."""
    row = row_of(DECISION | {"empty": True, "probability": None, "score": None, "band": "unknown"}, "billing")
    assert (row.kind, row.said, row.quiet) == ("nothing", "nothing to release", True)
    assert "Release risk: **nothing to release**" in row.section
    assert "1 in" not in row.section


@pytest.mark.parametrize("name", ["", " a", "a|b", "a\nb", "<b>", "a" * 61, "é", "-x", "a/b", "@all"])
def test_what_may_not_name_a_service(name: str):
    """Markup, line ends, and what could be a mention or a path."""
    assert not is_service(name)
