"""A git directory of our own over the objects of another's: no foreign configuration, hook, attribute or ref is in reach.

Flags can switch off what one knows of. A git that never opens the repository's own directory cannot run its hooks, filters,
text converters, file monitors or included files, known or not; and as ``.gitattributes`` are not in reach either, a file has
one diff, whether the clone is bare or what it has checked out.
"""

from __future__ import annotations

from collections.abc import Mapping
from os import devnull
from pathlib import Path
from tempfile import TemporaryDirectory

from riskml.adapters.git.process import NEUTRAL

_CONFIG = """[core]
\trepositoryformatversion = {version}
\tbare = true
\tattributesFile = {devnull}
\texcludesFile = {devnull}
\thooksPath = {devnull}
\tfsmonitor = false
\tquotePath = true
\tlogAllRefUpdates = false
[extensions]
{extensions}
"""


class SealedDirectory:
    """A temporary git directory; ``environment`` makes a git use it with the objects of the repository at ``common``."""

    def __init__(self, common: Path, object_format: str) -> None:
        self._objects = common / "objects"
        self._shallow = common / "shallow"
        self._object_format = object_format
        self._folder: TemporaryDirectory[str] | None = None

    def environment(self) -> Mapping[str, str]:
        """Return the environment, building the directory if it is not there (or not there any more)."""
        folder = self._folder
        if folder is None or not Path(folder.name, "HEAD").exists():
            folder = self._folder = TemporaryDirectory(prefix="riskml-git-", ignore_cleanup_errors=True)
            fill(Path(folder.name), self._object_format)
        return {
            **NEUTRAL,
            "GIT_DIR": folder.name,
            "GIT_COMMON_DIR": folder.name,
            "GIT_WORK_TREE": folder.name,
            "GIT_INDEX_FILE": str(Path(folder.name, "index")),
            "GIT_OBJECT_DIRECTORY": str(self._objects),
            "GIT_SHALLOW_FILE": str(self._shallow),
        }


def fill(folder: Path, object_format: str, *, head: str = "ref: refs/heads/none") -> None:
    """Make a folder an empty git directory."""
    (folder / "refs").mkdir()
    (folder / "objects" / "info").mkdir(parents=True)
    (folder / "info").mkdir()
    sha1 = object_format == "sha1"
    extensions = "" if sha1 else f"\tobjectFormat = {object_format}"
    (folder / "config").write_text(_CONFIG.format(version=0 if sha1 else 1, devnull=devnull, extensions=extensions))
    (folder / "HEAD").write_text(head + "\n")  # last: its presence says that the directory is complete
