"""The model registry as the trainer sees it: artifact directories as versions, and the aliases champion and challenger."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from riskml.adapters.registry import CHALLENGER, CHAMPION, SHA256, connect, download, refusals
from riskml.errors import Conflict, NotFound
from riskml.model.artifact import Artifact, load
from training.succession import Event, read, reign, write

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion

ABOUT = "riskml artifacts: trees, calibration, manifest and card; no code"
HISTORY = "riskml.champions"
"""The tag of the registered model that logs who was champion when."""
INPUTS = "riskml.inputs"
DECISION = "riskml.decision"


@dataclass(frozen=True, slots=True)
class Version:
    """One registered artifact. ``inputs`` names what it was made from, ``decision`` what was said of it."""

    number: int
    sha256: str
    run_id: str
    source: str
    aliases: tuple[str, ...]
    inputs: str | None
    decision: str | None


class Registry:
    """The versions of one model. Every step can be repeated: what is done already is left as it is."""

    def __init__(self, uri: str, name: str) -> None:
        self.uri = uri
        self.name = name
        self._client = connect(uri)

    def versions(self) -> list[Version]:
        """List all versions, the newest first."""
        with refusals(self.uri):
            found = self._client.search_model_versions(f"name = '{self.name}'")
            whole = [self._client.get_model_version(self.name, v.version) for v in found]  # a search leaves out the aliases
        return sorted(map(_version, whole), key=lambda v: -v.number)

    def version(self, number: int) -> Version:
        """Fetch one. :raises NotFound: if there is none."""
        with refusals(self.uri):
            return _version(self._client.get_model_version(self.name, str(number)))

    def named(self, alias: str) -> Version | None:
        """Fetch what an alias names; ``None`` if it names nothing."""
        try:
            with refusals(self.uri):
                return _version(self._client.get_model_version_by_alias(self.name, alias))
        except NotFound:
            return None

    def register(self, run_id: str, source: str, artifact: Artifact, tags: Mapping[str, str]) -> Version:
        """Make a run's artifact a version. A run has one: asked again, it is the same."""
        with refusals(self.uri):
            if not self._client.search_registered_models(f"name = '{self.name}'"):
                self._client.create_registered_model(self.name, description=ABOUT)
        known = [v for v in self.versions() if v.run_id == run_id]
        if known:
            return known[0]
        manifest = artifact.manifest
        trained = manifest.training
        about = f"{manifest.name} {manifest.version}: {trained.get('changes')} changes until {trained.get('to')}"
        with refusals(self.uri):
            made = self._client.create_model_version(
                self.name, source, run_id, tags={SHA256: artifact.sha256, **tags}, description=about)
        return _version(made)

    def challenge(self, version: Version) -> None:
        """Name the challenger."""
        with refusals(self.uri):
            self._client.set_registered_model_alias(self.name, CHALLENGER, str(version.number))

    def say(self, version: Version, decision: str) -> None:
        """Keep what was decided about a version."""
        with refusals(self.uri):
            self._client.set_model_version_tag(self.name, str(version.number), DECISION, decision)

    def promote(self, version: Version, *, at: str, why: str, instead_of: int | None = None) -> bool:
        """Make a version the champion; false if it is already. ``instead_of`` is the champion that it was compared with.

        The log is written first and the alias moved after: repeating a promotion that was cut short finishes it.

        :raises Conflict: another champion was named since the comparison
        """
        now = self.named(CHAMPION)
        if now is not None and now.number == version.number:
            return False
        if instead_of is not None and (now is None or now.number != instead_of):
            raise Conflict("the champion changed since it was compared with", where=self.name,
                           got=None if now is None else now.number, expected=f"version {instead_of}; retrain again")
        self._crown(version.number, [*self._line(now, at), Event(at, "promoted", version.number, why)])
        return True

    def rollback(self, *, at: str, why: str) -> Version:
        """Make the champion before the present one champion again. :raises NotFound: there was none."""
        now = self.named(CHAMPION)
        events = self._line(now, at)
        line = reign(events)
        if len(line) < 2:
            raise NotFound("no champion before the present one", where=self.name, got=line[0] if line else None,
                           expected="a model that was promoted over another; promote VERSION names any")
        self.version(line[-2])  # it may have been deleted
        self._crown(line[-2], [*events, Event(at, "rolled back", line[-2], why)])
        return self.version(line[-2])

    def history(self) -> tuple[Event, ...]:
        """List the changes of champion, oldest first."""
        with refusals(self.uri):
            found = self._client.search_registered_models(f"name = '{self.name}'")
        return read(found[0].tags.get(HISTORY)) if found else ()

    @contextmanager
    def opened(self, version: Version) -> Iterator[Artifact]:
        """Fetch a version's artifact into a passing folder, check it, and load it."""
        with tempfile.TemporaryDirectory(prefix="riskml-") as folder:
            yield load(download(self.uri, version.source, Path(folder), version.sha256))

    def _line(self, now: Version | None, at: str) -> list[Event]:
        """Give the log, brought up to date with an alias that was moved by hand or whose move was cut short."""
        events = list(self.history())
        line = reign(events)
        if now is not None and (not line or line[-1] != now.number):
            cut_short = events and events[-1].what == "promoted" and line[-2:-1] == (now.number,)
            events = events[:-1] if cut_short else [*events, Event(at, "found", now.number, "named by hand")]
        return events

    def _crown(self, number: int, events: list[Event]) -> None:
        with refusals(self.uri):
            self._client.set_registered_model_tag(self.name, HISTORY, write(events))
            self._client.set_registered_model_alias(self.name, CHAMPION, str(number))


def _version(found: ModelVersion) -> Version:
    return Version(number=int(found.version), sha256=found.tags.get(SHA256, ""), run_id=found.run_id or "",
                   source=found.source or "", aliases=tuple(sorted(found.aliases)), inputs=found.tags.get(INPUTS),
                   decision=found.tags.get(DECISION))
