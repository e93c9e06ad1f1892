"""A model as a directory without code: trees as text, a calibration table, a manifest and a card.

    model.txt          LightGBM's text format
    calibration.json   margin → log-odds at the natural base rate (:mod:`riskml.model.calibration`)
    CARD.md            what the model is for, how good it is, where it fails
    manifest.json      protocol, feature names, label definition, training span, quantiles, and the SHA-256 of the files above

The SHA-256 of ``manifest.json`` names the whole artifact. Nothing in it is ever executed: no pickle, no joblib.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from riskml.errors import ArtifactCorrupt, ArtifactMismatch, ProtocolTooNew
from riskml.model.calibration import Calibration
from riskml.model.lightgbm_text import parse
from riskml.model.manifest import Manifest
from riskml.model.trees import Forest

PROTOCOL = 1
"""Version of this layout.

To raise it: (1) write the new layout under ``PROTOCOL + 1``; (2) keep reading the old one in :func:`load`, by the number found
in the manifest; (3) keep a tiny artifact of the old protocol in ``tests/riskml/model/protocols/`` and load it in a test; (4)
note in the changelog which versions of riskml read which protocols. A key that old readers may ignore needs no new protocol.
"""

FILES = ("model.txt", "calibration.json", "CARD.md")
MANIFEST = "manifest.json"
MAX_BYTES = 64 * 1024 * 1024
"""More than any model of shallow trees needs; a larger file is not read."""

_PACKAGE = Path(__file__).resolve().parent.parent
_BUNDLED = (_PACKAGE / "_bundled", _PACKAGE.parent / "models" / "default")  # in a wheel; in a checkout


@dataclass(frozen=True, slots=True, eq=False)
class Artifact:
    """A model read from its directory and found whole."""

    manifest: Manifest
    forest: Forest
    calibration: Calibration
    card: str
    sha256: str


def load(directory: str | Path, *, known: Collection[str] | None = None, feature_set: int | None = None) -> Artifact:
    """Read and check an artifact. ``known`` and ``feature_set`` say which features the caller can compute.

    :raises ArtifactCorrupt: a file is missing, altered, or not what it should be
    :raises ArtifactMismatch: the model reads features that ``known`` lacks, or another feature set
    :raises ProtocolTooNew: a later version of riskml wrote it
    """
    root = Path(directory)
    raw = _read(root, MANIFEST)
    data = _json(raw, root / MANIFEST)
    protocol = data.get("protocol")
    if type(protocol) is not int or protocol < 1:
        raise ArtifactCorrupt("no protocol number", where=f"{root / MANIFEST} protocol", got=protocol, expected="1 or more")
    if protocol > PROTOCOL:
        raise ProtocolTooNew("the model was written by a later riskml", where=str(root), got=protocol,
                             expected=f"a protocol up to {PROTOCOL}; upgrade riskml or use an older model")
    manifest = Manifest.from_json(data, where=str(root / MANIFEST))
    contents = {name: _checked(root, name, manifest.files) for name in FILES}
    forest = parse(_text(contents["model.txt"], root / "model.txt"), where=str(root / "model.txt"))
    if forest.features != manifest.features:
        raise ArtifactCorrupt("trees and manifest name different features", where=str(root), got=forest.features[:5],
                              expected=f"{manifest.features[:5]} … as in the manifest")
    calibration = Calibration.from_json(_json(contents["calibration.json"], root / "calibration.json"))
    _fits(manifest, root, known, feature_set)
    card = _text(contents["CARD.md"], root / "CARD.md")
    return Artifact(manifest=manifest, forest=forest, calibration=calibration, card=card, sha256=sha256(raw).hexdigest())


def bundled(*, known: Collection[str] | None = None, feature_set: int | None = None) -> Artifact:
    """Load the artifact that comes with riskml."""
    return load(bundled_path(), known=known, feature_set=feature_set)


def bundled_path() -> Path:
    """Find the bundled artifact: inside an installed package, or in ``models/default`` of a checkout."""
    for path in _BUNDLED:
        if (path / MANIFEST).is_file():
            return path
    raise ArtifactCorrupt("this installation carries no model", where=str(_BUNDLED[0]), expected="the files of an artifact")


def write(directory: str | Path, manifest: Manifest, model: str, calibration: Calibration, card: str) -> Artifact:
    """Write an artifact and read it back. The hashes of its files are put into the manifest here.

    The directory appears, or is replaced, as a whole: an interrupted write leaves what was there before.
    """
    target = Path(directory)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}-") as scratch:
        new = Path(scratch) / "new"
        new.mkdir()
        contents = {"model.txt": model, "calibration.json": _pretty(calibration.to_json()), "CARD.md": card}
        for name, text in contents.items():
            (new / name).write_bytes(text.encode())
        hashes = {name: sha256(text.encode()).hexdigest() for name, text in contents.items()}
        body = {"protocol": PROTOCOL, **manifest.to_json(), "files": hashes}
        (new / MANIFEST).write_bytes(_pretty(body).encode())
        artifact = load(new)
        if target.exists():
            target.rename(Path(scratch) / "old")
        new.rename(target)
    return artifact


def _fits(manifest: Manifest, root: Path, known: Collection[str] | None, feature_set: int | None) -> None:
    if feature_set is not None and manifest.feature_set != feature_set:
        raise ArtifactMismatch("the model was trained on another feature set", where=str(root), got=manifest.feature_set,
                               expected=f"feature set {feature_set}; retrain the model, or use the riskml it was made for")
    absent = [name for name in manifest.features if known is not None and name not in known]
    if absent:
        raise ArtifactMismatch("the model reads features that this riskml does not compute", where=str(root), got=absent,
                               expected="only features of the catalogue (riskml features --list)")


def _read(root: Path, name: str) -> bytes:
    path = root / name
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as problem:
        raise ArtifactCorrupt("a file of the model cannot be read", where=str(path), got=problem.strerror,
                              expected=f"a directory with {MANIFEST}, {', '.join(FILES)}") from problem
    if len(data) > MAX_BYTES:
        raise ArtifactCorrupt("too large a file", where=str(path), expected=f"at most {MAX_BYTES} bytes")
    return data


def _checked(root: Path, name: str, hashes: Mapping[str, str]) -> bytes:
    data = _read(root, name)
    found = sha256(data).hexdigest()
    if found != hashes.get(name):
        raise ArtifactCorrupt("a file of the model was altered: its hash is not the recorded one", where=str(root / name),
                              got=found, expected=f"{hashes.get(name)}, as in {MANIFEST}")
    return data


def _text(data: bytes, path: Path) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as problem:
        raise ArtifactCorrupt("not UTF-8 text", where=str(path), got=problem.reason) from problem


def _json(data: bytes, path: Path) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as problem:
        raise ArtifactCorrupt("not JSON", where=str(path), got=str(problem), expected="a JSON object") from problem
    if not isinstance(value, dict):
        raise ArtifactCorrupt("not a JSON object", where=str(path), got=type(value).__name__, expected="a JSON object")
    return value


def _pretty(value: object) -> str:
    """JSON with one key a line and lists on one line: readable in a diff, small on disk."""
    if isinstance(value, dict):
        items = [f" {json.dumps(key)}: {json.dumps(item, ensure_ascii=False, allow_nan=False)}" for key, item in value.items()]
        return "{\n" + ",\n".join(items) + "\n}\n"
    return json.dumps(value, allow_nan=False) + "\n"
