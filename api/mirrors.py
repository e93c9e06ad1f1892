"""The repositories that the service keeps: which key means which directory."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from riskml.errors import NotFound, UsageError

_KEY = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*")


class Mirrors:
    """``KEY=PATH`` pairs, or one directory that holds ``KEY.git`` or ``KEY`` for each repository."""

    def __init__(self, named: Mapping[str, Path] | None = None, root: Path | None = None) -> None:
        self._named = dict(named or {})
        self._root = root

    @classmethod
    def read(cls, text: str | None) -> Mirrors:
        """Read the setting; ``UsageError`` names what is wrong with it.

        >>> Mirrors.read("acme/shop=/nowhere")
        Traceback (most recent call last):
        riskml.errors.UsageError: no such directory at RISKML_REPOSITORIES, acme/shop: got '/nowhere'; expected a git repository
        """
        where = "RISKML_REPOSITORIES"
        if text is None:
            return cls()
        if "=" not in text:
            root = Path(text)
            if not root.is_dir():
                raise UsageError("no such directory", where=where, got=text,
                                 expected="a directory of repositories, or KEY=PATH")
            return cls(root=root)
        named = {}
        for pair in filter(None, (each.strip() for each in text.split(","))):
            key, _, place = (each.strip() for each in pair.partition("="))
            if not _KEY.fullmatch(key) or not place:
                raise UsageError("not KEY=PATH", where=where, got=pair, expected="such as acme/shop=/srv/git/shop.git")
            if key in named:
                raise UsageError("one key for two repositories", where=where, got=key, expected="each key once")
            if not Path(place).is_dir():
                raise UsageError("no such directory", where=f"{where}, {key}", got=place, expected="a git repository")
            named[key] = Path(place)
        return cls(named)

    def find(self, key: str) -> Path | None:
        """Return the directory of a repository; ``None`` if the service does not keep it. A key never leads out of the root."""
        if key in self._named:
            return self._named[key]
        if self._root is None or not _KEY.fullmatch(key):
            return None
        return next((place for place in (self._root / f"{key}.git", self._root / key) if _is_repository(place)), None)

    def get(self, key: str) -> Path:
        """Return the directory of a repository; ``NotFound`` says which there are."""
        found = self.find(key)
        if found is None:
            raise NotFound("the service keeps no such repository", where="repository", got=key, expected=self._hint(key))
        return found

    def _hint(self, key: str) -> str:
        if self._root is not None:
            return "a repository under RISKML_REPOSITORIES; or send a diff or features"
        if not self._named:
            return "a diff or features: this service keeps no repositories (RISKML_REPOSITORIES)"
        near = get_close_matches(key, self._named, n=3) or sorted(self._named)[:10]
        return f"such as {', '.join(near)}; or send a diff or features"


def _is_repository(place: Path) -> bool:
    return (place / "HEAD").is_file() or (place / ".git").exists()
