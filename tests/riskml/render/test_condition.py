"""An audience is recognised exactly, or refused."""

from __future__ import annotations

import re

import pytest

from riskml.errors import RenderRefused
from riskml.plan import Audience, Match
from riskml.render.condition import header_tests, quoted, whole_regex


def refused(*matches: Match, segment: str = "internal") -> RenderRefused:
    """Return how an audience is refused."""
    with pytest.raises(RenderRefused) as caught:
        header_tests("istio", Audience(segment, matches), "stages[2]")
    assert caught.value.reason == "audience_unsupported"
    return caught.value


def test_a_segment_without_conditions_is_nothing_a_router_sees():
    """A named segment alone is refused, with its path and what would help."""
    error = refused()
    assert error.where == "stages[2].audience.segment"
    assert "match_any" in str(error)


@pytest.mark.parametrize(("match", "where"), [
    (Match("attribute", "email", "suffix", "@corp.test"), "kind"),
    (Match("header", "x y", "exact", "1"), "name"),
    (Match("header", "", "exact", "1"), "name"),
    (Match("header", "x", "exact", "a\nb"), "value"),
    (Match("cookie", "c", "exact", "a;b"), "value"),
    (Match("cookie", "c", "regex", ".*"), "op"),
])
def test_what_cannot_be_recognised_is_refused_with_its_path(match, where):
    """Attributes, impossible names and values, and patterns inside the cookie header are refused."""
    assert refused(Match("header", "x", "exact", "1"), match).where == f"stages[2].audience.match_any[1].{where}"


@pytest.mark.parametrize("text", ["a.b*c", "(x|y)", "^$", "[a]{2}", "a\\b", "+?"])
def test_quoted_text_matches_itself_alone(text):
    """Every special character is taken literally."""
    assert re.fullmatch(quoted(text), text)
    assert not re.fullmatch(quoted(text), text + "x")
    assert re.fullmatch(whole_regex(Match("header", "x", "suffix", text)), "before" + text)
    assert re.fullmatch(whole_regex(Match("header", "x", "prefix", text)), text + "after")


@pytest.mark.parametrize(("cookies", "fits"), [
    ("beta=on", True), ("a=1; beta=on", True), ("a=1; beta=on; b=2", True), ("beta=on;b=2", True),
    ("beta=one", False), ("xbeta=on", False), ("a=beta=on", False), ("beta=o", False),
])
def test_a_cookie_is_found_among_others(cookies, fits):
    """The whole cookie header is matched by a regular expression that knows where a cookie begins and ends."""
    (test,) = header_tests("istio", Audience(match_any=(Match("cookie", "beta", "exact", "on"),)), "stages[0]")
    assert (test.name, test.op) == ("cookie", "regex")
    assert bool(re.fullmatch(test.value, cookies)) is fits
