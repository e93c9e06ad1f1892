"""``riskml comment``: say a decision in its merge request, in one comment that people keep."""

from __future__ import annotations

import argparse
import os
import random
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from riskml.cli.options import read_bytes, write_output
from riskml.errors import InputError, UsageError

if TYPE_CHECKING:
    from riskml.ci.comment import Row
    from riskml.ports import Conversation

GITHUB_TOKEN = ("RISKML_GITHUB_TOKEN", "GITHUB_TOKEN")  # environment variables; the first that is set counts
GITLAB_TOKEN = ("RISKML_GITLAB_TOKEN", "GITLAB_TOKEN")

_AHEAD = timedelta(minutes=15)  # by which the clocks of two machines may differ


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    parser.add_argument("--decision", action="append", default=[], metavar="[SERVICE=]FILE",
                        help="the JSON of `riskml predict --format json`, one a service; may be repeated")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--github", metavar="OWNER/REPO#N",
                       help=f"a pull request; the token is in ${' or $'.join(GITHUB_TOKEN)}")
    place.add_argument("--gitlab", metavar="PROJECT!N",
                       help=f"a merge request; the token is in ${' or $'.join(GITLAB_TOKEN)}")
    parser.add_argument("--head", metavar="SHA", help="the commit that was scored: anything about another one is not said")
    parser.add_argument("--stale", action="store_true", help="mark what was said before as stale, while --head is scored")
    parser.add_argument("--status", action="store_true", help="set the status of the commit, too; red only for what is held")
    parser.add_argument("--when", choices=("auto", "always"), default="auto",
                        help="auto opens no comment for a decision that is nothing special (default: auto)")
    parser.add_argument("--default", action="append", metavar="STRATEGY",
                        help="a strategy that is nothing special (default: rolling and full); may be repeated")
    parser.add_argument("--api", metavar="URL", help="the platform's API (default: from CI's environment, else the public one)")
    parser.add_argument("--timeout", type=float, default=20.0, metavar="SECONDS",
                        help="how long to wait for an answer (default: 20)")
    parser.add_argument("--dry-run", action="store_true", help="print the comment, and send nothing")


def run(args: argparse.Namespace) -> int:
    """Read, say, and tell what came of it."""
    if args.stale and (args.decision or not args.head or not (args.github or args.gitlab)):
        raise UsageError("nothing to mark as stale", where="--stale", got=args.head,
                         expected="--head SHA and a merge request, and no --decision")
    if not args.stale and not args.decision:
        raise UsageError("nothing to say", where="--decision", got=None, expected="[SERVICE=]FILE")
    decisions = [_decision(text, args.head) for text in args.decision]
    rows = _rows(decisions, args.default)
    from riskml.ci.comment import compose, merged
    from riskml.ci.converse import mark_stale, speak

    if args.dry_run:
        write_output(compose(merged(rows)) if rows else "would mark what was said before as stale", None)
        return 0
    talk = _conversation(args)
    if args.stale:
        write_output(f"comment: {mark_stale(talk, args.head)}", None)
        return 0
    said = speak(talk, rows, head=args.head or _only_head(rows), when=args.when, sleep=time.sleep, chance=random.random)
    write_output(f"comment: {said}", None)
    if args.status and said != "outdated":
        for row in rows:
            if row.sha:
                name = "riskml" if row.service == "default" else f"riskml/{row.service}"
                talk.status(row.sha, name=name, state="failure" if row.kind == "hold" else "success", text=row.said)
    return 0


def _decision(text: str, head: str | None) -> tuple[str, Mapping[str, Any]]:
    """Read ``[SERVICE=]FILE``; the decision must be about the commit that is named, and not be of the future."""
    from riskml.ci.comment import is_service
    from riskml.ci.wire import LARGEST, read_decision

    service, equals, file = text.partition("=")
    if not equals:
        service, file = "default", text
    if not is_service(service):
        expected = "SERVICE=FILE, the service in letters, digits, spaces, '._-'"
        raise UsageError("not the name of a service", where="--decision", got=service, expected=expected)
    decision = read_decision(read_bytes(file, "decision", limit=LARGEST), file)
    if head is not None and decision.get("head") != head:
        raise InputError("a decision about another commit", where=f"{file}: head", got=decision.get("head"), expected=head)
    try:
        at = datetime.fromisoformat(decision["created_at"])
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or at > datetime.now(UTC) + _AHEAD:
        raise InputError("not a time that has come", where=f"{file}: created_at", got=decision["created_at"],
                         expected="RFC 3339 with its zone")
    return service, {**decision, "created_at": at.astimezone(UTC).isoformat()}


def _rows(decisions: Sequence[tuple[str, Mapping[str, Any]]], defaults: Sequence[str] | None) -> list[Row]:
    from riskml.ci.comment import DEFAULTS, row_of

    names = [service for service, _ in decisions]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError("two decisions for one service", where="--decision", got=twice, expected="each service once")
    return [row_of(decision, service, defaults or DEFAULTS) for service, decision in decisions]


def _only_head(rows: Sequence[Row]) -> str | None:
    """Return the commit that all rows are about; the working tree and a posted diff are none."""
    heads = {row.sha for row in rows}
    if len(heads) > 1:
        raise UsageError("decisions about several commits", where="--decision", got=sorted(heads), expected="all about one")
    return next(iter(heads)) or None


def _conversation(args: argparse.Namespace) -> Conversation:
    from riskml.adapters import github, gitlab
    from riskml.adapters.forge import Forge

    if args.github:
        url = args.api or os.environ.get("GITHUB_API_URL") or github.API
        forge = Forge(url, github.headers(_token(GITHUB_TOKEN)), name="GitHub", timeout_s=args.timeout)
        return github.PullRequest(forge, args.github)
    if args.gitlab:
        url = args.api or os.environ.get("CI_API_V4_URL") or gitlab.API
        forge = Forge(url, gitlab.headers(_token(GITLAB_TOKEN)), name="GitLab", timeout_s=args.timeout)
        return gitlab.MergeRequest(forge, args.gitlab)
    raise UsageError("no merge request to say it in", where="command line", got=None,
                     expected="--github OWNER/REPO#N, --gitlab PROJECT!N, or --dry-run")


def _token(names: Sequence[str]) -> str:
    token = next((value for name in names if (value := os.environ.get(name, "").strip())), None)
    if token is None:
        raise UsageError("no token", where=f"${names[0]}", got=None, expected="a token that may write to merge requests")
    return token
