"""Many rows at once: the same margins as one by one."""

from __future__ import annotations

import numpy as np
import pytest

from riskml.model import batch
from riskml.model.batch import Ranked
from riskml.model.lightgbm_text import parse


@pytest.mark.parametrize("model", ["trained", "trained_zero_missing"])
def test_ranked_margins_equal_lightgbm(model, request):
    """Ranking the columns loses nothing, whatever the kind of missing value."""
    known = request.getfixturevalue(model)

    assert Ranked(parse(known.text)).margins(known.rows) == pytest.approx(known.margins, abs=1e-12)


def test_chunks_join_without_seam(trained):
    """More rows than one chunk give each row its own margin."""
    times = batch.CHUNK // len(trained.rows) + 2
    rows = np.tile(trained.rows, (times, 1))

    margins = Ranked(parse(trained.text)).margins(rows)

    assert margins.reshape(times, -1) == pytest.approx(np.tile(trained.margins, (times, 1)), abs=1e-12)


def test_values_on_a_threshold_go_left(tiny_text):
    """A value equal to a threshold is at most the threshold, for ranks as for numbers."""
    rows = np.array([[10.5, 2.5], [50.5, 2.5], [np.nextafter(10.5, 11), 2.5]])
    forest = parse(tiny_text)

    assert Ranked(forest).margins(rows).tolist() == forest.margins(rows).tolist()


def test_no_rows_give_no_margins(tiny_text):
    """An empty table is a table."""
    assert Ranked(parse(tiny_text)).margins(np.zeros((0, 2))).tolist() == []
