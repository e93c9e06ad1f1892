"""How widely a change is spread."""

from __future__ import annotations

import pytest

from riskml.change import Change, FileDiff, Hunk
from riskml.features.catalogue import extract
from riskml.features.feature import Evidence


def vector(**lines: int) -> dict[str, float]:
    """Extract the features of a change that adds so many lines to each path (``__`` stands for a slash, ``_`` for a dot)."""
    paths = {name.replace("__", "/").replace("_", "."): count for name, count in lines.items()}
    return extract(Evidence(Change(tuple(FileDiff(p, p, hunks=(Hunk(1, 0, 1, n),) if n else ()) for p, n in paths.items()))))


def test_folders_and_top_folders_are_counted() -> None:
    """Files of one folder count once, and the root is a folder and a subsystem of its own."""
    found = vector(a__b__x_py=1, a__b__y_py=1, a__c__x_py=1, d__x_py=1, x_py=1)

    assert (found["ns"], found["nd"]) == (3, 4)


@pytest.mark.parametrize(("lines", "entropy", "share"), [
    ({"a_py": 5}, 0.0, 0.0), ({"a_py": 5, "b_py": 5}, 1.0, 1.0), ({"a_py": 1, "b_py": 1, "c_py": 1, "d_py": 1}, 2.0, 1.0),
    ({"a_py": 3, "b_py": 1}, 0.8112781244591328, 0.8112781244591328), ({"a_py": 4, "b_py": 0}, 0.0, 0.0), ({}, 0.0, 0.0),
    ({"a_py": 0, "b_py": 0}, 0.0, 0.0),
])
def test_entropy_tells_how_evenly_lines_are_spread(lines: dict[str, int], entropy: float, share: float) -> None:
    """One file is 0, n equal files are log2(n); the share divides by that, and files without lines add nothing."""
    found = vector(**lines)

    assert found["entropy"] == pytest.approx(entropy)
    assert found["entropy_share"] == pytest.approx(share)


def test_only_languages_of_code_count() -> None:
    """Prose, data and tests are no further language."""
    assert vector(a_py=1, b_py=1, c_java=1, README_md=1, d_json=1, tests__e_go=1)["languages"] == 2
