"""docs/targets is what the renderers render."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from riskml.render import RENDERERS
from riskml.render.page import USE

DOCS = Path(__file__).parents[2] / "docs"


def writers():
    """Load the writers of the pages from the script that `make docs` runs."""
    spec = importlib.util.spec_from_file_location("generate_docs", DOCS / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.target_pages()


@pytest.mark.parametrize("name", ["index", *RENDERERS])
def test_page_is_what_the_renderer_renders(name):
    """Every page in the repository is the one that the code writes; `make docs` rewrites it."""
    page = DOCS / "targets" / f"{name}.md"

    assert page.read_text(encoding="utf-8") == writers()[f"targets/{name}.md"]().rstrip() + "\n"


def test_every_target_says_how_it_is_used():
    """No target lacks the words for putting it in force, going on and undoing it."""
    assert set(USE) == set(RENDERERS)
    assert all(all(words) for words in USE.values())
