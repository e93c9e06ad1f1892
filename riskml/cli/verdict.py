"""``riskml verdict``: judge one stage of a plan from counts, here or by a service; the exit code is the answer."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from riskml.cli.options import given, note, read_bytes, read_text, write_output
from riskml.errors import UsageError

if TYPE_CHECKING:
    from riskml.plan import Plan
    from riskml.verdict import Observation

EXIT: Mapping[str, int] = {"promote": 0, "hold": 10, "rollback": 20}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.add_argument("--plan", type=given, required=True, metavar="FILE",
                        help="a plan, as `riskml plan` prints it; with --server, its id")
    parser.add_argument("--stage", type=given, metavar="NAME",
                        help="which stage (default: the first; with --server, the one in force)")
    numbers = parser.add_mutually_exclusive_group()
    numbers.add_argument("--observations", type=given, metavar="FILE",
                         help="what was measured, a JSON list ('-': standard input)")
    numbers.add_argument("--prometheus", type=given, metavar="URL", help="read raw counters there; needs --began")
    numbers.add_argument("--server", type=given, metavar="URL", help="ask this riskml service, which keeps what was measured")
    parser.add_argument("--began", type=moment, metavar="TIME",
                        help="when the stage began (RFC 3339, such as 2026-11-24T10:00:00Z)")
    parser.add_argument("--canary", type=given, metavar="SELECTOR", help="labels of the new version's series in Prometheus")
    parser.add_argument("--baseline", type=given, metavar="SELECTOR", help="labels of the old version's series in Prometheus")
    parser.add_argument("--approved", action="append", default=[], metavar="STAGE", help="a stage that a person let through")
    parser.add_argument("--design-effect", type=float, default=1.0, metavar="N",
                        help="deflate counts: errors come in bursts of about N")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="how to print it (default: text)")
    parser.add_argument("--output", type=given, metavar="FILE", help="where to write it (default: standard output)")


def run(args: argparse.Namespace) -> int:
    """Judge and print. Exit codes: 0 promote, 10 hold, 20 rollback."""
    wire = _asked(args) if args.server is not None else _judged(args)
    write_output(json.dumps(wire, indent=2) if args.format == "json" else _text(wire), args.output)
    return EXIT[str(wire["verdict"])]


def _asked(args: argparse.Namespace) -> dict[str, Any]:
    from riskml.cli.asking import TOKEN
    from riskml.client import RiskClient

    with RiskClient(args.server, token=os.environ.get(TOKEN), timeout_s=10, deadline_s=30) as client:
        return client.verdict(args.plan, args.stage)


def _judged(args: argparse.Namespace) -> dict[str, Any]:
    from riskml.plan import from_json
    from riskml.verdict import judge_stage, to_wire

    plan = from_json(_json(read_text(args.plan, "plan"), args.plan))
    stage = args.stage or plan.stages[0].name
    now = datetime.now(UTC)
    if args.began is not None and args.began > now:
        what = "a stage that has not begun"
        raise UsageError(what, where="--began", got=args.began.isoformat(), expected="a time in the past")
    seen = _pulled(args, plan, stage, now) if args.prometheus is not None else _read(args)
    elapsed_s = None if args.began is None else (now - args.began).total_seconds()
    return to_wire(judge_stage(
        plan, stage, seen, elapsed_s=elapsed_s, approved=args.approved, design_effect=args.design_effect))


def _read(args: argparse.Namespace) -> list[Observation]:
    from riskml.verdict import read_observations

    if args.observations is None:
        return []
    text = read_bytes(args.observations, "observations").decode("utf-8", "replace")
    return read_observations(_json(text, args.observations))


def _pulled(args: argparse.Namespace, plan: Plan, stage: str, now: datetime) -> list[Observation]:
    from riskml.adapters.prometheus import BASELINE, CANARY, Prometheus

    if args.began is None:
        raise UsageError("when did the stage begin?", where="--began", expected="--began TIME beside --prometheus")
    if stage not in [s.name for s in plan.stages]:
        return []  # refused, by name, where it is judged
    source = Prometheus(args.prometheus, canary=args.canary or CANARY, baseline=args.baseline or BASELINE)
    try:
        found: list[Observation] = []
        while True:  # a long stage comes in several parts
            pulled = source.pull(plan, stage, since=args.began, until=now, known=found)
            found += pulled.observations
            if pulled.trouble or not pulled.observations:
                for words in pulled.trouble:
                    note(words)
                return found
    finally:
        source.close()


def _text(wire: Mapping[str, Any]) -> str:
    lines = [f"{wire['stage']}: {wire['verdict']}", f"  {wire['reason']}"]
    for gate, seen in wire["evidence"].items():
        said = {True: "healthy", False: "broken", None: "not decided"}[seen["healthy"]]
        counts = (f", {seen['bad']:,.0f} of {seen['total']:,.0f} bad: {100 * seen['low']:.3g} % to {100 * seen['high']:.3g} %"
                  if seen.get("total") and {"low", "high"} <= seen.keys() else "")
        lines.append(f"  {gate}: {said}{counts}")
    if wire["missing"]["requests"]:
        lines.append(f"  about {wire['missing']['requests']:,} more canary requests would decide")
    return "\n".join(lines)


def _json(text: str, name: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UsageError(f"not JSON ({error})", where=name, expected="JSON") from None


def moment(text: str) -> datetime:
    """Read the time of an option, in UTC; without a zone it would mean another moment on another machine."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise argparse.ArgumentTypeError(f"{text!r} is no time with its zone, such as 2026-11-24T10:00:00Z")
    return found.astimezone(UTC)
