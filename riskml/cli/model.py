"""``riskml model``: what a model artifact is, and whether it is whole."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from riskml.cli.options import write_output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="show|verify")
    show = actions.add_parser("show", help="print the model card, or the manifest as JSON")
    show.add_argument("--json", action="store_true", help="the manifest instead of the card")
    verify = actions.add_parser("verify", help="check hashes, protocol and features; say nothing but the artifact's name")
    for action in (show, verify):
        action.add_argument("artifact", nargs="?", metavar="DIR", help="model artifact (default: the bundled one)")


def run(args: argparse.Namespace) -> int:
    """Show or verify. An artifact that must not be used is refused with its reason."""
    from riskml.features.catalogue import FEATURE_SET, NAMES
    from riskml.model.artifact import MANIFEST, bundled_path, load

    path = Path(args.artifact) if args.artifact else bundled_path()
    artifact = load(path, known=NAMES, feature_set=FEATURE_SET)
    manifest = artifact.manifest
    if args.action == "verify":
        write_output(f"{manifest.name} {manifest.version} sha256:{artifact.sha256}", None)
    elif args.json:
        write_output(json.dumps(json.loads((path / MANIFEST).read_bytes()), indent=2, ensure_ascii=False), None)
    else:
        write_output(artifact.card, None)
    return 0
