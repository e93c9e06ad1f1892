"""Files that ``riskml init`` wrote, remembered by hash: never over a file of the user's, and taken back when unchanged."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from riskml.errors import InputError, PathOutside, UsageError

LEDGER = ".riskml/init.json"
"""Where the hashes are kept; meant to be committed with the files, so that anybody can take them back."""

Fate = Literal["wrote", "same", "updated", "kept", "removed", "gone"]


@dataclass(frozen=True, slots=True)
class Done:
    """What became of one file. ``kept`` is a file of the user's, or one that was changed since it was written."""

    path: str
    fate: Fate


def write(root: Path, files: Mapping[str, str], *, dry_run: bool = False) -> list[Done]:
    """Write files that are not there; bring up to date those that were written before and not changed since.

    Raises ``PathOutside`` where a link would lead out of the repository, ``UsageError`` where it cannot be written.
    """
    ledger = _ledger(root)
    done = []
    for path, text in files.items():
        place, data = _place(root, path), text.encode()
        now = _content(place)
        if now is None:
            fate: Fate = "wrote"
        elif now == data:
            fate = "same"
        else:
            fate = "updated" if ledger.get(path) == _hash(now) else "kept"
        if fate in ("wrote", "updated") and not dry_run:
            _put(place, data, new=fate == "wrote")
            ledger[path] = _hash(data)
        done.append(Done(path, fate))
    if not dry_run and ledger:
        _put(_place(root, LEDGER), _text(ledger), new=False)
    return done


def undo(root: Path, *, dry_run: bool = False) -> list[Done]:
    """Take back what was written and not changed since, and the folders that are empty then."""
    ledger = _ledger(root)
    done = []
    for path, digest in ledger.items():
        place = _place(root, path)
        now = _content(place)
        if now is None:
            done.append(Done(path, "gone"))
        elif _hash(now) != digest:
            done.append(Done(path, "kept"))
        else:
            if not dry_run:
                _remove(root, place)
            done.append(Done(path, "removed"))
    if ledger and not dry_run:
        _remove(root, _place(root, LEDGER))
    return done


def _ledger(root: Path) -> dict[str, str]:
    data = _content(_place(root, LEDGER))
    if data is None:
        return {}
    try:
        found = json.loads(data)
    except ValueError:
        found = None
    written = found.get("written") if isinstance(found, dict) else None
    if not isinstance(written, dict) or not all(isinstance(digest, str) for digest in written.values()):
        raise InputError("not the list of files that `riskml init` keeps", where=LEDGER,
                         expected="the file as it was written, or none")
    return written


def _text(ledger: Mapping[str, str]) -> bytes:
    note = "written by `riskml init`; `riskml init --undo` removes these files while they are unchanged"
    return (json.dumps({"note": note, "written": dict(sorted(ledger.items()))}, indent=2) + "\n").encode()


def _place(root: Path, path: str) -> Path:
    """Return where a path lies. The list is a file of the repository, so whoever wrote it may want to reach out of it."""
    place = root / path
    if path.startswith("/") or ".." in path.split("/") or not place.parent.resolve().is_relative_to(root.resolve()):
        raise PathOutside("a path that leads out of the repository", where=LEDGER, got=path, expected="a path inside of it")
    return place


def _content(place: Path) -> bytes | None:
    if place.is_symlink():
        raise PathOutside("a link where a file is wanted", got=str(place), expected="a file, or nothing")
    try:
        return place.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _refused(place, error) from None


def _put(place: Path, data: bytes, *, new: bool) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if new:
            with open(place, "xb") as file:  # what appeared in the meantime is the user's
                file.write(data)
            return
        scratch = place.with_name(f".{place.name}.{os.getpid()}")
        scratch.write_bytes(data)
        os.replace(scratch, place)
    except OSError as error:
        raise _refused(place, error) from None


def _remove(root: Path, place: Path) -> None:
    try:
        place.unlink(missing_ok=True)
        for folder in place.parents:
            if folder == root or any(folder.iterdir()):
                return
            folder.rmdir()
    except OSError as error:
        raise _refused(place, error) from None


def _refused(place: Path, error: OSError) -> UsageError:
    return UsageError(f"cannot read or write a file ({error.strerror})", got=str(place), expected="a place to write")


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
