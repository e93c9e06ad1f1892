"""``riskml label``: which commits of a history did harm, as later commits tell."""

from __future__ import annotations

import argparse
from pathlib import Path

from riskml.cli.options import note, progress

_VARIANTS = ("b", "ag", "ma", "l", "r")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the verb."""
    parser.add_argument("repository", metavar="REPO", help="a git repository")
    parser.add_argument("--output", required=True, metavar="FILE", help="table to write: .parquet, .csv or .jsonl")
    parser.add_argument("--rev", default="HEAD", metavar="REF", help="whose ancestors to label (default: HEAD)")
    parser.add_argument("--variant", choices=_VARIANTS, default="ma",
                        help="which SZZ suspects whom: basic, annotation graph, meta-change aware (default), largest, latest")


def run(args: argparse.Namespace) -> int:
    """Label, write, and tell on stderr how many were harmful."""
    from riskml.adapters.git import GitRepository  # git is slow to load; --help must not wait for it
    from riskml.mine.labels import label
    from riskml.mine.table import Columns, write_records

    labels = label(GitRepository.open(args.repository), args.rev, variant=args.variant,
                   progress=progress(Path(args.repository).name), notice=note)
    columns = Columns({"sha": str, "harm": bool, "source": str, "fix_sha": str, "known_at": int, "confidence": float},
                      {"riskml.labels": f"szz-{args.variant}"})
    cells = ((x.sha, x.harm, x.source, x.fix_sha, x.known_at, x.confidence) for x in labels)
    write_records(cells, Path(args.output), columns)
    note(f"{args.repository}: {len(labels):,} commits, {sum(x.harm for x in labels):,} of them harmful")
    return 0
