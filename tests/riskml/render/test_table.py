"""The one way to call a renderer: names, options, refusals."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from riskml.errors import PlanError, RenderRefused, UsageError
from riskml.plan import Audience, Gate, Match, Plan, Rule, Stage, from_json
from riskml.render import OUTPUTS, RENDERERS, options, render, show
from riskml.render.refusal import CODES, refuse

PLANS = Path(__file__).parents[2] / "golden" / "plans"
CANARY = from_json(json.loads((PLANS / "canary.json").read_text()))

texts = st.text(max_size=9) | st.sampled_from(['"', "'", "\n", "};", "${x}", "{{x}}", "\x00", "- a"])
names = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True)
matches = st.builds(Match, st.sampled_from(["header", "cookie", "attribute"]), texts,
                    st.sampled_from(["exact", "prefix", "suffix", "regex"]), texts)
audiences = st.builds(Audience, st.sampled_from(["everyone", "internal", "staff"]), st.lists(matches, max_size=3).map(tuple))
stages = st.builds(
    Stage, names, st.integers(0, 10_000) | st.sampled_from([0, 100, 1_000, 5_000, 10_000]), st.integers(0, 7_200),
    mirror_bp=st.none() | st.integers(0, 10_000), audience=st.none() | audiences,
    gates=st.sampled_from([(), ("g",), ("g", "h")]),
    approval=st.sampled_from(["automatic", "manual"]),
)
checks = st.sampled_from([("error_rate", "percent"), ("latency_p99", "milliseconds"), ("success_rate", "percent")])
odd_checks = st.tuples(texts, st.sampled_from(["percent", "count"]))


def mostly(usual: st.SearchStrategy, odd: st.SearchStrategy) -> st.SearchStrategy:
    """Draw the odd in one of six cases."""
    return st.integers(0, 5).flatmap(lambda n: usual if n else odd)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Draw plans that validate, with hostile names and values in every free text."""
    made = replace(
        CANARY, strategy=draw(st.sampled_from(["full", "rolling", "blue-green", "canary", "feature-flag", "dark-launch"])),
        stages=tuple(draw(st.lists(stages, min_size=1, max_size=4, unique_by=lambda s: s.name))),
        gates=tuple(Gate(i, m, "<", draw(st.floats(0, 1e6)), u, value_query=draw(st.none() | texts))
                    for i in ("g", "h") for m, u in [draw(mostly(checks, odd_checks))]),
        rollback=replace(CANARY.rollback, rules=tuple(
            Rule(m, ">", draw(st.floats(0, 1e6)), u) for m, u in draw(st.lists(mostly(checks, odd_checks), max_size=2)))),
        subject=replace(CANARY.subject, service=draw(mostly(st.just("product"), texts)), namespace=draw(st.none() | texts)),
        fail_mode=draw(mostly(st.just("closed"), st.just("open"))),
    )
    shape = sorted(s.traffic_bp for s in made.stages)
    ordered = [replace(s, traffic_bp=bp) for s, bp in zip(made.stages, shape, strict=True)]
    if made.strategy != "dark-launch":
        ordered[-1] = replace(ordered[-1], traffic_bp=10_000, audience=None)
    if made.strategy in ("full", "rolling"):
        ordered = ordered[-1:]
    first = next((s.traffic_bp for s in ordered if s.traffic_bp), 0)
    return replace(made, stages=tuple(ordered), initial_traffic_bp=first)


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(plans())
def test_any_plan_is_rendered_or_refused(plan):
    """No plan crashes a renderer: text that names the plan, or a refusal with a code, a path and a target that can."""
    try:
        plan.validate()
    except PlanError:
        return
    for target in RENDERERS:
        try:
            assert plan.plan_id in render(plan, target)
        except RenderRefused as refusal:
            said = refusal.reason in CODES, bool(refusal.where), refusal.nearest in RENDERERS
            assert all(said), refusal  # noqa: PT017  # a refusal is one of two right answers, so it cannot be demanded
            render(plan, refusal.nearest)


