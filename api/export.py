"""An issue tracker's export beside a mirror: read when it is there, and again when it was replaced."""

from __future__ import annotations

import logging
from pathlib import Path

from riskml.errors import RiskmlError
from riskml.issues import Issues
from riskml.parse.issues import LIMIT, read_issues

LOG = logging.getLogger("riskml.api")


class Export:
    """One file, which may come later, be replaced, or go away. ``issues`` is what it told last; ``None`` is nothing."""

    def __init__(self, path: Path | None) -> None:
        self.issues: Issues | None = None
        self._path = path
        self._seen: tuple[int, int, int] | None = None

    def has_changed(self) -> bool:
        """Look whether the file is another one than last time, and read it if so.

        One that cannot be used is said in the log, and what was told before stays: half an export must not unteach a service.
        """
        seen = self._stamp()
        if self._path is None or seen == self._seen:
            return False
        self._seen = seen
        if seen is None:
            self.issues = None
            return True
        try:
            with self._path.open("rb") as file:
                self.issues = read_issues(file.read(LIMIT), str(self._path))
        except (OSError, RiskmlError) as error:
            LOG.warning("the issues cannot be used, those read before stay: %s", error)
            return False
        return True

    def _stamp(self) -> tuple[int, int, int] | None:
        if self._path is None:
            return None
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino
