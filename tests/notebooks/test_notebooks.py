"""The notebooks run as they are stored, on any repository, and say nothing about people or this machine."""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
LIBRARIES = {"riskml", "matplotlib", *sys.stdlib_module_names}
EACH_CELL_S = 20  # on a machine at rest a whole notebook takes a few seconds


def read(path: Path) -> dict[str, Any]:
    """Read a notebook as plain JSON."""
    return json.loads(path.read_text(encoding="utf-8"))


def code(path: Path) -> str:
    """Join the code of a notebook."""
    return "\n".join("".join(cell["source"]) for cell in read(path)["cells"] if cell["cell_type"] == "code")


@pytest.fixture
def project(make_repo: Callable[..., Any]) -> Path:
    """Build a repository with faults, fixes, a revert and a merge, over half a year; its author is Ada."""
    repo = make_repo("project")
    lines = [f"value_{n} = {n}\n" for n in range(12)]
    for n in range(24):
        repo.now += 8 * 86_400
        lines[n % 12] = f"value_{n % 12} = {n}  # step {n}\n"
        files = {"app/values.py": "".join(lines), f"app/part_{n % 5}.py": f"def part() -> int:\n    return {n}\n"}
        repo.commit("Fix a crash in the values" if n % 6 == 5 else f"Add step {n}", files)
    blamed = repo.git("rev-parse", "HEAD~3")
    repo.commit(f'Revert "Add step"\n\nThis reverts commit {blamed}.', {"app/part_3.py": "def part() -> int:\n    return -1\n"})
    repo.git("checkout", "-q", "-b", "side")
    repo.commit("Describe the values", {"docs/values.md": "# Values\n"})
    repo.git("checkout", "-q", "main")
    repo.commit("Add a part", {"app/part_9.py": "def part() -> int:\n    return 9\n"})
    repo.merge("side")
    repo.commit("Add the last step", {"app/values.py": "".join(lines) + "done = True\n"})
    return repo.path


def test_there_are_four() -> None:
    """Data, labels, model and policy: the way of a change through riskml."""
    assert [path.stem for path in NOTEBOOKS] == ["01_data", "02_labels", "03_model", "04_policy"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_is_stored_without_outputs(path: Path) -> None:
    """What is stored is what was written: no output, no count of runs, no path of a machine."""
    for cell in read(path)["cells"]:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
    assert not any(root in path.read_text(encoding="utf-8") for root in ("/home/", "/Users/", "/root/", "/tmp/"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_uses_public_names_only(path: Path) -> None:
    """Whoever copies a cell depends on nothing private, and on no library but riskml's and matplotlib."""
    for node in ast.walk(ast.parse(code(path))):
        names = []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(alias.name for alias in node.names)]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.Attribute):
            assert not node.attr.startswith("_")
        assert not any(part.startswith("_") for name in names for part in name.split("."))
        if names:
            assert names[0].partition(".")[0] in LIBRARIES


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_from_top_to_bottom(path: Path, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cell of a fresh kernel runs in seconds, and what it shows names no author of the repository."""
    nbclient = pytest.importorskip("nbclient", reason="nbclient, which runs notebooks, is not installed")
    nbformat = pytest.importorskip("nbformat", reason="nbformat, which reads notebooks, is not installed")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    notebook = nbformat.read(path, as_version=4)

    nbclient.NotebookClient(notebook, timeout=EACH_CELL_S, kernel_name="python3",
                            resources={"metadata": {"path": str(project)}}).execute()

    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    shown = "".join(output.get("text", "") or output.get("data", {}).get("text/plain", "") for output in outputs)
    assert shown
    assert "Ada" not in shown
    assert "ada@" not in shown
    assert not [output for output in outputs if output.get("name") == "stderr"], "a warning is nothing for a newcomer"
