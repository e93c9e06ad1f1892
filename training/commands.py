"""What each command of ``python -m training`` does. Heavy modules load only in the command that needs them."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.config import TrainConfig

if TYPE_CHECKING:
    from training.gather import Sources
    from training.registry import Registry

FIGURES = "evaluation.json"
REFUSED = 10


def mine(args: argparse.Namespace, config: TrainConfig) -> int:
    """Mine repositories only: a table of features, and one of labels, for each."""
    del config
    from training.mined import mined

    for path in args.repository:
        found = mined(path, args.work / "tables", _now().date(), args.szz, _say)
        for table in (found.path, found.labels):
            if table is not None:
                print(table)
    return 0


def build(args: argparse.Namespace, config: TrainConfig) -> int:
    """Join tables and labels into the dataset."""
    from training.build import Inputs
    from training.build import build as built

    inputs = Inputs(args.repository, args.table, args.labels, args.kamei, args.issues, args.fixes,
                    args.profile)
    built(inputs, args.work, config.labels.observed_until, _say)
    return 0


def evaluate(args: argparse.Namespace, config: TrainConfig) -> int:
    """Print the honest figures as JSON."""
    print(json.dumps(_figures(args.work, config, anew=True), indent=1))
    return 0


def protocols(args: argparse.Namespace, config: TrainConfig) -> int:
    """Print the figures of published protocols beside what was published, as Markdown."""
    from training.dataset import open_saved
    from training.protocols import protocols as run
    from training.protocols import table
    from training.recipe import recipe

    data, _ = open_saved(args.work / "dataset.parquet")
    print(table(list(run(*recipe(data, config), _say))))
    return 0


def ablations(args: argparse.Namespace, config: TrainConfig) -> int:
    """Print what each group of features is worth, as Markdown."""
    from training.ablations import ablations as run
    from training.ablations import table
    from training.dataset import open_saved
    from training.recipe import recipe

    data, _ = open_saved(args.work / "dataset.parquet")
    print(table(run(*recipe(data, config), _say)))
    return 0


def fit(args: argparse.Namespace, config: TrainConfig) -> int:
    """Fit the dataset and write the artifact."""
    from training.build import digest
    from training.checkout import commit
    from training.dataset import open_saved
    from training.release import release

    figures = _figures(args.work, config, anew=False)
    path = args.work / "dataset.parquet"
    data, about = open_saved(path)
    artifact = release(data, figures, config, args.output, {**about, "dataset_sha256": digest(path), "commit": commit()})
    print(f"{artifact.manifest.name} {artifact.manifest.version} sha256:{artifact.sha256}")
    return 0


def retrain(args: argparse.Namespace, config: TrainConfig) -> int:
    """Turn the loop once; says the decision, and where the report is."""
    from training.retrain import Order
    from training.retrain import retrain as turn

    order = Order(_sources(args), args.work, _uri(args), args.experiment, args.as_of)
    done = turn(order, config, _say, now=_now())
    print(done.decision if done.fresh else f"{done.decision} (decided before, from the same inputs)")
    print(f"report: {done.report}")
    return 0 if done.promoted else REFUSED


def register(args: argparse.Namespace, config: TrainConfig) -> int:
    """Make an artifact directory a version."""
    from training.install import install
    from training.tracking import Tracking

    registry = _registry(args, config)
    version = install(args.artifact, Tracking(_uri(args), args.experiment), registry)
    if args.alias == "champion":
        registry.promote(version, at=_at(), why="registered by hand")
    elif args.alias == "challenger":
        registry.challenge(version)
    print(f"{registry.name} version {version.number} sha256:{version.sha256}")
    return 0


def versions(args: argparse.Namespace, config: TrainConfig) -> int:
    """List versions, newest first, and the history of champions."""
    registry = _registry(args, config)
    for version in registry.versions():
        named = f" [{', '.join(version.aliases)}]" if version.aliases else ""
        print(f"{version.number}{named} sha256:{version.sha256[:12]} {version.decision or ''}".rstrip())
    for event in registry.history():
        print(f"{event.at} version {event.version} {event.what}: {event.why}")
    return 0


def promote(args: argparse.Namespace, config: TrainConfig) -> int:
    """Make a version champion, once its artifact was fetched and found whole."""
    registry = _registry(args, config)
    version = registry.version(args.version)
    with registry.opened(version):
        fresh = registry.promote(version, at=_at(), why="promoted by hand")
    print(f"{registry.name} version {version.number} is champion" + ("" if fresh else ", as before"))
    return 0


def rollback(args: argparse.Namespace, config: TrainConfig) -> int:
    """Bring the champion before the present one back."""
    registry = _registry(args, config)
    version = registry.rollback(at=_at(), why="rolled back by hand")
    print(f"{registry.name} version {version.number} is champion again")
    return 0


def pull(args: argparse.Namespace, config: TrainConfig) -> int:
    """Fetch an alias's artifact."""
    from riskml.adapters.registry import pull as fetched

    found = fetched(_uri(args), args.output, name=config.name, alias=args.alias)
    print(f"{found.name} version {found.version} sha256:{found.sha256}" + ("" if found.fresh else " lay there already"))
    return 0


def _sources(args: argparse.Namespace) -> Sources:
    from training.gather import Sources

    return Sources(args.repository, args.table, args.labels, args.kamei, args.issues, args.fixes, args.store, args.szz,
                   args.least_confidence)


def _figures(work: Path, config: TrainConfig, *, anew: bool) -> dict[str, Any]:
    """Figures of this configuration and dataset: kept ones if they are of exactly these, else made now."""
    from training.build import digest
    from training.dataset import open_saved
    from training.evaluate import evaluate as evaluated
    from training.recipe import recipe

    data, _ = open_saved(work / "dataset.parquet")
    made_from = {"config_sha256": config.digest, "dataset_sha256": digest(work / "dataset.parquet")}
    kept = work / FIGURES
    if not anew and kept.is_file():
        found = json.loads(kept.read_text())
        if found["made_from"] == made_from:
            return dict(found["figures"])
    chosen, prepared = recipe(data, config)
    figures = evaluated(chosen, prepared)
    kept.write_text(json.dumps({"made_from": made_from, "figures": figures}))
    return figures


def _registry(args: argparse.Namespace, config: TrainConfig) -> Registry:
    from training.registry import Registry

    return Registry(_uri(args), config.name)


def _uri(args: argparse.Namespace) -> str:
    from training.tracking import default_uri

    return args.registry or default_uri(args.work)


def _now() -> datetime:
    return datetime.now(UTC)


def _at() -> str:
    return _now().isoformat(timespec="seconds")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


COMMANDS: dict[str, Callable[[argparse.Namespace, TrainConfig], int]] = {
    run.__name__: run for run in (
        mine, build, evaluate, protocols, ablations, fit, retrain, register, versions, promote, rollback, pull)}
"""Every command by its name."""
