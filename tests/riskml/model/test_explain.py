"""Contributions: exact, and summing to the margin."""

from __future__ import annotations

from itertools import combinations
from math import factorial, nan

import numpy as np
import pytest

from riskml.model.explain import Explainer
from riskml.model.lightgbm_text import parse


@pytest.mark.parametrize("model", ["trained", "trained_zero_missing"])
def test_contributions_equal_lightgbm(model, request):
    """The look-up tables give what ``pred_contrib`` gives, for every feature and row."""
    known = request.getfixturevalue(model)
    forest = parse(known.text)

    contributions = Explainer(forest).contributions(known.rows)

    assert contributions == pytest.approx(known.contributions[:, :-1], abs=1e-9)
    assert forest.bias == pytest.approx(known.contributions[0, -1], abs=1e-9)


def test_contributions_and_bias_sum_to_the_margin(trained):
    """An explanation leaves nothing out and adds nothing."""
    forest = parse(trained.text)

    total = Explainer(forest).contributions(trained.rows).sum(axis=1) + forest.bias

    assert total == pytest.approx(trained.margins, abs=1e-9)


def test_contributions_are_shapley_values_by_their_definition(tiny_text):
    """Two players, every coalition counted by hand: the same numbers."""
    forest = parse(tiny_text)
    row = np.array([[5.0, nan]])

    def value(known: frozenset[int]) -> float:
        """Work out the expectation when only these features are known."""
        def under(node: int) -> float:
            if node >= forest.n_inner:
                return float(forest.value[node - forest.n_inner])
            sides = [int(forest.left[node]), int(forest.right[node])]
            if int(forest.feature[node]) in known:
                return under(sides[0] if forest.goes_left(row)[0, node] else sides[1])
            return sum(under(s) * forest.cover[s] for s in sides) / forest.cover[node]

        return sum(under(int(root)) for root in forest.roots)

    for j in range(2):
        others = [k for k in range(2) if k != j]
        expected = sum(
            factorial(s) * factorial(1 - s) / 2 * (value(frozenset({*chosen, j})) - value(frozenset(chosen)))
            for s in range(2) for chosen in combinations(others, s)
        )
        assert Explainer(forest).contributions(row)[0, j] == pytest.approx(expected, abs=1e-12)


def test_no_rows_give_no_contributions(tiny_text):
    """An empty table is a table."""
    assert Explainer(parse(tiny_text)).contributions(np.zeros((0, 2))).shape == (0, 2)
