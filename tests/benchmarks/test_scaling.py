"""What is said about growth is computed from what was measured."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pyarrow")

from benchmarks.scaling import page, slope
from benchmarks.scaling_cost import TASKS, Cost, Measured, measure_within
from benchmarks.scaling_within import at_equal_size

ROOT = Path(__file__).resolve().parents[2]


def test_slope_is_that_of_the_best_line():
    """Points on a line give that line; the height is that at 0 commits."""
    assert slope([(1000, 7.0), (3000, 11.0), (2000, 9.0)]) == pytest.approx((0.002, 5.0))


def test_page_multiplies_what_was_measured():
    """A cost of 1 ms and 100 bytes a commit is, for 10,000 histories of 3,600 commits, 10 hours and 3.4 GiB."""
    found = [_measured(str(n), n, n / 1000) for n in (1000, 2000)]

    text = page(found, 3600)

    assert "| `riskml mine` | 10 | 0.6 h | 5 min | 3.4 GiB |" in text
    assert "| `riskml mine` | 1.00 | 2.00 | 1000.00 | 0 | 98 |" in text
    assert "| 2000 | 2,000 | 2.00 | 2.00 | 1.00 | 0.10 | 2,000 | 98 |" in text


def test_parts_tell_how_far_the_dearest_is_above_the_cheapest():
    """A thousand commits at 1.5 s and at 1 s are 50 % apart; a part has no say in slopes and fleets."""
    text = page([_measured("shop", 1000, 1.5, part=1000), _measured("shop", 2000, 2)], 3600)

    assert "### Within one history: shop" in text
    assert "| 1,000 | 10.0 | `riskml mine` | 1.50 | – | 3.00 | 1,000 | 98 |" in text
    assert "| 2,000 | 10.0 | `riskml mine` | 1.00 | – | 2.00 | 2,000 | 98 |" in text
    assert "| *the largest above the smallest* | | `riskml mine` | *50 %* | – | *50 %* | | |" in text
    assert "| `riskml mine` | 10 | 0.6 h | 5 min | 3.4 GiB |" in text


def test_larger_diffs_are_taken_off():
    """Where a commit costs 1 ms and 0.1 ms for each KiB of its patch, all parts are equal at equal diff size."""
    sizes = ((1000, 30), (2000, 10), (3000, 20))
    parts = [_measured("shop", n, n * (1 + kib / 10) / 1000, part=n, kib=kib) for n, kib in sizes]

    text = page(parts, 3600)

    assert "| 1,000 | 30.0 | `riskml mine` | 4.00 | 3.00 | 8.00 |" in text
    assert "| *the largest above the smallest* | | `riskml mine` | *100 %* | *0 %* | *100 %* | | |" in text


def test_what_was_not_measured_is_left_out():
    """A history without labels has no row of them, and no say in what they cost."""
    whole = [_measured(str(n), n, n / 1000) for n in (1000, 2000, 9000)]
    whole[2].costs.pop("labels")

    text = page(whole, 3600)

    assert text.count("| 9000 | 9,000 |") == len(TASKS) - 1
    assert "| `riskml label` | 1.00 | 2.00 | 1000.00 | 0 | 98 |" in text
    assert "| `riskml label` | 10 | 0.6 h | 5 min | 3.4 GiB |" in text


def test_equal_diffs_need_no_line():
    """Diffs of the same size are compared as they are."""
    assert at_equal_size([3.0, 2.0, 1.0], [5, 5, 5]) == [3.0, 2.0, 1.0]


def _measured(name: str, commits: int, cpu: float, part: int = 0, kib: int = 10) -> Measured:
    """Return a history whose commits have ``kib`` of patch each and write 100 bytes."""
    own = dict.fromkeys(TASKS, Cost(9, cpu, commits << 20, commits * 100))
    return Measured(name, commits, {"git": Cost(1, commits / 2000), **own}, commits * kib * 1024, part)


def test_parts_of_a_real_history_are_measured(make_repo):
    """A part ends at the first commit of the trunk that has as many with it, and a size that is not reached is passed over."""
    repo = make_repo("shop")
    for n in range(4):
        repo.commit(f"Fix {n}", {"m.py": f"a = {n}\n"})
    repo.git("checkout", "-q", "-b", "side", "HEAD~2")
    repo.commit("Beside", {"side.py": "b = 1\n"})
    repo.git("checkout", "-q", "main")
    repo.merge("side")

    parts = list(measure_within("shop", str(repo.path), [2, 5, 7]))

    assert [(part.commits, part.part) for part in parts] == [(2, 2), (6, 5)]
    assert parts[0].patch < parts[1].patch
    assert all(part.costs[task].cpu > 0 for part in parts for task in ("git", *TASKS))
    assert all(part.costs["rows"].size > 0 for part in parts)


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
    served = "| `POST /predict` | answers/s, one process |\n|---|--:|\n| features | 46 |"
    page_file.write_text(f"Above.\n<!-- measured -->\nold\n\n{served}\n\n<!-- end of measured -->\nBelow.\n")
    subprocess.run([*command, "--write", str(page_file)], check=True, capture_output=True, cwd=ROOT)

    assert page_file.read_text() == (
        f"Above.\n<!-- measured -->\n\n{first.stdout}\n{served}\n\n<!-- end of measured -->\nBelow.\n")
    assert first.stdout.count("| shop | 8 |") == first.stdout.count("| till | 3 |") == len(TASKS)
    assert again.stdout == first.stdout
    assert "done" not in again.stderr
