"""What is said about growth is computed from what was measured."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pyarrow")

from benchmarks.scaling import TASKS, Cost, Measured, page, slope

ROOT = Path(__file__).resolve().parents[2]


def test_slope_is_that_of_the_best_line():
    """Points on a line give that line; the height is that at 0 commits."""
    assert slope([(1000, 7.0), (3000, 11.0), (2000, 9.0)]) == pytest.approx((0.002, 5.0))


def test_page_multiplies_what_was_measured():
    """A cost of 1 ms and 100 bytes a commit is, for 10,000 histories of 3,600 commits, 10 hours and 3.4 GiB."""
    found = [Measured(str(n), n, {"git": Cost(1, n / 2000), **dict.fromkeys(TASKS, Cost(9, n / 1000, n << 20, n * 100))})
             for n in (1000, 2000)]

    text = page(found, 3600)

    assert "| `riskml mine` | 10 | 0.6 h | 5 min | 3.4 GiB |" in text
    assert "| `riskml mine` | 1.00 | 2.00 | 1000.00 | 0 | 98 |" in text
    assert "| 2000 | 2,000 | 9.00 | 2.00 | 2.00 | 1.00 | 2,000 | 98 |" in text


def test_real_histories_are_measured(make_repo, tmp_path):
    """Two tiny repositories give a row each in every table, and what was kept is not measured again."""
    places = []
    for name in ("shop", "till"):
        repo = make_repo(name)
        for n in range(len(name) * 2 if name == "shop" else 3):
            repo.commit(f"Fix {n}", {"m.py": f"a = {n}\n"})
        places.append(f"{name}={repo.path}")
    command = [sys.executable, "-m", "benchmarks.scaling", *places, "--rounds", "1", "--seconds", "0", "--keep",
               str(tmp_path / "kept")]

    first = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    again = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)

    page_file = tmp_path / "page.md"
    page_file.write_text("Above.\n<!-- measured -->\nold\n<!-- end of measured -->\nBelow.\n")
    subprocess.run([*command, "--write", str(page_file)], check=True, capture_output=True, cwd=ROOT)

    assert page_file.read_text() == (
        f"Above.\n<!-- measured -->\n\n{first.stdout}\n<!-- end of measured -->\nBelow.\n")
    assert first.stdout.count("| shop | 8 |") == first.stdout.count("| till | 3 |") == len(TASKS)
    assert again.stdout == first.stdout
    assert "done" not in again.stderr
