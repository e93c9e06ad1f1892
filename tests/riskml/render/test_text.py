"""A decision on a terminal says what to do, why, what would help, and what is not known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from riskml.render import show
from riskml.render.text import render

DECISION = json.loads((Path(__file__).parents[2] / "golden" / "decisions" / "high.json").read_text())


def test_the_whole_decision_reads_like_this():
    """The reviewed text: decision first, what was compared, then reasons by weight, the ramp, proposals, unknowns, versions."""
    assert render(DECISION) == (
        "DECISION  canary, start 1 %   because p(harm)=0.73 [0.61–0.82] · 96th percentile here · base rate 0.24\n"
        "CHANGE    acme/shop · 001122334455..a1b2c3d4e5f6\n"
        "WHY       +0.91  6 fixes in the last 365 days (97th percentile) — billing/charge.py\n"
        "          −0.20  behind flag new-charge\n"
        "PLAN      p1: 1 %, at least 1 h, 4,100 requests, gates err, p99\n"
        "          all: 100 %\n"
        "LOWER IT  leave out migrations/ → 0.38 (rolling)\n"
        "UNKNOWN   coverage_changed_lines\n"
        "          model release-risk 2026.11 · features 1 · policy default 1\n"
    )


def test_a_held_release_says_so_first():
    """A plan that must not start on its own is announced as held, with the reasons."""
    text = render({**DECISION, "plan": {**DECISION["plan"], "hold": ["2 tests failed"]}})
    assert text.startswith("DECISION  hold, then canary, start 1 %")
    assert "HELD      2 tests failed\n" in text


def test_the_score_is_shown_where_it_is_not_the_probability():
    """A service with little impact lowers the score, not the probability; both are shown then."""
    assert "p(harm)=0.73 [0.61–0.82] · score 0.40" in render({**DECISION, "score": 0.40})


def test_long_paths_do_not_fill_the_terminal():
    """Of paths as deep as a monorepo's the first is named and the others counted; short ones are named in pairs."""
    deep = "services/billing/src/main/java/com/acme/billing/charge"
    for files, said in ((["a.py", "b.py", "c.py"], " — a.py, b.py and 1 more\n"),
                        ([f"{deep}/A.java", f"{deep}/B.java"], f" — {deep}/A.java and 1 more\n")):
        assert said in render({**DECISION, "reasons": [{**DECISION["reasons"][0], "files": files}]})


def test_control_characters_are_shown_and_not_obeyed():
    """A path cannot clear the screen, hide itself, start a new line or reverse it; a byte that is no UTF-8 is shown."""
    path = "a\x1b[2Jb\nDECISION rolling\u202e\udce9.py"
    reason = {**DECISION["reasons"][0], "files": [path], "text": "x\x07"}
    text = render({**DECISION, "reasons": [reason]})
    assert "a\\x1b[2Jb\\x0aDECISION rolling\\u202e\\xe9.py" in text
    assert all(c.isprintable() or c == "\n" for c in text)
    text.encode("utf-8")


def test_colour_only_when_asked():
    """No escape code reaches a pipe; with colour the first word has the colour of the band."""
    assert "\x1b" not in render(DECISION)
    assert render(DECISION, colour=True).startswith("\x1b[1;31mDECISION\x1b[0m")


def test_a_decision_of_the_bare_minimum_is_shown():
    """Percentile, bounds, reasons and proposals may all be unknown."""
    bare = {"score": 0.5, "probability": 0.5, "strategy": "rolling", "plan": {}, "percentile": None}
    assert render(bare).startswith("DECISION  rolling   because p(harm)=0.50\n")


@pytest.mark.parametrize("output", ["text", "markdown"])
def test_outputs_are_chosen_by_name(output):
    """``show`` finds an output by its name."""
    assert "canary, start 1" in show(DECISION, output)


def test_what_was_compared_is_always_said():
    """A first commit has no base, a working tree no head; the base is often chosen for the user, who must see it."""
    assert "CHANGE    acme/shop · (nothing)..a1b2c3d4e5f6\n" in render({**DECISION, "base": None})
    assert "CHANGE    acme/shop · 001122334455..(not committed)\n" in render({**DECISION, "head": None})