def test_an_unknown_target_lists_the_known():
    """A misspelt target is never taken for another."""
    with pytest.raises(UsageError, match="flagger, argo, istio"):
        render(CANARY, "flager")
    with pytest.raises(UsageError, match="text, markdown"):
        show({}, "yaml")


def test_options_come_as_texts_too():
    """A command line gives texts: whole numbers are read, anything else in their place is refused, None means the default."""
    assert render(CANARY, "flagger", port="8080") == render(CANARY, "flagger", port=8080)
    assert render(CANARY, "flagger", port=None) == render(CANARY, "flagger")
    for wrong in ("80a", "-1", "٣", "1.5"):
        with pytest.raises(UsageError, match="whole number"):
            render(CANARY, "flagger", port=wrong)
    with pytest.raises(UsageError, match=r"options\.provider"):
        render(CANARY, "flagger", provider=3)
    with pytest.raises(UsageError, match="no options"):
        render(CANARY, "json", indent=2)


def test_every_option_has_a_default():
    """Every target renders without options, and every option is described by name in its renderer's docstring."""
    for target, make in RENDERERS.items():
        for name in options(target):
            assert f"``{name}" in (make.__doc__ or ""), (target, name)


def test_a_refusal_names_the_nearest_target_that_can():
    """A tenth of a percent is nothing for Flagger or Argo; Istio can, and the message says so."""
    plan = from_json(json.loads((PLANS / "canary-fine.json").read_text()))
    with pytest.raises(RenderRefused, match="such as istio") as caught:
        render(plan, "flagger")
    assert (caught.value.where, caught.value.got) == ("stages[0].traffic_bp", 10)


def test_only_documented_codes_are_raised():
    """A renderer cannot invent a code."""
    with pytest.raises(ValueError, match="undocumented"):
        refuse("argo", "dislike", "no", where="strategy", got="canary")


@pytest.mark.parametrize(("target", "given", "where"), [
    ("hpa", {"min_replicas": 5, "max_replicas": 4}, "max_replicas"), ("hpa", {"cpu_percent": 0}, "cpu_percent"),
    ("hpa", {"kind": "Pod"}, "kind"), ("haproxy", {"split": "leastconn"}, "split"), ("haproxy", {"socket": "a b"}, "socket"),
    ("haproxy", {"stable": "host:80\nserver x"}, "stable"), ("nginx", {"canary": "a;b:80"}, "canary"),
    ("nginx", {"key": "$x; return 200"}, "key"), ("envoy", {"admin": "nowhere"}, "admin"), ("istio", {"stage": "p2"}, "stage"),
    ("prometheus", {"part": "dashboards"}, "part"), ("argo", {"judge": "me"}, "judge"),
])
def test_wrong_values_of_options_are_refused(target, given, where):
    """A value that would break the text, or means nothing, is a usage error that names the option."""
    with pytest.raises(UsageError, match=f"options.{where}") as caught:
        render(CANARY, target, **given)
    assert not isinstance(caught.value, RenderRefused)


@pytest.mark.parametrize("target", ["istio", "gateway-api"])
def test_an_object_of_another_controller_is_not_rendered(target):
    """What Flagger or Argo writes would be overwritten, or overwrite; the refusal says who owns it."""
    with pytest.raises(RenderRefused, match="owner_conflict"):
        render(CANARY, target, owner="flagger")


def test_shares_are_never_rounded():
    """Every share that a text of Istio holds is the plan's to the last basis point."""
    for bp in (1, 33, 3_333, 9_999):
        plan = replace(CANARY, stages=(replace(CANARY.stages[0], traffic_bp=bp), CANARY.stages[-1]), initial_traffic_bp=bp)
        text = render(plan, "istio", stage="p1")
        assert f"weight: {bp}\n" in text
        assert f"weight: {10_000 - bp}\n" in text


def test_outputs_take_the_same_decision():
    """Every way to show a decision takes the object that the service answers."""
    decision = json.loads((PLANS.parent / "decisions" / "high.json").read_text())
    for output in OUTPUTS:
        assert "canary" in show(decision, output)
    assert not math.isnan(decision["score"])
