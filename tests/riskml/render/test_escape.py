"""Text of a change in Markdown."""

from __future__ import annotations

import html
import re

import pytest

from riskml.render.escape import markdown


@pytest.mark.parametrize("text", ["-", "- x", "--- ", "===", "1.", "12. x", "     x", " - x", "+ x", "> x", "2) x", "1x."])
def test_nothing_opens_a_block_at_the_start_of_a_line(text: str):
    """Neither at the start of an item nor after another line: it is shown as it stands, in one paragraph."""
    markdown_it = pytest.importorskip("markdown_it", reason="markdown-it-py is not installed")
    shown = markdown_it.MarkdownIt("commonmark").render(f"- {markdown(text)}\n\nbefore\n{markdown(text)}\n")

    assert re.findall(r"<[^>]+>", shown) == ["<ul>", "<li>", "</li>", "</ul>", "<p>", "</p>"]
    assert [html.unescape(t).strip() for t in re.findall(r"<li>(.*?)</li>|before\n(.*?)</p>", shown)[0] if t] == [text.strip()]
