"""``python -m training``: from repositories, labels and outcomes to the next model, and to the one that answers."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from riskml.errors import ArtifactError, RiskmlError, StoreError
from training import config as configuration
from training.commands import COMMANDS
from training.lock import Busy

HERE = Path(__file__).resolve().parent
EXIT_CODES: tuple[tuple[type[RiskmlError], int], ...] = ((Busy, 6), (ArtifactError, 4), (StoreError, 5), (RiskmlError, 2))
"""First match wins."""
EPILOG = """\
exit codes:
  0   done; of retrain: the challenger was promoted, or had been
  2   what was asked for makes no sense as asked
  4   an artifact must not be used: altered, of other features, or of a later riskml
  5   the store or the registry cannot be used, or does not hold this
  6   another retraining of this work folder is under way
  10  of retrain: the challenger was refused, and the champion stays
"""
VARIANTS = ("b", "ag", "ma", "l", "r", "none")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code."""
    args = _parser().parse_args(argv)
    try:
        config = replace(configuration.read(args.config), threads=args.threads)
        return int(COMMANDS[args.command](args, config))
    except RiskmlError as error:
        print(f"training: {error}", file=sys.stderr)
        return next(code for kind, code in EXIT_CODES if isinstance(error, kind))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description="Train, compare, register and publish models.",
                                     epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", default=HERE / "config.toml", metavar="FILE",
                        help="numbers of the run (default: those of the bundled model)")
    parser.add_argument("--work", default=Path(".work"), type=Path, metavar="DIR", help="where tables and figures are kept")
    parser.add_argument("--threads", default=1, type=int, metavar="N",
                        help="processors to use; the result is the same (default: 1, the fastest on a busy machine)")
    parser.add_argument("--registry", default=os.environ.get("MLFLOW_TRACKING_URI"), metavar="URI",
                        help="MLflow server or database (default: $MLFLOW_TRACKING_URI, else mlflow.db in the --work folder)")
    parser.add_argument("--experiment", default="riskml", metavar="NAME", help="where MLflow lists the runs (default: riskml)")
    add = parser.add_subparsers(dest="command", required=True, metavar="COMMAND").add_parser
    mine = add("mine", help="mine repositories: features of every commit, and what later commits accuse")
    _sources(mine, tables=False)
    build = add("build", help="mine, join with labels, write the dataset; a finished table is kept")
    build.add_argument("--repository", action="append", default=[], type=Path, metavar="PATH", help="a git repository to mine")
    build.add_argument("--table", action="append", default=[], type=Path, metavar="PATH",
                       help="a table that riskml mine wrote, or its folder of many")
    build.add_argument("--labels", action="append", default=[], type=Path, metavar="PATH",
                       help="labels, CSV or Parquet, or the folder that riskml label wrote")
    build.add_argument("--kamei", action="append", default=[], type=Path, metavar="FILE", help="a CSV of features with labels")
    _issues(build)
    build.add_argument("--profile", choices=("default", "people"), default="default",
                       help="people: with the features that describe an author, to measure what leaving them out costs")
    add("evaluate", help="make the honest figures, by time and by repository")
    add("protocols", help="run the protocols of published work, and print the table beside what was published")
    add("ablations", help="leave out one group of features after another, on the years before the test period")
    fit = add("fit", help="fit on everything mature and write the artifact with its card")
    fit.add_argument("--output", required=True, type=Path, metavar="DIR", help="where the artifact goes")
    retrain = add("retrain", help="gather what is known, try a challenger against the champion, promote or refuse it")
    _sources(retrain, tables=True)
    retrain.add_argument("--as-of", type=date.fromisoformat, metavar="DAY",
                         help="take only what was known by this day (default: the newest that any source knows of)")
    register = add("register", help="make an artifact directory a version in the registry")
    register.add_argument("artifact", type=Path, metavar="DIR", help="an artifact, as fit writes it")
    register.add_argument("--alias", choices=("champion", "challenger"), help="and name it so")
    add("versions", help="list the versions in the registry, and who was champion when")
    promote = add("promote", help="make a version the champion, whatever was decided about it")
    promote.add_argument("version", type=int, metavar="VERSION")
    add("rollback", help="make the champion before the present one champion again")
    pull = add("pull", help="put a version's artifact into a directory, checked and in one step")
    pull.add_argument("--alias", default="champion", metavar="NAME", help="which version (default: champion)")
    pull.add_argument("--output", required=True, type=Path, metavar="DIR", help="where it goes, replacing what is there")
    return parser


def _sources(parser: argparse.ArgumentParser, *, tables: bool) -> None:
    parser.add_argument("--repository", action="append", default=[], type=Path, metavar="PATH",
                        help="a git repository: its history gives features, and labels by SZZ, reverts and Fixes: trailers")
    parser.add_argument("--szz", default="ma", choices=VARIANTS, metavar="VARIANT",
                        help="which SZZ suspects whom: b, ag, ma (default), l, r; none: take no labels from histories")
    if not tables:
        return
    _issues(parser)
    parser.add_argument("--least-confidence", default=0.0, type=float, metavar="C",
                        help="leave out suspicions by SZZ that are less sure: the share of a fix's lines (default: 0, none)")
    parser.add_argument("--store", metavar="URL",
                        help="the service's store: outcomes, disputes, and the features that were served")
    parser.add_argument("--labels", action="append", default=[], type=Path, metavar="FILE",
                        help="labels, CSV or Parquet: sha, harm, source, known_at, confidence [repository, authored_at]; or "
                        "ApacheJIT's CSV")
    parser.add_argument("--table", action="append", default=[], type=Path, metavar="FILE", help="a table of riskml mine")
    parser.add_argument("--kamei", action="append", default=[], type=Path, metavar="FILE", help="a CSV of features with labels")


def _issues(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--issues", action="append", default=[], type=Path, metavar="FILE",
                       help="an issue tracker's export, CSV with issue,type: tells which earlier commits repaired a fault")
    parser.add_argument("--fixes", action="append", default=[], type=Path, metavar="FILE",
                       help="or, instead of it, a CSV with fix_hash: commits whose issue was filed as a fault")


if __name__ == "__main__":
    sys.exit(main())
