"""ARCHITECTURE.md tells the truth about the tree."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def rooms_on_the_map() -> set[str]:
    """Rooms named in the map's table."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    table = text.split("<!-- map:")[1].split("<!-- end of map -->")[0]
    return set(re.findall(r"^\| `([a-z/_]+)` \|", table, flags=re.MULTILINE))


def rooms_in_the_tree() -> set[str]:
    """Modules and packages directly under riskml, and the applications."""
    under = {p for p in (ROOT / "riskml").iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    return {f"riskml/{p.stem}" for p in under if not p.stem.startswith("_")} | {"api", "training"}


def test_every_room_is_on_the_map_and_every_room_on_the_map_exists() -> None:
    """The map and the tree are the same list."""
    assert rooms_on_the_map() == rooms_in_the_tree()


def test_every_room_has_a_floor() -> None:
    """The layers contract names every room of the library."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = next(c for c in config["tool"]["importlinter"]["contracts"] if c["name"] == "Floors of the library")
    named = {room.strip() for layer in contract["layers"] for room in layer.split("|")} - {"__main__"}

    assert {f"riskml/{room}" for room in named} == rooms_in_the_tree() - {"api", "training"}


def test_the_contracts_have_no_ignore_list() -> None:
    """A contract with exceptions is no contract."""
    assert "ignore_imports" not in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_no_file_is_over_400_lines() -> None:
    """A file that grows past 400 lines holds two ideas."""
    files = [p for room in ("riskml", "training", "api", "tests", "benchmarks", "docs") for p in (ROOT / room).rglob("*.py")]
    long = {str(p.relative_to(ROOT)): n for p in files if (n := len(p.read_text(encoding="utf-8").splitlines())) > 400}

    assert long == {}


def test_nothing_is_pickled() -> None:
    """Artifacts and states hold data, never code."""
    pickling = re.compile(r"^\s*(import|from) (pickle|dill|marshal)|joblib\.(dump|load)\(", re.MULTILINE)
    files = [p for room in ("riskml", "training", "api") for p in (ROOT / room).rglob("*.py")]
    users = [str(p.relative_to(ROOT)) for p in files if pickling.search(p.read_text(encoding="utf-8"))]

    assert users == []
