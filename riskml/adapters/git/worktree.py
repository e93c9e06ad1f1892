"""The working tree as a tree of git, written beside the repository: its index, its objects and its refs stay as they are."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from riskml.adapters.git.opening import Opened
from riskml.adapters.git.process import NEUTRAL, Completed, run
from riskml.adapters.git.sealed import fill
from riskml.errors import RepositoryError

# What decides how bytes in the working tree relate to bytes in git, and what is ignored. None of these runs anything.
_CARRIED = ("core.autocrlf", "core.eol", "core.filemode", "core.symlinks", "core.ignorecase", "core.precomposeunicode",
            "core.excludesfile", "core.trustctime", "core.checkstat")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A tree that holds what the working tree holds, readable in ``environment`` for as long as the snapshot lasts."""

    tree: str
    environment: Mapping[str, str]


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
        (folder / "objects" / "info" / "alternates").write_text(f"{opened.common_dir / 'objects'}\n")
        _copy(opened, folder)
        environment = {
            **NEUTRAL,
            "GIT_DIR": name,
            "GIT_COMMON_DIR": name,
            "GIT_WORK_TREE": str(worktree),
            "GIT_INDEX_FILE": str(folder / "index"),
            "GIT_OBJECT_DIRECTORY": str(folder / "objects"),
            "GIT_SHALLOW_FILE": str(opened.common_dir / "shallow"),
        }
        options = [part for key, value in _carried(opened).items() for part in ("-c", f"{key}={value}")]

        def git(*args: str, stdin: bytes = b"") -> Completed:
            return run(opened.git, (*options, "-c", "core.safecrlf=false", *args), environment, stdin=stdin)

        changed = git("diff-files", "-z", "--name-only", "--no-renames", "--ignore-submodules=dirty").stdout
        created = git("ls-files", "-z", "--others", "--exclude-standard").stdout
        # A name that ends with a slash is a repository inside this one, which no commit of this one would hold.
        paths = [path for path in (changed + created).split(b"\0") if path and not path.endswith(b"/")]
        git("update-index", "-z", "--add", "--remove", "--replace", "--stdin", stdin=b"".join(path + b"\0" for path in paths))
        tree = git("write-tree", "--missing-ok").stdout.decode("ascii").strip()
        sealed = {**environment, "GIT_WORK_TREE": name}  # out of reach of the tree's .gitattributes
        yield Snapshot(tree, sealed)


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
    listed = run(opened.git, ("config", "--list", "-z", "--includes"), environment).stdout.decode("utf-8", "surrogateescape")
    entries = (entry.partition("\n") for entry in listed.split("\0"))
    return {key: value for key, separator, value in entries if key in _CARRIED and separator}
