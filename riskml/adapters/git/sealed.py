"""A git directory of our own over the objects of another's: no foreign configuration, hook, attribute or ref is in reach.

Flags can switch off what one knows of. A git that never opens the repository's own directory cannot run its hooks, filters,
text converters, file monitors or included files, known or not; and as ``.gitattributes`` are not in reach either, a file has
one diff, whether the clone is bare or what it has checked out.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Collection
from os import devnull, getpid
from pathlib import Path
from threading import Lock

from riskml.adapters.git.process import NEUTRAL, Place
from riskml.adapters.git.stand_in import write_stand_ins

_CONFIG = """[core]
\trepositoryformatversion = {version}
\tbare = true
\tattributesFile = {devnull}
\texcludesFile = {devnull}
\thooksPath = {devnull}
\tfsmonitor = false
\tlogAllRefUpdates = false
[extensions]
{extensions}
"""


class SealedDirectory:
    """A temporary git directory, gone with its object; a git in ``place()`` uses it with the objects of ``common``."""

    def __init__(self, common: Path, object_format: str) -> None:
        self._objects = common / "objects"
        self._shallow = common / "shallow"
        self._object_format = object_format
        self._folder: Path | None = None
        self._building = Lock()
        self._stands_in = False

    def place(self) -> Place:
        """Return the place, building the directory if it is not there, or not there any more."""
        with self._building:
            if self._folder is None or not (self._folder / "HEAD").exists():
                self._folder = Path(tempfile.mkdtemp(prefix="riskml-git-"))
                weakref.finalize(self, _remove, self._folder, getpid())
                fill(self._folder, self._object_format)
            folder = self._folder
        environment = {
            **NEUTRAL,
            "GIT_DIR": str(folder),
            "GIT_COMMON_DIR": str(folder),
            "GIT_WORK_TREE": str(folder),
            "GIT_INDEX_FILE": str(folder / "index"),
            "GIT_OBJECT_DIRECTORY": str(self._objects),
            "GIT_SHALLOW_FILE": str(self._shallow),
        }
        if self._stands_in:
            environment["GIT_ALTERNATE_OBJECT_DIRECTORIES"] = str(folder / "objects")
        return Place(str(folder), environment)

    def stand_in_for(self, blobs: Collection[str]) -> None:
        """From now on, let every git read missing blobs as binary contents that resemble nothing."""
        folder = Path(self.place().directory)
        write_stand_ins(folder / "objects", blobs)
        self._stands_in = True


def fill(folder: Path, object_format: str, *, head: str = "ref: refs/heads/none") -> None:
    """Make a folder an empty git directory."""
    (folder / "refs").mkdir()
    (folder / "objects" / "info").mkdir(parents=True)
    (folder / "info").mkdir()
    sha1 = object_format == "sha1"
    extensions = "" if sha1 else f"\tobjectFormat = {object_format}"
    (folder / "config").write_text(_CONFIG.format(version=0 if sha1 else 1, devnull=devnull, extensions=extensions))
    (folder / "HEAD").write_text(head + "\n")  # last: its presence says that the directory is complete


def _remove(folder: Path, owner: int) -> None:
    if getpid() == owner:  # a forked process has the object, but not the folder
        shutil.rmtree(folder, ignore_errors=True)
