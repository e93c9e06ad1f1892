"""``riskml policy``: check a policy before it judges anything, or show what it decides along the scores."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from riskml.cli.judging import policy_in
from riskml.cli.options import note, write_output
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
        write_output(f"{args.file or 'the built-in policy'}: {len(policy.rules)} rules, {len(warnings)} warnings", None)
        return 10 if warnings else 0
    write_output("\n\n".join(_explained(policy, score) for score in args.score or (0.1, 0.4, 0.5, 0.7, 0.8)), None)
    return 0


def _policy(name: str | None) -> Policy:
    from riskml.policy.policy import default_policy

    return default_policy() if name is None else policy_in(name)


def _explained(policy: Policy, score: float) -> str:
    from riskml.policy.decide import decide
    from riskml.policy.facts import Facts

    if not 0 <= score <= 1:  # NaN is in no range
        raise UsageError("not a score", where="--score", got=score, expected="a number from 0 to 1")
    plan = decide(Facts(probability=score, score=score), policy, plan_id="p-explain", now=datetime.now(UTC))
    steps = " → ".join(f"{stage.name} {stage.traffic_bp / 100:g} %" for stage in plan.stages)
    lines = [f"score {score:g}: {plan.strategy}", f"  stages: {steps}", f"  because: {'; '.join(plan.rules_fired)}"]
    return "\n".join([*lines, *(f"  held: {reason}" for reason in plan.hold), *(f"  note: {text}" for text in plan.notes)])
