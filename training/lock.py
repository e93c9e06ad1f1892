"""One training at a time in one folder. The lock falls with its process, however that ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from riskml.errors import RiskmlError


class Busy(RiskmlError):
    """Another process is at it."""


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a lock file for as long as the block runs. :raises Busy: at once, if another process holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.seek(0)
            raise Busy("another retraining is under way", where=str(path), got=f"process {file.read().strip() or 'unknown'}",
                       expected="to wait until it has ended, or another --work folder") from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
