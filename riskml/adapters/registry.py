"""The model registry as a model's user sees it: an alias of MLflow's becomes an artifact directory on this machine.

A version in the registry is an artifact directory as it is, and its tag :data:`SHA256` names the bytes. What is pulled is
checked before it takes its place: hashes, protocol, features. No code is loaded, because an artifact holds none.
"""

from __future__ import annotations

import ctypes
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from riskml.errors import ArtifactCorrupt, ArtifactError, NotFound, StoreUnwritable, UsageError
from riskml.features.catalogue import FEATURE_SET, NAMES
from riskml.model.artifact import FILES, MANIFEST, load

if TYPE_CHECKING:
    from mlflow import MlflowClient

SHA256 = "riskml.sha256"
"""The tag of a version that holds the SHA-256 of its manifest, which names the whole artifact."""

CHAMPION, CHALLENGER = "champion", "challenger"
"""The alias of the version that answers, and of the latest one that was compared with it."""

_SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",  # MLflow would tell its makers what it is used for
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",  # results alone go there
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",  # its own 7, each with a longer wait, take minutes to say that nobody is there
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "60",
}


@dataclass(frozen=True, slots=True)
class Pulled:
    """What lies in the directory now. ``fresh`` is false if it lay there before."""

    name: str
    version: str
    sha256: str
    fresh: bool


def pull(uri: str, target: Path, *, name: str, alias: str = CHAMPION) -> Pulled:
    """Put the version that an alias names into ``target``, in place of the artifact that is there, as a whole.

    ``target`` is left as it was by every refusal: :raises UsageError: something else than an artifact lies there; :raises
    ArtifactCorrupt: not the bytes that were registered; :raises ArtifactMismatch: features that this riskml does not compute;
    :raises NotFound: no such model or alias; :raises StoreUnwritable: the registry does not answer
    """
    _is_free(target)
    client = connect(uri, create=False)
    with refusals(uri):
        found = client.get_model_version_by_alias(name, alias)
        source = client.get_model_version_download_uri(name, found.version)
    expected = found.tags.get(SHA256)
    if expected is None:
        raise ArtifactCorrupt("a version that riskml did not register", where=f"{name} version {found.version}",
                              expected=f"a tag {SHA256}; 'python -m training register' sets it")
    if target.is_dir() and _sha256_of(target) == expected:
        return Pulled(name, str(found.version), expected, fresh=False)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as scratch:
        new = download(uri, source, Path(scratch), expected)
        replace(new, target)
    return Pulled(name, str(found.version), expected, fresh=True)


def download(uri: str, source: str, folder: Path, sha256: str) -> Path:
    """Fetch an artifact into a new directory inside ``folder`` and check it. Only the files of an artifact are kept."""
    from mlflow.artifacts import download_artifacts

    raw, new = folder / "raw", folder / "new"
    raw.mkdir()
    with refusals(uri):
        here = Path(download_artifacts(artifact_uri=source, dst_path=str(raw), tracking_uri=uri))
    new.mkdir()
    for file in (*FILES, MANIFEST):
        if (here / file).is_file():
            shutil.copyfile(here / file, new / file)
    artifact = load(new, known=NAMES, feature_set=FEATURE_SET)
    if artifact.sha256 != sha256:
        raise ArtifactCorrupt("the registry gave another artifact than was registered", where=source, got=artifact.sha256,
                              expected=sha256)
    return new


def connect(uri: str, *, create: bool = True) -> MlflowClient:
    """Open a tracking server or database. ``create=False`` refuses a SQLite file that is not there instead of making one."""
    for key, value in _SETTINGS.items():
        os.environ.setdefault(key, value)
    file = Path(uri.removeprefix("sqlite:///"))
    if uri.startswith("sqlite:///") and not file.is_file():
        if not create:
            raise NotFound("no model registry is here", where=uri, expected="the address that 'retrain' or 'register' used")
        file.absolute().parent.mkdir(parents=True, exist_ok=True)
    try:
        from mlflow import MlflowClient
    except ImportError:
        raise UsageError("a model registry needs MLflow", where="this installation", got="no module mlflow",
                         expected="pip install 'riskml[registry]' for a server, 'riskml[training]' for a database") from None
    for chatty in ("mlflow", "alembic"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    with refusals(uri):
        return MlflowClient(tracking_uri=uri, registry_uri=uri)


@contextmanager
def refusals(uri: str) -> Iterator[None]:
    """Turn what MLflow says into words of our own."""
    from mlflow.exceptions import MlflowException

    try:
        yield
    except MlflowException as problem:
        said = str(problem).strip().splitlines()[0] if str(problem).strip() else type(problem).__name__
        if problem.error_code == "RESOURCE_DOES_NOT_EXIST" or "not found" in said:  # how it tells of an alias that is none
            raise NotFound("the model registry does not hold this", where=hidden(uri), got=said) from problem
        raise StoreUnwritable("the model registry cannot be used", where=hidden(uri), got=said,
                              expected="a reachable MLflow server or a writable database") from problem
    except OSError as problem:
        raise StoreUnwritable("the model registry cannot be used", where=hidden(uri), got=str(problem),
                              expected="a reachable MLflow server or a writable database") from problem


def hidden(uri: str) -> str:
    """Leave the password out of an address.

    >>> hidden("http://ada:secret@registry.example:5000/x"), hidden("sqlite:///a.db")
    ('http://ada:***@registry.example:5000/x', 'sqlite:///a.db')
    """
    scheme, mark, rest = uri.partition("://")
    place, at, host = rest.rpartition("@")
    user, colon, _ = place.partition(":")
    return f"{scheme}{mark}{user}{colon}***{at}{host}" if at and colon else uri


def replace(new: Path, target: Path) -> None:
    """Let a directory take the place of another. Whoever looks finds the old one or the new one, never a mixture.

    On Linux both change places in one step (``renameat2``); elsewhere there is an instant in which neither is there.
    """
    if not target.exists():
        new.rename(target)
    elif not _exchange(new, target):
        target.rename(new.with_name("old"))
        new.rename(target)


def _is_free(target: Path) -> None:
    """Refuse to take the place of anything but an artifact, whole or damaged: what lies there is lost."""
    if not target.exists():
        return
    names = {path.name for path in target.iterdir()} if target.is_dir() else {target.name}
    others = names.difference((*FILES, MANIFEST) if target.is_dir() else ())
    if others:
        raise UsageError("something else is there", where="--output", got=f"{target}: {min(others)}",
                         expected="a new or empty folder, or one that holds nothing but a model")


def _exchange(one: Path, other: Path) -> bool:
    if not sys.platform.startswith("linux"):
        return False
    here, exchange = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of linux/fs.h
    call = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    return call is not None and call(here, os.fsencode(one.absolute()), here, os.fsencode(other.absolute()), exchange) == 0


def _sha256_of(directory: Path) -> str | None:
    try:
        return load(directory, known=NAMES, feature_set=FEATURE_SET).sha256
    except ArtifactError:
        return None  # what lies there is replaced by something whole
