"""Files that appear when they are whole: whoever reads, or kills, finds what was there before or all that is new."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Give a file to write that takes the place of ``path`` at the end, unless there is an error. Raises ``OSError``."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(4)}")  # several machines may share a folder
    try:
        with open(scratch, "xb") as out:
            yield out
        os.replace(scratch, path)
    finally:
        scratch.unlink(missing_ok=True)


def remove_scratches(path: Path) -> None:
    """Remove what writers of this file left that were killed."""
    for scratch in path.parent.glob(f".{escape(path.name)}.*-*"):
        scratch.unlink(missing_ok=True)
