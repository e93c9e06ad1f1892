"""The deploy targets and the outputs, by name, and the one way to call them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from riskml.errors import RenderRefused, UsageError
from riskml.plan import Plan
from riskml.render import (
    argo,
    codequality,
    decision_json,
    dotenv,
    envoy,
    flagd,
    flagger,
    gateway_api,
    github_output,
    haproxy,
    hpa,
    html,
    istio,
    junit,
    kubernetes,
    markdown,
    nginx,
    plain,
    prometheus,
    ramp,
    sarif,
    spinnaker,
    text,
    unleash,
)

RENDERERS: dict[str, Callable[..., str]] = {
    "flagger": flagger.render,
    "argo": argo.render,
    "istio": istio.render,
    "gateway-api": gateway_api.render,
    "kubernetes": kubernetes.render,
    "hpa": hpa.render,
    "flagd": flagd.render,
    "unleash": unleash.render,
    "haproxy": haproxy.render,
    "nginx": nginx.render,
    "envoy": envoy.render,
    "spinnaker": spinnaker.render,
    "prometheus": prometheus.render,
    "json": plain.render,
}
"""Every deploy target. ``hpa`` and ``prometheus`` hold no stages: they stand beside an object that does."""

OUTPUTS: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "text": text.render,
    "markdown": markdown.render,
    "json": decision_json.render,
    "html": html.render,
    "sarif": sarif.render,
    "junit": junit.render,
    "dotenv": dotenv.render,
    "github-output": github_output.render,
    "codequality": codequality.render,
    "ramp": ramp.render,
}
"""Every way to show a decision."""

NEAREST = ("argo", "flagger", "kubernetes", "istio", "gateway-api", "envoy", "nginx", "flagd", "json")
"""Where to look for a target that can, the one nearest to a full release controller first."""


class Option(NamedTuple):
    """One option of a target: its type (``str`` or ``int``) and what counts when it is not given."""

    type: type
    default: str | int | None


def options(target: str) -> dict[str, Option]:
    """Return the options of a target by name.

    >>> options("kubernetes")["min_ready_s"]
    Option(type=<class 'int'>, default=30)
    """
    found = {}
    for name, p in inspect.signature(_renderer(target)).parameters.items():
        if p.kind is inspect.Parameter.KEYWORD_ONLY:
            found[name] = Option(int if str(p.annotation).startswith("int") else str, p.default)
    return found


def render(plan: Plan, target: str, **given: str | int | None) -> str:
    """Render a plan for a deploy target; the same plan and options give the same text.

    Options may be texts, as a command line or a query string gives them. An unknown target or option is a ``UsageError`` that
    names the known ones. A plan that the target cannot express is a ``RenderRefused`` with a code from ``refusal.CODES``, the
    path of the offending value, and the nearest target that renders this very plan.
    """
    make = _renderer(target)
    known = options(target)
    chosen = {}
    for name, value in given.items():
        if name not in known:
            legal = f"one of: {', '.join(known)}" if known else "no options"
            raise UsageError("unknown option", where=f"options.{name}", got=name, expected=legal)
        if value is not None:
            chosen[name] = _typed(name, value, known[name].type)
    try:
        return make(plan, **chosen)
    except RenderRefused as refused:
        nearest = next((t for t in NEAREST if t != target and _renders(plan, t)), None)
        raise RenderRefused(refused.detail, reason=refused.reason, target=target, where=refused.where, got=refused.got,
                            nearest=nearest) from None


def show(decision: Mapping[str, Any], output: str) -> str:
    """Show a decision, the object that the service answers, in one of the ``OUTPUTS``."""
    if output not in OUTPUTS:
        raise UsageError("unknown output", where="output", got=output, expected=f"one of: {', '.join(OUTPUTS)}")
    return OUTPUTS[output](decision)


def _renderer(target: str) -> Callable[..., str]:
    if target not in RENDERERS:
        raise UsageError("unknown target", where="target", got=target, expected=f"one of: {', '.join(RENDERERS)}")
    return RENDERERS[target]


def _typed(name: str, value: str | int, wanted: type) -> str | int:
    if isinstance(value, bool) or (wanted is str and not isinstance(value, str)):
        raise UsageError("wrong type", where=f"options.{name}", got=value, expected=wanted.__name__)
    if wanted is int and isinstance(value, str):
        if not value.isascii() or not value.isdigit():
            raise UsageError("not a number", where=f"options.{name}", got=value, expected="a whole number")
        return int(value)
    return value


def _renders(plan: Plan, target: str) -> bool:
    try:
        RENDERERS[target](plan)
    except UsageError:
        return False
    return True

