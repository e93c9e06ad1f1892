"""The platforms that the adapters speak with."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.forges import Fault, GitHub, GitLab


@pytest.fixture
def fault() -> Callable[..., Fault]:
    """Give the maker of faults."""
    return Fault


@pytest.fixture
def github() -> Iterator[GitHub]:
    """Give a GitHub with the repository ``acme/shop`` and its pull request 7."""
    platform = GitHub()
    yield platform
    platform.close()


@pytest.fixture
def gitlab() -> Iterator[GitLab]:
    """Give a GitLab with the project ``acme/team/shop`` and its merge request 7."""
    platform = GitLab()
    yield platform
    platform.close()
