"""``riskml model``: what a model artifact is, whether it is whole, and how one comes out of a registry."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from riskml.cli.options import given, write_output
from riskml.errors import UsageError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the verb."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="show|verify|pull")
    show = actions.add_parser("show", help="print the model card, or the manifest as JSON")
    show.add_argument("--json", action="store_true", help="the manifest instead of the card")
    verify = actions.add_parser("verify", help="check hashes, protocol and features; say nothing but the artifact's name")
    for action in (show, verify):
        action.add_argument("artifact", nargs="?", metavar="DIR", help="model artifact (default: the bundled one)")
    pull = actions.add_parser("pull", help="put a registered model into a directory, checked and in one step")
    pull.add_argument("--registry", type=given, metavar="URI", help="MLflow server or database (default: $MLFLOW_TRACKING_URI)")
    pull.add_argument("--name", type=given, default="release-risk", help="the registered model (default: release-risk)")
    pull.add_argument("--alias", type=given, default="champion", help="which of its versions (default: champion)")
    pull.add_argument("--output", type=given, required=True, metavar="DIR", help="where it goes, replacing what is there")


def run(args: argparse.Namespace) -> int:
    """Show, verify or pull. An artifact that must not be used is refused with its reason."""
    if args.action == "pull":
        return _pull(args)
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


def _pull(args: argparse.Namespace) -> int:
    from riskml.adapters.registry import pull

    uri = args.registry or os.environ.get("MLFLOW_TRACKING_URI")
    if not uri:
        raise UsageError("no model registry is named", where="--registry", expected="its address; or MLFLOW_TRACKING_URI")
    found = pull(uri, Path(args.output), name=args.name, alias=args.alias)
    already = "" if found.fresh else " lay there already"
    write_output(f"{found.name} version {found.version} sha256:{found.sha256}{already}", None)
    return 0
