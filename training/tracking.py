"""Runs in MLflow: what was trained from which data, with which numbers, how good it was, and every file that came of it.

A run is named by its inputs. A run that was cut short is found again by them and finished; one that is finished is not made
twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskml.adapters.registry import connect, refusals

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as MlflowRun

INPUTS = "riskml.inputs"
"""The tag of a run that names what it was made from."""
DECISION = "riskml.decision"
PROMOTED = "riskml.promoted"
ARTIFACT = "model"
"""The folder of a run that holds the artifact directory as it is."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run. Everything may be written twice. ``tags`` are those it had when it was found."""

    id: str
    uri: str
    artifact_uri: str
    finished: bool
    tags: Mapping[str, str]
    client: MlflowClient

    @property
    def model_uri(self) -> str:
        """Where its artifact directory lies."""
        return f"{self.artifact_uri}/{ARTIFACT}"

    def parameters(self, values: Mapping[str, Any]) -> None:
        """Keep what the run was started with."""
        from mlflow.entities import Param

        with refusals(self.uri):
            self.client.log_batch(self.id, params=[Param(key, str(value)[:6000]) for key, value in values.items()])

    def metrics(self, values: Mapping[str, float | None]) -> None:
        """Keep figures; what is undefined is left out. Written twice, a figure is kept once."""
        from mlflow.entities import Metric

        known = {key: float(v) for key, v in values.items() if v is not None and isfinite(v)}
        with refusals(self.uri):
            self.client.log_batch(self.id, metrics=[Metric(key, v, 0, 0) for key, v in known.items()])

    def data(self, digests: Mapping[str, str]) -> None:
        """Keep which files were read, by name and SHA-256 (MLflow has room for its first 36 letters)."""
        from mlflow.entities import Dataset, DatasetInput

        found = [DatasetInput(Dataset(name, digest[:36], "local", name)) for name, digest in digests.items()]
        with refusals(self.uri):
            self.client.log_inputs(self.id, found)

    def files(self, path: Path, folder: str | None = None) -> None:
        """Keep a file or a whole directory."""
        with refusals(self.uri):
            if path.is_dir():
                self.client.log_artifacts(self.id, str(path), folder)
            else:
                self.client.log_artifact(self.id, str(path), folder)

    def tag(self, values: Mapping[str, str]) -> None:
        """Keep words about the run."""
        with refusals(self.uri):
            for key, value in values.items():
                self.client.set_tag(self.id, key, value)

    def end(self) -> None:
        """Say that everything is written."""
        with refusals(self.uri):
            self.client.set_terminated(self.id, "FINISHED")


class Tracking:
    """The runs of one experiment on one MLflow server or in one database."""

    def __init__(self, uri: str, experiment: str) -> None:
        self.uri = uri
        self._client = connect(uri)
        with refusals(uri):
            found = self._client.get_experiment_by_name(experiment)
            self._experiment = found.experiment_id if found else self._client.create_experiment(
                experiment, artifact_location=_beside(uri))

    def find(self, inputs: str) -> Run | None:
        """Find the run of these inputs, finished or cut short."""
        with refusals(self.uri):
            found = self._client.search_runs([self._experiment], f"tags.`{INPUTS}` = '{inputs}'", max_results=1,
                                             order_by=["attributes.start_time ASC"])
        return self._run(found[0]) if found else None

    def begin(self, inputs: str, name: str) -> Run:
        """Begin the run of these inputs, or go on with the one that is there."""
        found = self.find(inputs)
        if found is not None:
            return found
        with refusals(self.uri):
            return self._run(self._client.create_run(self._experiment, tags={INPUTS: inputs}, run_name=name))

    def _run(self, found: MlflowRun) -> Run:
        return Run(found.info.run_id, self.uri, found.info.artifact_uri or "", found.info.status == "FINISHED",
                   dict(found.data.tags), self._client)


def default_uri(work: Path) -> str:
    """Name the database that is used where no server is: a SQLite file in the work folder.

    >>> default_uri(Path("/data/.work"))
    'sqlite:////data/.work/mlflow.db'
    """
    return f"sqlite:///{(work.absolute() / 'mlflow.db').as_posix()}"


def _beside(uri: str) -> str | None:
    """Keep files beside a SQLite database; a server knows its own place."""
    if not uri.startswith("sqlite:///"):
        return None
    return str(Path(uri.removeprefix("sqlite:///")).absolute().parent / "mlartifacts")
