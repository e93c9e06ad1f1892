"""A decision as JUnit XML, for CI systems whose only window is the test report (GitLab's widget, Jenkins).

Three questions are the cases: does a guardrail hold the release, is the risk high, is all known that the model reads. They
answer as the exit code does: held and high fail, unknown is skipped. Valid against Windy Road's strict JUnit.xsd and Jenkins'.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from riskml.render import text
from riskml.render.escape import printable
from riskml.render.wording import Decision, headline, is_empty


def render(decision: Decision) -> str:
    """Show a decision, the object that ``POST /predict`` answers, as one test suite."""
    cases = list(_cases(decision))
    failures = sum("<failure" in case for case in cases)
    skipped = sum("<skipped" in case for case in cases)
    created = str(decision.get("created_at") or "")[:19] or "1970-01-01T00:00:00"
    properties = (f'<property name="{name}" value="{_xml(decision[name])}"/>'
                  for name in ("id", "repository", "head", "base", "score", "probability", "band", "strategy")
                  if decision.get(name) is not None)
    counts = f'tests="{len(cases)}" failures="{failures}" errors="0" skipped="{skipped}" time="0"'
    return "\n".join([
        '<?xml version="1.0" encoding="UTF-8"?>',
        "<testsuites>",
        f'<testsuite name="riskml" package="riskml" id="0" timestamp="{_xml(created)}" hostname="localhost" {counts}>',
        "<properties>", *properties, "</properties>",
        *cases,
        f"<system-out>{_lines(text.render(decision))}</system-out>",
        "<system-err></system-err>",
        "</testsuite>",
        "</testsuites>",
    ]) + "\n"


def _cases(decision: Decision) -> Iterator[str]:
    held = list((decision.get("plan") or {}).get("hold") or ())
    said = "; ".join(held) or "a guardrail holds the release"
    yield _case(decision, "no guardrail holds the release", _failure("hold", said, decision) if decision.get("hold") else "")
    band = decision.get("band")
    verdict = ""
    if band == "high":
        verdict = _failure("high", f"release as {headline(decision)}", decision)
    elif is_empty(decision):
        verdict = f'<skipped message="{headline(decision)}"></skipped>'
    elif band == "unknown":
        verdict = '<skipped message="too little is known to name a band"></skipped>'
    yield _case(decision, "the risk of the release is not high", verdict)
    unknown = ", ".join(decision.get("unknown") or ())
    missing = f'<skipped message="not known: {_xml(unknown)}"></skipped>' if unknown else ""
    yield _case(decision, "what the model reads is known", missing)


def _case(decision: Decision, name: str, verdict: str) -> str:
    of = _xml(f"riskml.{decision.get('repository') or 'change'}")
    return f'<testcase name="{name}" classname="{of}" time="0">{verdict}</testcase>'


def _failure(kind: str, message: str, decision: Decision) -> str:
    return f'<failure type="{kind}" message="{_xml(message)}">{_lines(text.render(decision))}</failure>'


def _xml(value: object) -> str:
    """Return text that XML 1.0 may hold, on one line."""
    return escape(printable(value))


def _lines(block: str) -> str:
    return "\n".join(_xml(line) for line in block.splitlines())
