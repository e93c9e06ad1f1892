"""Recipes: what their tables rest on, and how they travel."""

from __future__ import annotations

import json
import pickle

import pytest

from riskml.fleet.recipe import Labels, Recipe, Rows
from riskml.issues import Issues


@pytest.mark.parametrize(("recipe", "others"), [
    (Rows(), [Rows(since=1), Rows(profile="people"), Rows(issues=Issues({})), Rows(issues=Issues({"A-1": None})),
              Rows(issues=Issues({"A-1": 1}))]),
    (Labels(), [Labels(variant="b"), Labels(issues=Issues({})), Labels(issues=Issues({"A-1": None})), Labels(most_suspects=13),
                Labels(most_fixes=13), Labels(ignore_revs=False)]),
])
def test_tables_rest_on_every_option(recipe: Recipe, others: list[Recipe]):
    """Each option tells its tables from those of all others; to ask no tracker is another thing than to find nothing in it."""
    told = [json.dumps(made.rests_on()) for made in (recipe, *others)]

    assert len(set(told)) == len(told)


@pytest.mark.parametrize("recipe", [Rows(issues=Issues({"A-1": 1})), Labels(issues=Issues({"A-1": None}), most_fixes=8)])
def test_recipes_travel(recipe: Recipe):
    """What arrives in another process is what was sent, and rests on the same."""
    arrived = pickle.loads(pickle.dumps(recipe))  # noqa: S301 - what the pools of processes do

    assert arrived == recipe
    assert arrived.rests_on() == recipe.rests_on()
