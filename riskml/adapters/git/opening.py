"""Finding the repository that a path belongs to, without running anything of it."""

from __future__ import annotations

from configparser import Error as ConfigError
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from riskml.adapters.git.origin import key_of
from riskml.errors import NotARepository, RepositoryError


@dataclass(frozen=True, slots=True)
class Opened:
    """Where the parts of a repository are. ``worktree`` is ``None`` if it has none, or none that leads back to it."""

    git_dir: Path
    common_dir: Path
    worktree: Path | None
    object_format: str
    partial: bool
    key: str


def open_at(path: str | PathLike[str], *, search_parent: bool) -> Opened:
    """Open the repository at a path: its folder, one inside (if parents are searched), its ``.git``, or a bare one.

    Raises ``NotARepository``, or ``RepositoryError`` if git is not installed or the configuration cannot be read.
    """
    try:
        from git import InvalidGitRepositoryError, NoSuchPathError, Repo
    except ImportError as error:
        raise RepositoryError("git cannot be started", got=str(error).strip().split("\n")[0],
                              expected="git 2.31 or later on the PATH") from error  # fmt: skip
    place = Path(path).absolute()
    try:
        repo = Repo(place, search_parent_directories=search_parent, expand_vars=False)
    except NoSuchPathError as error:
        raise NotARepository("no such folder", got=str(path), expected="a folder inside a git repository") from error
    except InvalidGitRepositoryError as error:
        raise NotARepository("no git repository here", got=str(path), expected="a folder inside a git repository") from error
    except (ConfigError, ValueError, OSError) as error:
        raise NotARepository("a repository that cannot be read", got=str(path), expected="a readable .git/config") from error
    git_dir, common_dir = Path(repo.git_dir).resolve(), Path(repo.common_dir).resolve()
    worktree = None if repo.bare or repo.working_tree_dir is None else Path(repo.working_tree_dir).resolve()
    if worktree is not None and not _leads_to(worktree / ".git", git_dir):
        worktree = None  # core.worktree points elsewhere: what is there may be anything
    config = _config(common_dir / "config")
    home = common_dir.parent if common_dir.name == ".git" else worktree or common_dir
    return Opened(
        git_dir=git_dir,
        common_dir=common_dir,
        worktree=worktree,
        object_format=config.get("extensions.objectformat", "sha1").lower(),
        partial="extensions.partialclone" in config or any(name.endswith(".promisor") for name in config),
        key=key_of(config.get("remote.origin.url", "")) or home.name.removesuffix(".git") or "repository",
    )


def _leads_to(dot_git: Path, git_dir: Path) -> bool:
    if dot_git.is_dir():
        return dot_git.resolve() == git_dir
    try:
        text = dot_git.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return False
    target = text.removeprefix("gitdir:").strip()
    return text.startswith("gitdir:") and (dot_git.parent / target).resolve() == git_dir


def _config(path: Path) -> dict[str, str]:
    """Read the repository's own configuration, following no includes: ``section.subsection.name`` to the last value."""
    from git.config import GitConfigParser

    values: dict[str, str] = {}
    try:
        with GitConfigParser(path, read_only=True, merge_includes=False) as parser:
            for section in parser.sections():
                name = section.replace(' "', ".", 1).removesuffix('"')
                for option, value in parser.items(section):
                    values[f"{name}.{option}"] = str(value)
    except (ConfigError, ValueError, OSError) as error:
        what = "a repository that cannot be read"
        raise NotARepository(what, got=type(error).__name__, expected="a readable .git/config") from error
    return values
