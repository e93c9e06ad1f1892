"""Which code trained: the commit of this checkout."""

from __future__ import annotations

from pathlib import Path

from riskml.adapters.git import GitRepository
from riskml.errors import RepositoryError

HERE = Path(__file__).resolve().parent


def commit() -> str:
    """Name the commit, and say if the tree differs from it; an image has no commit."""
    try:
        git = GitRepository.open(HERE)
        return git.resolve("HEAD") + (" with uncommitted changes" if git.is_dirty() else "")
    except RepositoryError:
        return "unknown, not a checkout"
