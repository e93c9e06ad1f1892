"""``riskml outcome``: tell the service what happened to a change, or what a history says happened to many."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from riskml.cli.options import given, note, progress, write_output
from riskml.cli.verdict import moment
from riskml.errors import UsageError
from riskml.outcome import HAPPENED


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.add_argument("--server", type=given, metavar="URL",
                        help="the riskml service; without it, the outcomes are only printed")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--happened", choices=HAPPENED, help="what happened")
    what.add_argument("--from-git", type=given, metavar="REPO", help="tell the reverts and Fixes: trailers of this history")
    parser.add_argument("--plan", type=given, metavar="ID", help="the change, by its plan")
    parser.add_argument("--assessment", type=given, metavar="ID", help="the change, by its assessment")
    parser.add_argument("--repository", type=given, metavar="KEY",
                        help="the repository's key (with --from-git, default: from its remote)")
    parser.add_argument("--head", type=given, metavar="SHA", help="the change, by its commit; with --repository")
    parser.add_argument("--at", type=moment, metavar="TIME", help="when it happened (RFC 3339; default: now)")
    parser.add_argument("--stage", type=given, metavar="NAME", help="at which stage")
    parser.add_argument("--source", type=given, default="cli", metavar="NAME", help="who says so (default: cli)")
    parser.add_argument("--confidence", type=float, metavar="C", help="how sure it is, above 0 up to 1 (default: the usual)")
    parser.add_argument("--note", type=given, metavar="TEXT", help="a word for people")
    parser.add_argument("--key", type=given, metavar="KEY", help="the same key again changes nothing (default: a new one)")
    parser.add_argument("--rev", type=given, default="HEAD", metavar="REF",
                        help="with --from-git: whose ancestors (default: HEAD)")
    parser.add_argument("--all", action="store_true", help="with --from-git: also commits that the service never assessed")


def run(args: argparse.Namespace) -> int:
    """Tell, or print; one JSON object a line."""
    told = list(_from_git(args)) if args.from_git is not None else [_one(args)]
    if args.server is None:
        write_output("\n".join(json.dumps(each) for each in told), None) if told else note("nothing to tell")
        return 0
    from riskml.cli.asking import TOKEN
    from riskml.client import RiskClient

    with RiskClient(args.server, token=os.environ.get(TOKEN), timeout_s=30, deadline_s=90) as client:
        if args.from_git is not None and not args.all and told:
            assessed = {a["head"] for a in client.assessments(repository=told[0]["repository"])}
            known = [each for each in told if each["head"] in assessed]
            note(f"{len(told) - len(known):,} of {len(told):,} are of commits never assessed there; --all tells them too")
            told = known
        for each in told:
            write_output(json.dumps(client.outcome(each)), None)
    return 0


def _one(args: argparse.Namespace) -> dict[str, Any]:
    about = {"plan_id": args.plan, "assessment_id": args.assessment, "repository": args.repository, "head": args.head}
    if not (args.plan or args.assessment or (args.repository and args.head)):
        raise UsageError("an outcome of what?", where="command line",
                         expected="--plan ID, --assessment ID, or --repository KEY and --head SHA")
    said = {"outcome": args.happened, "happened_at": _rfc3339(args.at or datetime.now(UTC)), "stage": args.stage,
            "source": args.source, "confidence": args.confidence, "note": args.note, "idempotency_key": args.key}
    return {key: value for key, value in (said | about).items() if value is not None}


def _from_git(args: argparse.Namespace) -> Iterator[dict[str, Any]]:
    from riskml.adapters.git import GitRepository
    from riskml.mine.labels import label
    from riskml.mine.outcomes import outcomes_of

    repository = GitRepository.open(args.from_git)
    labels = label(repository, args.rev, progress=progress(Path(args.from_git).name), notice=note)
    for o in outcomes_of(labels, args.repository or repository.key):
        same = json.dumps([o.repository, o.head, o.happened, o.note])
        yield {"outcome": o.happened, "happened_at": _rfc3339(o.happened_at), "source": o.source, "repository": o.repository,
               "head": o.head, "note": o.note, "confidence": o.confidence,
               "idempotency_key": f"git:{hashlib.sha256(same.encode()).hexdigest()}"}


def _rfc3339(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
