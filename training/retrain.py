"""One turn of the loop: gather, try a challenger against the champion, and promote or refuse it, with the reasons kept.

Everything is named by its inputs, and every step leaves something finished behind: mined tables, the dataset, the artifact, the
run. So a second call with the same inputs finds it done, and a call after a crash goes on where the first one stopped.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path

from riskml.adapters.registry import CHAMPION
from riskml.errors import ArtifactError
from riskml.features.catalogue import FEATURE_SET, NAMES
from riskml.model.artifact import Artifact, bundled, bundled_path, load
from training import retrain_report
from training.build import Say, digest
from training.checkout import commit
from training.config import TrainConfig
from training.evaluate import evaluate
from training.findings import about, figures_of, parameters
from training.gather import Gathered, Sources, gather
from training.install import install
from training.lock import held
from training.pictures import draw
from training.registry import Registry, Version
from training.release import release
from training.tracking import ARTIFACT, DECISION, INPUTS, PROMOTED, Run, Tracking
from training.trial import Tried, described, trial

AGAINST = "riskml.against"
"""The tag of a run that names the champion it was judged against; empty without one."""
HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for: sources, the work folder, the registry, and optionally the day up to which to look."""

    sources: Sources
    work: Path
    uri: str
    experiment: str
    as_of: date | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it. ``fresh`` is false if the same inputs were decided on before."""

    decision: str
    promoted: bool
    fresh: bool
    run_id: str
    report: Path


@dataclass(frozen=True, slots=True, eq=False)
class _Champion:
    version: Version
    artifact: Artifact


def retrain(order: Order, config: TrainConfig, say: Say, *, now: datetime) -> Done:
    """Turn the loop once.

    :raises Busy: another retraining holds this work folder; :raises Conflict: the champion changed meanwhile
    """
    with held(order.work / "retrain.lock"):
        gathered = gather(order.sources, order.work, config.periods.maturity_days, say, today=now.date(), as_of=order.as_of)
        inputs = _name(gathered, config)
        report = order.work / "reports" / f"{gathered.as_of}-{inputs[:12]}.md"
        tracking, registry = Tracking(order.uri, order.experiment), Registry(order.uri, config.name)
        run = tracking.find(inputs)
        if run is None or DECISION not in run.tags:
            champion, notes = _champion(registry, tracking, say, now)
            run = tracking.begin(inputs, f"retrain {gathered.as_of}")
            _decide(run, registry, gathered, champion, config, _Place(order.work, report, inputs, notes), say)
            run = tracking.begin(inputs, "")
        fresh = not run.finished
        if fresh:
            _settle(run, registry, now)
        return Done(run.tags[DECISION], run.tags[PROMOTED] == "yes", fresh, run.id, report)


@dataclass(frozen=True, slots=True)
class _Place:
    work: Path
    report: Path
    inputs: str
    notes: list[str]


def _decide(run: Run, registry: Registry, gathered: Gathered, champion: _Champion | None, config: TrainConfig, place: _Place,
            say: Say) -> None:
    """Hold the trial and keep all that comes of it; the decision last, so that it is there only when everything is."""
    config = described(config, gathered.account, gathered.as_of)
    config = replace(config, version=f"{config.version}+{gathered.as_of:%Y%m%d}.{place.inputs[:8]}")
    held_trial = trial(gathered.data, config, gathered.as_of, None if champion is None else champion.artifact)
    say(f"trial: {held_trial.verdict.text}")
    challenger = None
    if held_trial.tried is not None:
        challenger = _published(run, registry, gathered, held_trial.config, held_trial.tried, champion, place, say)
        run.files(place.work / "pictures" / place.inputs[:16], "pictures")
    facts = about(gathered, held_trial, None if champion is None else champion.artifact) | {
        "notes": place.notes, "inputs": place.inputs,
        "champion": champion and f"version {champion.version.number}, {champion.artifact.manifest.version}",
        "challenger": challenger and f"version {challenger.number}, {config.version}"}
    place.report.parent.mkdir(parents=True, exist_ok=True)
    place.report.write_text(retrain_report.render(facts), encoding="utf-8")
    run.files(place.report, "report")
    run.parameters(parameters(held_trial) | {"as_of": gathered.as_of, "inputs": place.inputs})
    run.data({**gathered.account["inputs"], "dataset.parquet": digest(gathered.path)})
    run.metrics(figures_of(held_trial))
    run.tag({AGAINST: "" if champion is None else str(champion.version.number),
             PROMOTED: "yes" if held_trial.verdict.promote else "no"})
    run.tag({DECISION: held_trial.verdict.text})


def _published(run: Run, registry: Registry, gathered: Gathered, config: TrainConfig, tried: Tried, champion: _Champion | None,
               place: _Place, say: Say) -> Version:
    """Fit on all that is mature, write the artifact and its card, and register it."""
    directory = place.work / "candidates" / place.inputs[:16]
    if not (directory / "manifest.json").is_file():
        figures = evaluate(tried.chosen, tried.recipe)
        if not figures["unseen"]["repositories"] and champion is not None:
            figures["unseen"]["spread"] = champion.artifact.calibration.spread
            place.notes.append("one repository cannot tell how repositories differ: the width of intervals is the champion's")
        release(gathered.data, figures, config, directory, {"dataset_sha256": digest(gathered.path), "commit": commit()})
    artifact = load(directory, known=NAMES, feature_set=FEATURE_SET)
    say(f"artifact: {artifact.manifest.name} {artifact.manifest.version} sha256:{artifact.sha256[:12]}")
    draw(tried.answers, place.work / "pictures" / place.inputs[:16])
    run.files(directory, ARTIFACT)
    version = registry.register(run.id, run.model_uri, artifact, {INPUTS: place.inputs})
    registry.challenge(version)
    return version


def _settle(run: Run, registry: Registry, now: datetime) -> None:
    """Do what was decided. Each step may have been done before."""
    version = next((v for v in registry.versions() if v.run_id == run.id), None)
    if version is not None:
        registry.say(version, run.tags[DECISION])
        if run.tags[PROMOTED] == "yes":
            against = run.tags.get(AGAINST)
            registry.promote(version, at=now.isoformat(timespec="seconds"), why=run.tags[DECISION].removeprefix("promoted: "),
                             instead_of=int(against) if against else None)
    run.end()


def _champion(registry: Registry, tracking: Tracking, say: Say, now: datetime) -> tuple[_Champion | None, list[str]]:
    """Find the champion. In an empty registry it is the bundled model, which answers until another one does."""
    found = registry.named(CHAMPION)
    if found is not None:
        with registry.opened(found) as artifact:
            return _Champion(found, artifact), []
    try:
        artifact = bundled(known=NAMES, feature_set=FEATURE_SET)
    except ArtifactError as problem:
        note = f"no champion: the registry has none, and the bundled model does not fit ({problem.what})"
        say(note)
        return None, [note]
    version = install(bundled_path(), tracking, registry)
    registry.promote(version, at=now.isoformat(timespec="seconds"), why="the bundled model, which answered before")
    say(f"champion: the bundled model, now version {version.number}")
    return _Champion(version, artifact), ["the registry had no champion: the bundled model became it"]


def _name(gathered: Gathered, config: TrainConfig) -> str:
    """Name a run by what it is made from: data, numbers, and the code that trains."""
    made_from = {"dataset": digest(gathered.path), "config": config.digest, "code": _code(), "feature_set": FEATURE_SET}
    return sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()


@cache
def _code() -> str:
    """Hash the code that trains, as it was when this process first asked."""
    files = (file for file in sorted(HERE.glob("*.*")) if file.suffix in (".py", ".md"))
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
