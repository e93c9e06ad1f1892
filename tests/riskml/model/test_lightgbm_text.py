"""Reading LightGBM's text: what is read, and what is refused."""

from __future__ import annotations

import pytest

from riskml.errors import ArtifactCorrupt
from riskml.model.lightgbm_text import parse


def test_trees_are_joined_with_nodes_before_leaves(tiny_text):
    """All inner nodes come first, then all leaves, and a leaf is its own child."""
    forest = parse(tiny_text)

    assert forest.features == ("la", "past")
    assert forest.n_inner == 3
    assert forest.roots.tolist() == [0, 2, 8]
    assert forest.left.tolist() == [1, 3, 6, 3, 4, 5, 6, 7, 8]
    assert forest.right.tolist() == [4, 5, 7, 3, 4, 5, 6, 7, 8]
    assert forest.leaf_starts.tolist() == [0, 3, 5]
    assert forest.depth == 2


def test_bias_is_the_mean_margin_over_the_training_rows(tiny_text):
    """The expected margin weighs each leaf by the training rows that fell into it."""
    assert parse(tiny_text).bias == pytest.approx((-60 + 20 + 10) / 100 + (-0.25 * 90 + 0.25 * 10) / 100 + 0.125)


@pytest.mark.parametrize(("old", "new", "words"), [
    ("\nend of trees", "", "not a whole LightGBM model"),
    ("objective=binary sigmoid:1", "objective=regression", "another objective"),
    ("objective=binary sigmoid:1", "objective=binary sigmoid:2", "another objective"),
    ("num_class=1", "num_class=3", "not a binary model"),
    ("feature_names=la past", "feature_names=", "no feature names"),
    ("num_leaves=3", "num_leaves=-3", "not a count"),
    ("num_leaves=3", "num_leaves=4", "a list of the wrong length"),
    ("num_cat=0", "num_cat=1", "a categorical or linear tree"),
    ("is_linear=0", "is_linear=1", "a categorical or linear tree"),
    ("split_feature=0 1", "split_feature=0 2", "a split on a feature that is not named"),
    ("decision_type=2 8", "decision_type=2 9", "a categorical split"),
    ("decision_type=2 8", "decision_type=2 12", "an unknown kind of missing value"),
    ("threshold=10.5 2.5", "threshold=10.5 nan", "not finite numbers"),
    ("threshold=10.5 2.5", "threshold=10.5 x", "not numbers"),
    ("leaf_value=-1 1 0.5", "leaf_value=-1 inf 0.5", "not finite numbers"),
    ("left_child=1 -1", "left_child=0 -1", "children that make no tree"),
    ("right_child=-2 -3", "right_child=-2 -2", "children that make no tree"),
    ("leaf_count=60 20 20", "leaf_count=60 0 20", "a node that no training row reached"),
])
def test_what_is_no_shallow_binary_numerical_forest_is_refused(tiny_text, old, new, words):
    """Each kind of damage is named; nothing is half understood."""
    assert old in tiny_text

    with pytest.raises(ArtifactCorrupt, match=words):
        parse(tiny_text.replace(old, new, 1))


def test_a_deep_tree_is_refused(tiny_text):
    """Explanations of deep trees would not fit into memory."""
    n = 9
    chain = {
        "num_leaves=3": f"num_leaves={n + 1}", "split_feature=0 1": "split_feature=" + "0 " * n,
        "threshold=10.5 2.5": "threshold=" + "1 " * n, "decision_type=2 8": "decision_type=" + "2 " * n,
        "left_child=1 -1": "left_child=" + " ".join([*(str(i + 1) for i in range(n - 1)), "-1"]),
        "right_child=-2 -3": "right_child=" + " ".join(str(-i - 2) for i in range(n)),
        "leaf_value=-1 1 0.5": "leaf_value=" + "1 " * (n + 1), "leaf_count=60 20 20": "leaf_count=" + "1 " * (n + 1),
        "internal_count=100 80": "internal_count=" + "2 " * n,
    }
    for old, new in chain.items():
        tiny_text = tiny_text.replace(old, new, 1)

    with pytest.raises(ArtifactCorrupt, match="too deep a tree"):
        parse(tiny_text)
