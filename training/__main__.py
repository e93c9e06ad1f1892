"""``python -m training build | evaluate | fit``: from repositories and labels to an artifact with its card."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from riskml.errors import RiskmlError
from training import config as configuration
from training.config import TrainConfig

HERE = Path(__file__).resolve().parent
FIGURES = "evaluation.json"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command. Returns the exit code."""
    args = _parser().parse_args(argv)
    try:
        config = replace(configuration.read(args.config), threads=args.threads)
        return int(args.run(args, config))
    except RiskmlError as error:
        print(f"training: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m training", description="Train, evaluate and publish the model.")
    parser.add_argument("--config", default=HERE / "config.toml", metavar="FILE",
                        help="numbers of the run (default: those of the bundled model)")
    parser.add_argument("--work", default=Path(".work"), type=Path, metavar="DIR", help="where tables and figures are kept")
    parser.add_argument("--threads", default=1, type=int, metavar="N",
                        help="processors to use; the result is the same (default: 1, the fastest on a busy machine)")
    commands = parser.add_subparsers(required=True, metavar="build|evaluate|fit")
    build = commands.add_parser("build", help="mine, join with labels, write the dataset; a finished table is kept")
    build.add_argument("--repository", action="append", default=[], type=Path, metavar="PATH", help="a git repository to mine")
    build.add_argument("--table", action="append", default=[], type=Path, metavar="FILE", help="a table that riskml mine wrote")
    build.add_argument("--labels", action="append", default=[], type=Path, metavar="FILE", help="labels in ApacheJIT's format")
    build.add_argument("--kamei", action="append", default=[], type=Path, metavar="FILE", help="a CSV of features with labels")
    build.set_defaults(run=_build)
    evaluate = commands.add_parser("evaluate", help="make the honest figures, by time and by repository")
    evaluate.set_defaults(run=_evaluate)
    fit = commands.add_parser("fit", help="fit on everything mature and write the artifact with its card")
    fit.add_argument("--output", required=True, type=Path, metavar="DIR", help="where the artifact goes")
    fit.set_defaults(run=_fit)
    return parser


def _build(args: argparse.Namespace, config: TrainConfig) -> int:
    from training.build import Inputs, build

    inputs = Inputs(args.repository, args.table, args.labels, args.kamei)
    build(inputs, args.work, config.labels.observed_until, _say)
    return 0


def _evaluate(args: argparse.Namespace, config: TrainConfig) -> int:
    print(json.dumps(_figures(args.work, config, anew=True), indent=1))
    return 0


def _fit(args: argparse.Namespace, config: TrainConfig) -> int:
    from training.build import digest
    from training.dataset import open_saved
    from training.release import release

    figures = _figures(args.work, config, anew=False)
    path = args.work / "dataset.parquet"
    data, about = open_saved(path)
    made_from = {**about, "dataset_sha256": digest(path), "commit": _commit()}
    artifact = release(data, figures, config, args.output, made_from)
    print(f"{artifact.manifest.name} {artifact.manifest.version} sha256:{artifact.sha256}")
    return 0


def _figures(work: Path, config: TrainConfig, *, anew: bool) -> dict[str, Any]:
    """Figures of this configuration and dataset: kept ones if they are of exactly these, else made now."""
    from training.build import digest
    from training.dataset import open_saved
    from training.evaluate import evaluate
    from training.recipe import recipe

    made_from = {"config_sha256": config.digest, "dataset_sha256": digest(work / "dataset.parquet")}
    kept = work / FIGURES
    if not anew and kept.is_file():
        found = json.loads(kept.read_text())
        if found["made_from"] == made_from:
            return dict(found["figures"])
    data, _ = open_saved(work / "dataset.parquet")
    chosen, prepared = recipe(data, config)
    figures = evaluate(chosen, prepared)
    kept.write_text(json.dumps({"made_from": made_from, "figures": figures}))
    return figures


def _commit() -> str:
    from riskml.adapters.git import GitRepository

    git = GitRepository.open(HERE)
    return git.resolve("HEAD") + (" with uncommitted changes" if git.is_dirty() else "")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
