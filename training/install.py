"""An artifact that was made elsewhere (fitted by hand, or bundled) becomes a version in the registry."""

from __future__ import annotations

from pathlib import Path

from riskml.features.catalogue import FEATURE_SET, NAMES
from riskml.model.artifact import load
from training.registry import Registry, Version
from training.tracking import ARTIFACT, INPUTS, Tracking

_COUNTS = ("changes", "harmful", "base_rate", "trees", "depth", "threshold", "immature")


def install(directory: Path, tracking: Tracking, registry: Registry) -> Version:
    """Keep a run with what the artifact says of itself, and register it. The same artifact has one version.

    :raises ArtifactError: one that must not be used is not registered
    """
    artifact = load(directory, known=NAMES, feature_set=FEATURE_SET)
    manifest, inputs = artifact.manifest, f"artifact:{artifact.sha256}"
    run = tracking.begin(inputs, f"{manifest.name} {manifest.version}")
    if not run.finished:
        run.parameters({"version": manifest.version, "feature_set": manifest.feature_set, "features": len(manifest.features),
                        **{key: manifest.training[key] for key in ("from", "to", "seed", "config_sha256", "commit")
                           if key in manifest.training}})
        run.data({"dataset": str(manifest.training.get("dataset_sha256", ""))})
        run.metrics({f"training.{key}": manifest.training[key] for key in _COUNTS if key in manifest.training})
        models = manifest.evaluation.get("models", {})
        run.metrics({f"{name.replace(', ', '.').replace(' ', '_')}.{key}": figure["value"]
                     for name, figures in models.items() for key, figure in figures.items()})
        run.files(directory, ARTIFACT)
        run.files(directory / "CARD.md")
    version = registry.register(run.id, run.model_uri, artifact, {INPUTS: inputs})
    run.end()
    return version
