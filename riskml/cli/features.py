"""``riskml features``: the vector of a change and its test reports, as ``POST /predict`` takes them."""

from __future__ import annotations

import argparse
import json
from math import isnan

from riskml.cli.options import add_change_options, write_output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    add_change_options(parser)
    parser.add_argument("--profile", choices=("default", "people"), default="default",
                        help="people: with the features that describe an author (default: default)")
    parser.add_argument("--list", action="store_true", help="list all features with unit and question, and stop")
    parser.add_argument("--output", metavar="FILE", help="where to write it (default: standard output)")


def run(args: argparse.Namespace) -> int:
    """Print the vector, or the catalogue."""
    if args.list:
        from riskml.features.catalogue import CATALOGUE

        write_output("\n".join(f"{f.name:28} {f.unit:14} {f.question}" for f in CATALOGUE), args.output)
        return 0
    from riskml.cli.judging import change_of, suite_of, workspace_of
    from riskml.features.catalogue import extract
    from riskml.features.feature import Evidence
    from riskml.parse.suite_json import suite_to_json

    suite = suite_of(args)
    workspace = workspace_of(args)
    change = change_of(args, workspace)
    suite = workspace.matched(suite, change)
    vector = extract(Evidence(change, workspace.past(change.base).view, suite), args.profile)
    document = {
        "repository": workspace.repository.key, "base": change.base, "head": change.head,
        "features": {name: None if isnan(value) else value for name, value in vector.items()},
        "tests": [] if suite is None else [suite_to_json(suite)],
    }
    write_output(json.dumps(document, indent=2), args.output)
    return 0
