"""``riskml mine``: one row of features per commit of a history."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from riskml.cli.fleet import add_fleet_options, run_fleet
from riskml.cli.judging import issues_of
from riskml.cli.options import add_issues_option


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    add_fleet_options(parser, "mine")
    parser.add_argument("--since", metavar="DATE", type=_date, help="only rows of commits from this day on (YYYY-MM-DD, UTC); "
                        "their history is whole all the same")
    parser.add_argument("--profile", choices=("default", "people"), default="default",
                        help="people: with the features that describe an author")
    add_issues_option(parser)


def run(args: argparse.Namespace) -> int:
    """Mine, write, and say on stderr what was skipped."""
    from riskml.fleet.recipe import Rows  # the features are slow to load; --help must not wait for them

    return run_fleet(args, Rows(args.rev, args.since, args.profile, issues_of(args)))


def _date(text: str) -> int:
    try:
        return int(datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).timestamp())
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date such as 2024-01-31") from None
