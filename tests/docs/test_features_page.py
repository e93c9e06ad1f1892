"""docs/features.md is what the catalogue says."""

from __future__ import annotations

from pathlib import Path

from riskml.features.page import page


def test_page_is_the_catalogue() -> None:
    """The page in the repository is the one that the code writes; `make docs` rewrites it."""
    path = Path(__file__).parents[2] / "docs" / "features.md"

    assert path.read_text(encoding="utf-8") == page().rstrip() + "\n"
