"""A clone in which plain ``git log`` survives: something stands in for the blobs that a partial or damaged one lacks."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from riskml.adapters.git.stand_in import write_stand_ins


def git(repository: str | Path, *arguments: str, given: bytes = b"") -> str:
    """Return what git says, in the repository."""
    done = subprocess.run(["git", "-C", str(repository), *arguments], input=given, check=True, capture_output=True)
    return done.stdout.decode("utf-8", "replace").strip()


@contextmanager
def whole(repository: str, *, always: bool = False) -> Iterator[str]:
    """Give the repository if it lacks no blob, else a scratch clone that shares its objects and replaces what it lacks.

    ``always``: a clone in any case, for tools that refuse what belongs to somebody else.
    What stands in is empty, so git compares nothing there; riskml reads the repository as it is and does the same on its own.
    """
    listed = git(repository, "rev-list", "--objects", "--missing=print", "HEAD")
    missing = [line[1:] for line in listed.split("\n") if line.startswith("?")]
    if not missing and not always:
        yield repository
        return
    with tempfile.TemporaryDirectory(prefix="riskml-bench-") as folder:
        clone = f"{folder}/whole.git"
        subprocess.run(["git", "clone", "-q", "-s", "--bare", repository, clone], check=True)
        if not missing:
            yield clone
            return
        empty = git(clone, "hash-object", "-w", "-t", "blob", "--stdin")
        git(clone, "update-ref", "--stdin", given="".join(f"create refs/replace/{sha} {empty}\n" for sha in missing).encode())
        print(f"  ({len(missing)} missing blobs: git log runs on a clone in which an empty one stands in for them)")
        yield clone


@contextmanager
def stand_ins(repository: str) -> Iterator[dict[str, str]]:
    """Give an environment in which git, in clones too, finds something in place of each blob that the repository lacks."""
    listed = git(repository, "rev-list", "--objects", "--missing=print", "HEAD")
    with tempfile.TemporaryDirectory(prefix="riskml-bench-") as folder:
        write_stand_ins(Path(folder), [line[1:] for line in listed.splitlines() if line.startswith("?")])
        yield {"GIT_ALTERNATE_OBJECT_DIRECTORIES": folder, "GIT_NO_LAZY_FETCH": "1"}
