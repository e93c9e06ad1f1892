"""``riskml label``: which commits of a history did harm, as later commits tell."""

from __future__ import annotations

import argparse

from riskml.cli.fleet import add_fleet_options, run_fleet

_VARIANTS = ("b", "ag", "ma", "l", "r")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    add_fleet_options(parser, "label")
    parser.add_argument("--variant", choices=_VARIANTS, default="ma",
                        help="which SZZ suspects whom: basic, annotation graph, meta-change aware (default), largest, latest")


def run(args: argparse.Namespace) -> int:
    """Label, write, and tell on stderr how many were harmful."""
    from riskml.fleet.recipe import Labels  # git is slow to load; --help must not wait for it

    return run_fleet(args, Labels(args.rev, args.variant))
