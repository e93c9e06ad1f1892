"""``riskml policy``: check a policy before it judges anything, show what it decides for a score, try it on past changes."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from riskml.cli.judging import context_of, policy_in
from riskml.cli.options import note, read_bytes, write_output
from riskml.counted import counted
from riskml.errors import UsageError

if TYPE_CHECKING:
    from riskml.policy.policy import Policy


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = actions.add_parser("check", help="validate a policy and warn of rules that do not do what they seem to")
    check.add_argument("file", nargs="?", metavar="FILE", help="policy (default: the built-in one)")
    explain = actions.add_parser("explain", help="show what a policy decides for a score, and why")
    explain.add_argument("file", nargs="?", metavar="FILE", help="policy (default: the built-in one)")
    explain.add_argument("--score", type=float, action="append", default=[], metavar="S", help="a score; may be repeated")
    test = actions.add_parser("test", help="decide past assessments anew, and tell what is not as then, or not as expected")
    test.add_argument("file", metavar="POLICY", help="policy")
    test.add_argument("--assessments", required=True, metavar="FILE",
                      help="assessments as JSON lines, a JSON list, or the answer of GET /assessments ('-': standard input); "
                      "each may have features, and expect: {strategy, hold}")
    test.add_argument("--service", metavar="FILE", help="YAML or JSON that describes the service they are released to")
    test.add_argument("--format", choices=("text", "json"), default="text", help="how to print it (default: text)")
    actions.add_parser("show", help="print the built-in policy, to start from")


def run(args: argparse.Namespace) -> int:
    """Check, explain or show."""
    from riskml.policy.check import check
    from riskml.policy.policy import default_text

    if args.action == "show":
        write_output(default_text(), None)
        return 0
    policy = _policy(args.file)
    if args.action == "check":
        warnings = check(policy)
        for warning in warnings:
            note(f"warning: {warning}")
        found = f"{counted(len(policy.rules), 'rule')}, {counted(len(warnings), 'warning')}"
        write_output(f"{args.file or 'the built-in policy'}: {found}", None)
        return 10 if warnings else 0
    if args.action == "test":
        return _test(args, policy)
    write_output("\n\n".join(_explained(policy, score) for score in args.score or (0.1, 0.4, 0.5, 0.7, 0.8)), None)
    return 0


def _test(args: argparse.Namespace, policy: Policy) -> int:
    """Try a policy on assessments. Exit codes: 0, or 20 if a decision is not as expected."""
    from riskml.policy.trial import trials

    found = list(trials(policy, _assessments(args.assessments), now=datetime.now(UTC), context=context_of(args)))
    if args.format == "json":
        write_output(json.dumps([{"id": t.id, "score": t.score, "strategy": t.strategy, "hold": list(t.hold), "then": t.then,
                                  "because": list(t.because), "wrong": t.wrong} for t in found], indent=2), None)
    else:
        told = [t for t in found if t.wrong or t.changed]
        lines = [f"{t.id}: {_asked(t.score)}: {t.strategy}{', held' if t.hold else ''}"
                 f"{f', was {t.then}' if t.changed else ''}{', NOT AS EXPECTED' if t.wrong else ''} ({'; '.join(t.because)})"
                 for t in told]
        wrong, changed = sum(t.wrong for t in found), sum(t.changed for t in found)
        lines.append(f"{counted(len(found), 'assessment')}, {changed} decided otherwise than then, {wrong} not as expected")
        write_output("\n".join(lines), None)
    return 20 if any(t.wrong for t in found) else 0


def _assessments(name: str) -> list[Mapping[str, Any]]:
    """Read assessments, in any of the forms in which they are kept."""
    text = read_bytes(name, "assessments").decode("utf-8", "replace")
    try:
        try:
            value = json.loads(text)
        except ValueError:
            value = [json.loads(line) for line in text.splitlines() if line.strip()]
    except ValueError as error:
        raise UsageError(f"not JSON ({error})", where=name, expected="JSON lines, or a JSON list") from None
    if isinstance(value, dict):
        value = value.get("items", [value])
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise UsageError("not assessments", where=name, got=value, expected="objects as POST /predict answers them")
    return value


def _policy(name: str | None) -> Policy:
    from riskml.policy.policy import default_policy

    return default_policy() if name is None else policy_in(name)


def _asked(score: float | None) -> str:
    return "nothing to release" if score is None else f"score {score:.3g}"


def _explained(policy: Policy, score: float) -> str:
    from riskml.policy.decide import decide
    from riskml.policy.facts import Facts

    if not 0 <= score <= 1:  # NaN is in no range
        raise UsageError("not a score", where="--score", got=score, expected="a number from 0 to 1")
    plan = decide(Facts(probability=score, score=score), policy, plan_id="p-explain", now=datetime.now(UTC))
    steps = " → ".join(f"{stage.name} {stage.traffic_bp / 100:g} %" for stage in plan.stages)
    lines = [f"score {score:g}: {plan.strategy}", f"  stages: {steps}", f"  because: {'; '.join(plan.rules_fired)}"]
    return "\n".join([*lines, *(f"  held: {reason}" for reason in plan.hold), *(f"  note: {text}" for text in plan.notes)])
