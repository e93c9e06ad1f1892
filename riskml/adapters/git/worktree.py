"""The working tree as a tree of git, written beside the repository: its index, refs and objects stay as they are."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from os import fsencode
from pathlib import Path
from tempfile import TemporaryDirectory

from riskml.adapters.git.opening import Opened
from riskml.adapters.git.process import NEUTRAL, Place, run, settings
from riskml.adapters.git.sealed import fill
from riskml.errors import RepositoryError

# What decides how bytes in the working tree relate to bytes in git, and what is ignored. None of these runs anything.
_CARRIED = ("core.autocrlf", "core.eol", "core.filemode", "core.symlinks", "core.ignorecase", "core.precomposeunicode",
            "core.excludesfile", "core.trustctime", "core.checkstat")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A tree that holds what the working tree holds, readable in ``place`` for as long as the snapshot lasts."""

    tree: str
    place: Place


@contextmanager
def snapshot(opened: Opened, head: str) -> Iterator[Snapshot]:
    """Write the working tree as a tree: what is staged, what is not, and new files that are not ignored.

    Content filters (``filter.*.clean``) are not run: a file that has one shows as it is on disk, if it changed at all.
    """
    worktree = opened.worktree
    if worktree is None:
        expected = "a clone with files checked out"
        raise RepositoryError("a bare repository has no working tree", got=opened.key, expected=expected)
    with TemporaryDirectory(prefix="riskml-git-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        fill(folder, opened.object_format, head=head)
        (folder / "objects" / "info" / "alternates").write_bytes(fsencode(opened.common_dir / "objects") + b"\n")
        _copy(opened, folder)
        environment = {
            **NEUTRAL,
            **settings({**_carried(opened), "core.safecrlf": "false"}),
            "GIT_DIR": name,
            "GIT_COMMON_DIR": name,
            "GIT_WORK_TREE": str(worktree),
            "GIT_INDEX_FILE": str(folder / "index"),
            "GIT_OBJECT_DIRECTORY": str(folder / "objects"),
            "GIT_SHALLOW_FILE": str(opened.common_dir / "shallow"),
        }
        place = Place(str(worktree), environment)

        def git(*args: str, stdin: bytes = b"") -> bytes:
            return run(place, args, stdin=stdin).stdout

        changed = git("diff-files", "-z", "--name-only", "--no-renames", "--ignore-submodules=dirty")
        created = git("ls-files", "-z", "--others", "--exclude-standard")
        # A name that ends with a slash is a repository inside this one, which no commit of this one would hold.
        paths = [path for path in (changed + created).split(b"\0") if path and not path.endswith(b"/")]
        git("update-index", "-z", "--add", "--remove", "--replace", "--stdin", stdin=b"".join(path + b"\0" for path in paths))
        tree = git("write-tree", "--missing-ok").decode("ascii").strip()
        yield Snapshot(tree, Place(name, {**environment, "GIT_WORK_TREE": name}))  # out of reach of .gitattributes


def _copy(opened: Opened, folder: Path) -> None:
    """Copy the index, with its time, by which git tells which files it must read again; and what is ignored and how."""
    if (opened.git_dir / "index").exists():
        shutil.copy2(opened.git_dir / "index", folder / "index")
    for shared in opened.git_dir.glob("sharedindex.*"):
        shutil.copy2(shared, folder / shared.name)
    for name in ("exclude", "attributes"):
        if (opened.common_dir / "info" / name).is_file():
            shutil.copyfile(opened.common_dir / "info" / name, folder / "info" / name)


def _carried(opened: Opened) -> dict[str, str]:
    """Read the few settings that carry over, from the repository and, as it is their working tree, from the user."""
    environment = {key: value for key, value in NEUTRAL.items() if not key.startswith("GIT_CONFIG_")}
    environment |= {"GIT_DIR": str(opened.git_dir), "GIT_COMMON_DIR": str(opened.common_dir)}
    listed = run(Place(str(opened.git_dir), environment), ("config", "--list", "-z", "--includes")).stdout
    entries = (entry.partition("\n") for entry in listed.decode("utf-8", "surrogateescape").split("\0"))
    return {key: value for key, separator, value in entries if key in _CARRIED and separator}
