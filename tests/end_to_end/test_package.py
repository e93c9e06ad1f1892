"""What is shipped is what is in the tree: no room of the library, and no file that it reads, stays behind."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SETUPTOOLS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
BUNDLED = "riskml._bundled"


def files(pattern: str) -> list[Path]:
    """List the files of the library whose names match."""
    return sorted(p for p in (ROOT / "riskml").rglob(pattern) if p.is_file() and "__pycache__" not in p.parts)


def test_every_package_of_the_tree_is_listed_and_no_other():
    """A package that is not listed would be missing from the wheel; one that is gone would break the build."""
    found = {".".join(p.parent.relative_to(ROOT).parts) for p in files("__init__.py")}

    assert set(SETUPTOOLS["packages"]) - {BUNDLED} == found
    assert BUNDLED in SETUPTOOLS["packages"]


def test_every_module_lies_in_a_package():
    """A folder without ``__init__.py`` would be left out in silence."""
    assert [str(p) for p in files("*.py") if not (p.parent / "__init__.py").exists()] == []


def test_every_file_that_is_no_module_is_package_data():
    """``py.typed``, policies, templates: each is matched by a pattern of the package that holds it, or of one above."""
    matched = {path for package, patterns in SETUPTOOLS["package-data"].items() if package != BUNDLED
               for pattern in patterns for path in ROOT.joinpath(*package.split(".")).glob(pattern)}
    data = {p for p in files("*") if p.suffix != ".py"}

    assert data <= matched, sorted(str(p.relative_to(ROOT)) for p in data - matched)
    assert ROOT / "riskml" / "py.typed" in data


def test_the_bundled_model_is_shipped_whole():
    """All files of an artifact, and nothing else, from the folder that the checkout uses, too."""
    from riskml.model.artifact import FILES, MANIFEST

    assert sorted(SETUPTOOLS["package-data"][BUNDLED]) == sorted([*FILES, MANIFEST])
    folder = ROOT / SETUPTOOLS["package-dir"][BUNDLED]
    if not (folder / MANIFEST).exists():
        pytest.skip(f"no model in {folder.relative_to(ROOT)} yet")
    assert {p.name for p in folder.iterdir()} == {*FILES, MANIFEST}
