"""What many tests share: real git repositories, tiny and the same on every machine."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

START = 1_700_000_000
HOUR = 3600


class TinyRepository:
    """A real repository in a folder of its own; its commits are an hour apart, so that their ids never change.

    ``write`` and ``remove`` touch the working tree, ``commit`` commits all of it, ``git`` runs anything else.
    """

    def __init__(self, path: Path, *, bare: bool = False, object_format: str = "sha1") -> None:
        self.path = path
        self.now = START
        self.home = path.parent / f".home-of-{path.name}"
        self.home.mkdir(parents=True)
        path.mkdir(parents=True, exist_ok=True)
        if not (path / ".git").exists() and not (path / "HEAD").exists():
            options = ["--bare"] if bare else []
            self.git("init", "-q", "-b", "main", f"--object-format={object_format}", *options)

    @property
    def environment(self) -> dict[str, str]:
        """An environment without the caller's configuration, names or clock."""
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        date = f"{self.now} +0100"
        return inherited | {
            "HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home),
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org", "GIT_AUTHOR_DATE": date,
            "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org", "GIT_COMMITTER_DATE": date,
            "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C",
        }  # fmt: skip

    def git(self, *args: str, stdin: bytes = b"", env: Mapping[str, str] = {}) -> str:
        """Run git here and return what it wrote, without the last newline."""
        command = ["git", "-c", "protocol.file.allow=always", "-c", "advice.detachedHead=false", *args]
        variables = self.environment | dict(env)
        done = subprocess.run(command, cwd=self.path, env=variables, input=stdin, capture_output=True, check=False)
        if done.returncode:
            raise AssertionError(f"{command} failed: {done.stderr.decode(errors='replace')}")
        return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")

    def write(self, name: str, content: bytes | str) -> Path:
        """Write a file of the working tree; text is encoded as UTF-8."""
        file = self.path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def remove(self, name: str) -> None:
        """Delete a file of the working tree."""
        (self.path / name).unlink()

    def commit(self, message: str | bytes = "Change", files: Mapping[str, bytes | str] = {}, *, author: str = "Ada") -> str:
        """Write some files, commit the whole working tree, with or without changes, and return the commit's id."""
        for name, content in files.items():
            self.write(name, content)
        self.now += HOUR
        self.git("add", "--all")
        text = message.encode() if isinstance(message, str) else message
        who = {"GIT_AUTHOR_NAME": author, "GIT_AUTHOR_EMAIL": f"{author.lower()}@example.org"}
        self.git("commit", "-q", "--allow-empty", "--allow-empty-message", "--cleanup=verbatim", "-F", "-", stdin=text, env=who)
        return self.git("rev-parse", "HEAD")

    def merge(self, *branches: str, message: str = "Merge") -> str:
        """Merge branches into the one that is checked out, always with a merge commit, and return its id."""
        self.now += HOUR
        self.git("merge", "-q", "--no-ff", "-m", message, *branches)
        return self.git("rev-parse", "HEAD")

    def clone(self, name: str, *options: str) -> TinyRepository:
        """Clone this repository to a folder beside it."""
        target = self.path.parent / name
        self.git("clone", "-q", *options, self.path.as_uri(), str(target))
        return TinyRepository(target)


@pytest.fixture
def make_repo(tmp_path: Path) -> Callable[..., TinyRepository]:
    """Return a builder of repositories: ``make_repo("name", bare=False, object_format="sha1")``."""

    def make(name: str = "repo", *, bare: bool = False, object_format: str = "sha1") -> TinyRepository:
        return TinyRepository(tmp_path / name, bare=bare, object_format=object_format)

    return make


@pytest.fixture
def repo(make_repo: Callable[..., TinyRepository]) -> TinyRepository:
    """Return an empty repository with the branch ``main`` and no commit."""
    return make_repo()
