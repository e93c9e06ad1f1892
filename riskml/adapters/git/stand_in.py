"""Objects that stand in for blobs a clone lacks, so that one hole does not stop git from reading everything else."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from pathlib import Path


def write_stand_ins(objects: Path, blobs: Iterable[str]) -> None:
    """Put loose objects into a folder of objects, under the ids of missing blobs.

    Each is binary to git and resembles nothing, so a diff says no more of it than that it changed. Git finds an object by its
    id and does not hash what it reads; the folder must serve reading only, and never be packed or fetched from.
    """
    for blob in blobs:
        content = b"\0" + blob.encode("ascii")
        folder = objects / blob[:2]
        folder.mkdir(exist_ok=True)
        scratch = folder / f"tmp_obj_{blob[2:]}"
        scratch.write_bytes(zlib.compress(b"blob %d\0" % len(content) + content))
        scratch.replace(folder / blob[2:])  # in one step: a git that runs already may look for it
