"""Every deploy target keeps the same promises, for every way of releasing: rendered without loss, or refused with its code."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from riskml.errors import RenderRefused
from riskml.plan import Plan, from_json
from riskml.render import RENDERERS, render
from riskml.render.refusal import CODES

GOLDEN = Path(__file__).parents[1] / "golden"
PLANS = ("full", "rolling", "blue-green", "canary", "canary-fine", "canary-internal", "feature-flag", "dark", "dark-part")

# One row a target (with the options of that row), one column a plan: "" is rendered, anything else is the refusal's code.
P, S, N, A, M = "unsupported_precision", "unsupported_strategy", "not_applicable", "audience_unsupported", "mirror_unsupported"
MATRIX: dict[tuple[str, tuple[tuple[str, str | int], ...]], tuple[str, ...]] = {
    ("kubernetes", ()): ("", "", S, S, S, S, S, S, S),
    ("flagger", ()): ("", S, "", "", P, A, S, "", ""),
    ("flagger", (("provider", "gatewayapi:v1"),)): ("", S, "", "", P, A, S, "", M),
    ("flagger", (("provider", "kubernetes"),)): ("", S, "", "missing_router", "missing_router", "missing_router", S, M, M),
    ("argo", ()): ("", "", "", "", P, "", S, "", ""),
    ("argo", (("router", "none"), ("replicas", 10))): ("", "", "", "too_few_replicas", P, A, S, M, M),
    ("argo", (("router", "none"), ("replicas", 100))): ("", "", "", "", P, A, S, M, M),
    ("istio", ()): ("", N, "", "", "", "", N, "", ""),
    ("gateway-api", ()): ("", N, "", "", "", "", N, "", ""),
    ("flagd", ()): ("", S, S, "", "", "", "", "", ""),
    ("unleash", ()): ("", S, S, "", P, "", "", M, M),
    ("haproxy", ()): ("", N, "", "", P, A, N, M, M),
    ("haproxy", (("split", "random"),)): ("", N, "", "", "", "", N, M, M),
    ("nginx", ()): ("", N, "", "", "", "", N, "", ""),
    ("envoy", ()): ("", N, "", "", "", "", N, "", ""),
    ("spinnaker", ()): ("", "", "", "", "", "", S, "", ""),
    ("hpa", ()): ("",) * 9,
    ("prometheus", ()): ("",) * 9,
    ("json", ()): ("",) * 9,
}
CELLS = [(t, o, p, code) for (t, o), codes in MATRIX.items() for p, code in zip(PLANS, codes, strict=True)]
RENDERED = [(t, o, p) for t, o, p, code in CELLS if not code]


def plan_named(name: str) -> Plan:
    """Read one of the sample plans."""
    return from_json(json.loads((GOLDEN / "plans" / f"{name}.json").read_text()))


@pytest.mark.parametrize(("target", "given", "name", "code"), CELLS)
def test_every_cell_is_rendered_or_refused_with_its_code(target, given, name, code):
    """A target gives text, or says with a documented code and a path why it cannot."""
    if not code:
        assert render(plan_named(name), target, **dict(given)).endswith("\n")
        return
    with pytest.raises(RenderRefused) as refused:
        render(plan_named(name), target, **dict(given))
    assert (refused.value.reason, refused.value.target) == (code, target)
    assert code in CODES
    assert refused.value.where
    nearest = refused.value.nearest
    assert nearest in RENDERERS
    assert nearest != target
    render(plan_named(name), nearest)


def test_every_target_is_in_the_matrix():
    """No target escapes the contract."""
    assert {t for t, _ in MATRIX} == set(RENDERERS)


@pytest.mark.parametrize(("target", "given", "name"), RENDERED)
def test_the_text_is_the_reviewed_one(target, given, name):
    """What is rendered equals its golden file, twice over. ``RISKML_GOLDEN=write`` writes them anew, for review like code."""
    text = render(plan_named(name), target, **dict(given))
    assert text == render(plan_named(name), target, **dict(given))
    suffix = "".join(f"+{v}".replace(":", "-") for _, v in given)
    path = GOLDEN / target / f"{name}{suffix}.txt"
    if os.environ.get("RISKML_GOLDEN") == "write":
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    assert text == path.read_text()
