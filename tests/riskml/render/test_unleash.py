"""Unleash gets requests that its Admin API takes: texts as parameters, one constraint, whole percents."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from riskml.errors import RenderRefused
from riskml.plan import Audience, Match, Plan, from_json
from riskml.render import render

PLANS = Path(__file__).parents[2] / "golden" / "plans"


@pytest.fixture
def plan() -> Plan:
    """Return a feature flag that goes to internal users first."""
    return from_json(json.loads((PLANS / "feature-flag.json").read_text()))


def to(plan: Plan, *matches: Match, segment: str = "everyone") -> Plan:
    """Return the plan with another audience of its first stage."""
    return replace(plan, stages=(replace(plan.stages[0], audience=Audience(segment, matches)), *plan.stages[1:]))


def test_the_first_request_creates_and_the_others_change(plan):
    """One POST, then PUT with the strategy's id; every parameter is a text, and the flag can be switched off."""
    made = json.loads(render(plan, "unleash", project="shop", flag="new-cart"))
    requests = [s["request"] for s in made["stages"]]
    base = "/api/admin/projects/shop/features/new-cart/environments/production"
    assert [r["method"] for r in requests] == ["POST", "PUT", "PUT", "PUT", "PUT"]
    assert {r["path"] for r in requests} == {f"{base}/strategies", f"{base}/strategies/{{strategyId}}"}
    assert all(isinstance(v, str) for r in requests for v in r["body"]["parameters"].values())
    assert made["rollback"] == {"method": "POST", "path": f"{base}/off"}


def test_attributes_become_one_constraint(plan):
    """Values of one attribute, compared in one way, are joined by "or" inside one constraint."""
    matches = (Match("attribute", "email", "suffix", "@a.test"), Match("attribute", "email", "suffix", "@b.test"))
    made = json.loads(render(to(plan, *matches), "unleash"))
    assert made["stages"][0]["request"]["body"]["constraints"] == [
        {"contextName": "email", "operator": "STR_ENDS_WITH", "values": ["@a.test", "@b.test"]}]


@pytest.mark.parametrize("matches", [
    (Match("header", "x", "exact", "1"),),
    (Match("attribute", "email", "regex", ".*"),),
    (Match("attribute", "email", "exact", "a"), Match("attribute", "id", "exact", "b")),
])
def test_what_would_be_joined_by_and_is_refused(plan, matches):
    """Constraints of a strategy are joined by "and": a header, a pattern or two attributes cannot be said."""
    with pytest.raises(RenderRefused, match="audience_unsupported"):
        render(to(plan, *matches), "unleash")


def test_names_that_would_change_the_path_are_refused(plan):
    """A slash or a question mark in a name is refused, not encoded into another request."""
    with pytest.raises(RenderRefused, match="invalid_name"):
        render(plan, "unleash", flag="a/../b?x")
