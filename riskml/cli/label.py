"""``riskml label``: which commits of a history did harm, as later commits tell."""

from __future__ import annotations

import argparse

from riskml.cli.fleet import add_fleet_options, run_fleet
from riskml.cli.judging import issues_of
from riskml.cli.options import add_issues_option

_VARIANTS = ("b", "ag", "ma", "l", "r")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    add_fleet_options(parser, "label")
    parser.add_argument("--variant", choices=_VARIANTS, default="ma",
                        help="which SZZ suspects whom: basic, annotation graph, meta-change aware (default), largest, latest")
    add_issues_option(parser)
    parser.add_argument("--most-suspects", metavar="N", type=_count,
                        help="a fix that points at more commits than N says nothing about any of them (default: no limit)")
    parser.add_argument("--most-fixes", metavar="N", type=_count,
                        help="a commit that more than N fixes point at is not labelled by them (default: no limit)")
    parser.add_argument("--no-ignore-revs", action="store_true",
                        help="take the commits in .git-blame-ignore-revs for writers of their lines like any other")


def run(args: argparse.Namespace) -> int:
    """Label, write, and tell on stderr how many were harmful."""
    from riskml.fleet.recipe import Labels  # git is slow to load; --help must not wait for it

    return run_fleet(args, Labels(
        args.rev, args.variant, issues_of(args), args.most_suspects, args.most_fixes, ignore_revs=not args.no_ignore_revs))


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)
