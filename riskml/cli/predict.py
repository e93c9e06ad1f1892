"""``riskml predict``: score a change, or all changes of a release, say why, say how to release it."""

from __future__ import annotations

import argparse
from argparse import BooleanOptionalAction

from riskml.cli.gate import FAIL_ON, PASS, UNKNOWN, exit_code
from riskml.cli.options import add_change_options, add_decision_options, note, wants_colour, write_output
from riskml.errors import ServiceUnavailable, UsageError

FORMATS = ("text", "json", "markdown", "html", "sarif", "junit", "dotenv", "github-output", "codequality", "ramp")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    add_change_options(parser)
    parser.add_argument("--release", action=BooleanOptionalAction, default=None,
                        help="take --base..--head as a release: score each change that it merged, and combine them (default: "
                        "if both are tags)")
    add_decision_options(parser)
    parser.add_argument("--format", choices=FORMATS, default="text", help="how to show the decision (default: text)")
    parser.add_argument("--output", metavar="FILE", help="where to write it (default: standard output)")
    parser.add_argument("--also", action="append", default=[], metavar="FORMAT=FILE",
                        help="write the same decision in another format, too; may be repeated")
    parser.add_argument("--missing-reports", choices=("refuse", "unknown"), default="refuse",
                        help="what a --junit or --coverage that names no file means: a mistake, or that it is not known "
                        "(default: refuse)")
    parser.add_argument("--deepen", choices=("never", "auto", "full"), default="never",
                        help="what a shallow clone fetches from its origin first: nothing, what lies above the merge base with "
                        "--base, or all (default: never)")
    parser.add_argument("--fail-on", choices=FAIL_ON, default="never",
                        help="which decisions give an exit code other than 0 (default: never; docs/cli.md lists the codes)")
    parser.add_argument("--server", metavar="URL", help="ask this service instead of the bundled model")
    parser.add_argument("--repository-key", metavar="KEY",
                        help="the service's name for the repository (default: from the origin)")
    parser.add_argument("--timeout", type=float, default=30.0, metavar="SECONDS",
                        help="how long to wait for the service (default: 30)")
    parser.add_argument("--on-unavailable", choices=("pass", "warn", "fail"), default="fail",
                        help="what to do when the service is away: exit 0, exit 30, or exit 3 (default: fail)")


def run(args: argparse.Namespace) -> int:
    """Judge, print, and give the exit code that ``--fail-on`` asks for."""
    also = [_pair(text) for text in args.also]  # refused before any work is done
    if args.missing_reports == "unknown":
        args.junit, args.coverage = _there(args.junit), _there(args.coverage)
    release = is_release(args)  # before the names of the two ends are replaced by ids
    if args.deepen != "never":
        _deepen(args)
    if release:
        from riskml.assess import release_to_wire
        from riskml.cli.judging import release_of

        wire = release_to_wire(release_of(args))
    elif args.server is None:
        from riskml.assess import to_wire
        from riskml.cli.judging import decision_of

        wire = to_wire(decision_of(args))
    else:
        from riskml.cli.asking import ask

        try:
            wire = ask(args)
        except ServiceUnavailable as error:
            if args.on_unavailable == "fail":
                raise
            note(f"{error}; nothing was scored (--on-unavailable {args.on_unavailable})")
            return PASS if args.on_unavailable == "pass" else UNKNOWN
    from riskml.render import show, text

    for name, file in also:
        write_output(show(wire, name), file)
    colour = args.format == "text" and args.output is None and wants_colour()
    write_output(text.render(wire, colour=True) if colour else show(wire, args.format), args.output)
    return exit_code(wire, args.fail_on)


def is_release(args: argparse.Namespace) -> bool:
    """Whether the options ask for a release: by ``--release``, or because they name two tags."""
    if args.release:
        if args.diff is not None:
            raise UsageError("a release is a range of a repository", where="--diff", got=args.diff,
                             expected="--base and --head without --diff, or no --release")
        if args.server is not None:
            raise _not_by_a_service(args.server)
        if args.base is None:
            raise UsageError("a release of what", where="--release", got="no --base",
                             expected="--base REF, the release before, and --head REF unless it is HEAD")
        return True
    if args.release is False or args.base is None or args.head is None or args.diff is not None:
        return False
    from riskml.cli.judging import are_tags

    tags = are_tags(args.repository, args.base, args.head)
    if tags and args.server is not None:
        raise _not_by_a_service(args.server)
    return tags


def _not_by_a_service(server: str) -> UsageError:
    """Refuse: the service judges one change at a time, and to judge a release as one would tell another risk."""
    return UsageError(
        "a release is judged here, change by change, and not by a service", where="--server", got=server,
        expected="no --server (`riskml model pull` brings the service's model, --artifact and --policy name its own), "
                 "or --no-release to let the service judge base..head as one change")


def _there(globs: list[str]) -> list[str]:
    """Return the globs that name a file, and tell of the others."""
    from glob import iglob

    found = [g for g in globs if next(iglob(g, recursive=True, include_hidden=True), None) is not None]
    for missing in (g for g in globs if g not in found):
        note(f"no report found for {missing!r}: what it would say is unknown")
    return found


def _deepen(args: argparse.Namespace) -> None:
    """Let a shallow clone fetch what it lacks, and go on with the ids of base and head."""
    if args.base is None or args.diff is not None:
        raise UsageError("nothing to deepen a clone to", where="--deepen", got=args.deepen,
                         expected="--base REF, and --head REF unless it is HEAD")
    from riskml.adapters.git import GitRepository
    from riskml.adapters.git.deepen import deepen

    args.base, args.head = deepen(GitRepository.open(args.repository), args.base, args.head or "HEAD", depth=args.deepen,
                                  notice=note)


def _pair(text: str) -> tuple[str, str]:
    """Read ``FORMAT=FILE``."""
    name, _, file = text.partition("=")
    if name not in FORMATS or not file:
        raise UsageError("not a format and a file", where="--also", got=text,
                         expected=f"FORMAT=FILE, the format one of: {', '.join(FORMATS)}")
    return name, file
