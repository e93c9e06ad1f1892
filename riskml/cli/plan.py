"""``riskml plan``: the rollout plan of a score or an assessment, in the form that a deploy tool reads."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from riskml.cli.judging import about, context_of, policy_of, validation_of
from riskml.cli.options import read_text, write_output
from riskml.errors import UsageError

if TYPE_CHECKING:
    from riskml.context import ServiceContext
    from riskml.plan import Plan
    from riskml.policy.facts import Facts
    from riskml.policy.policy import Policy


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--score", type=float, metavar="S", help="a score from 0 to 1")
    what.add_argument("--assessment", metavar="FILE", help="the JSON of `riskml predict --format json` or of the service")
    what.add_argument("--plan", metavar="FILE", help="a plan, as `--target json` prints it")
    what.add_argument("--load-test", action="store_true", help="print the load test of --validation as a locustfile instead")
    parser.add_argument("--policy", metavar="FILE", help="policy (default: the founding rule)")
    parser.add_argument("--service", metavar="FILE", help="YAML or JSON that describes the service")
    parser.add_argument("--validation", metavar="FILE",
                        help="YAML that says what the feature must prove: limits, shares, load test (docs/validation.md)")
    parser.add_argument("--target", default="json", metavar="NAME", help="deploy tool to render for (default: json)")
    parser.add_argument("--option", action="append", default=[], metavar="NAME=VALUE",
                        help="an option of the target; may be repeated (`--target NAME --option help` lists them)")
    parser.add_argument("--output", metavar="FILE", help="where to write it (default: standard output)")


def run(args: argparse.Namespace) -> int:
    """Decide and render."""
    from riskml.render import options, render

    if args.load_test:
        write_output(_load_test(args), args.output)
        return 0
    if "help" in args.option:
        known = "\n".join(f"{name}={'' if o.default is None else o.default}" for name, o in options(args.target).items())
        write_output(known or f"{args.target} has no options", args.output)
        return 0
    given = {}
    for text in args.option:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError("not an option", where="--option", got=text, expected="NAME=VALUE")
        given[name] = value
    write_output(render(plan_of(args), args.target, **given), args.output)
    return 0


def _load_test(args: argparse.Namespace) -> str:
    """Return the locustfile of the validation."""
    from riskml.render.locust import locustfile

    validation = validation_of(args)
    if validation is None:
        raise UsageError("no validation", where="--load-test", expected="--validation FILE, which describes the load test")
    return locustfile(validation)


def plan_of(args: argparse.Namespace) -> Plan:
    """Return the plan that the options ask for, with the validation's limits and shares if one is named."""
    from riskml.policy.validated import with_validation

    validation = validation_of(args)  # what is quick to refuse comes first
    plan = _decided(args)
    if validation is None:
        return plan
    with about(args.validation):
        return with_validation(plan, validation)


def _decided(args: argparse.Namespace) -> Plan:
    from riskml.context import ServiceContext
    from riskml.plan import from_json
    from riskml.policy.decide import decide
    from riskml.policy.facts import facts_of_score
    from riskml.policy.policy import default_policy

    if args.plan is not None:
        return from_json(_json(args.plan, "plan"))
    context = context_of(args) or ServiceContext()
    policy = policy_of(args) or default_policy()
    now = datetime.now(UTC).replace(microsecond=0)
    if args.score is not None:
        if not 0 <= args.score <= 1:  # NaN is in no range
            raise UsageError("not a score", where="--score", got=args.score, expected="a number from 0 to 1")
        return decide(facts_of_score(abs(args.score), context), policy, plan_id=f"p-{now:%Y%m%dt%H%M%Sz}", now=now)
    return _planned(_json(args.assessment, "assessment"), args.assessment, policy, context, now)


def _planned(wire: Mapping[str, object], name: str, policy: Policy, context: ServiceContext, now: datetime) -> Plan:
    """Return the plan of an assessment on the wire. What held its release there was seen in the change, and holds it still."""
    from riskml.assess.judge import plan_id
    from riskml.plan import NO_COMMIT, Subject
    from riskml.policy.decide import decide
    from riskml.policy.shape import waits

    head = str(wire.get("head") or "")
    commit = head if re.fullmatch(r"[0-9a-f]{7,64}", head) else NO_COMMIT
    subject = Subject(context.name, commit, repository=str(wire["repository"]))
    plan = decide(_facts(wire, context, name), policy, plan_id=plan_id(str(wire["id"])), now=now, subject=subject)
    made = wire.get("plan")
    holds, notes = _texts(made, "hold", name), _texts(made, "notes", name)
    hold = (*plan.hold, *(reason for reason in holds if reason not in plan.hold))
    then = tuple(f"when it was assessed: {note}" for note in notes if note not in plan.notes)
    return replace(plan, hold=hold, notes=(*plan.notes, *then), stages=waits(plan.stages) if hold else plan.stages).validate()


def _texts(plan: object, key: str, name: str) -> list[str]:
    """Return a list of texts of the plan on the wire; empty when it has none."""
    found = plan.get(key, []) if isinstance(plan, dict) else plan if plan is not None else []
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        raise UsageError("not an assessment", where=f"{name}: plan.{key}", got=found, expected="a list of texts")
    return found


def _facts(wire: Mapping[str, object], context: ServiceContext, name: str) -> Facts:
    """Return what a policy reads of an assessment on the wire; the score is taken anew, for the service that is named now."""
    from riskml.policy.facts import Facts, facts_of_nothing
    from riskml.policy.risk import risk_score

    if wire.get("empty") is True and wire.get("probability") is None:
        return facts_of_nothing(context)
    probability, percentile, unknown = wire.get("probability"), wire.get("percentile"), wire.get("unknown", [])
    if isinstance(probability, bool) or not isinstance(probability, int | float) or not 0 <= probability <= 1:
        raise UsageError("not an assessment", where=f"{name}: probability", got=probability, expected="a number from 0 to 1")
    return Facts(
        probability=probability, score=risk_score(probability, context), context=context,
        percentile=percentile if isinstance(percentile, int | float) else None,
        unknown=tuple(str(u) for u in unknown) if isinstance(unknown, list) else (),
    )


def _json(name: str, what: str) -> Mapping[str, object]:
    try:
        value = json.loads(read_text(name, what))
        json.dumps(value, ensure_ascii=False).encode()  # an escaped half of a surrogate pair is no text that can be written
    except (ValueError, RecursionError) as error:
        raise UsageError(f"not JSON ({error})", where=name, expected=f"the {what} as JSON") from None
    if not isinstance(value, dict) or (what == "assessment" and not {"id", "repository", "probability"} <= value.keys()):
        raise UsageError(f"not an {what}" if what[0] == "a" else f"not a {what}", where=name, got=value,
                         expected=f"the JSON object of an {what}" if what[0] == "a" else "the JSON object of a plan")
    return value
