"""LightGBM's text format, read into a :class:`~riskml.model.trees.Forest`.

What a file looks like: a head of ``key=value`` lines, then one block a tree that begins with ``Tree=<i>``, each with lists of
numbers separated by spaces, then ``end of trees``. Children are numbered within their tree: ``k >= 0`` is inner node k, and
``k < 0`` is leaf ``-k - 1``. ``decision_type`` is a bit field: 1 categorical, 2 missing goes left, 4 and 8 the kind of missing.

A model of this project is binary, numerical and shallow. Anything else is refused, never half understood.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from riskml.errors import ArtifactCorrupt
from riskml.model.trees import MISSING_NAN, Floats, Forest, Ints

MAX_DEPTH = 8
"""Explanations keep 2^d numbers for a leaf of depth d; a deeper forest belongs to another program."""

_CATEGORICAL, _DEFAULT_LEFT, _MISSING_SHIFT, _MISSING_MASK = 1, 2, 2, 3


def parse(text: str, where: str = "model.txt") -> Forest:
    """Read a model. :raises ArtifactCorrupt: where the text is not a whole, binary, numerical forest of at most MAX_DEPTH."""
    trees, ended, _ = text.partition("\nend of trees")
    head, *blocks = trees.split("\nTree=")
    if not ended or not blocks:
        raise ArtifactCorrupt("not a whole LightGBM model", where=where, expected="blocks 'Tree=…' and a line 'end of trees'")
    names = _head(_pairs(head.splitlines()), where)
    parts = [_tree(_pairs(block.splitlines()[1:]), len(names), f"{where} tree {i}") for i, block in enumerate(blocks)]
    return _joined(names, parts)


def _pairs(lines: Iterable[str]) -> dict[str, str]:
    return {key: value for key, equals, value in (line.partition("=") for line in lines) if equals}


def _head(head: dict[str, str], where: str) -> tuple[str, ...]:
    objective = head.get("objective", "")
    if objective.split(" ")[0] != "binary" or "sigmoid:1" not in objective.split(" "):
        raise ArtifactCorrupt("another objective", where=where, got=objective, expected="'binary sigmoid:1'")
    for key in ("num_class", "num_tree_per_iteration"):
        if head.get(key) != "1":
            raise ArtifactCorrupt("not a binary model", where=f"{where} {key}", got=head.get(key), expected="1")
    if not head.get("feature_names"):
        raise ArtifactCorrupt("no feature names", where=where, expected="a line 'feature_names=…'")
    return tuple(head["feature_names"].split(" "))


class _Tree:
    """One tree, its children renumbered: inner nodes first, leaves after them."""

    __slots__ = ("cover", "decision", "depth", "feature", "left", "right", "threshold", "value")

    feature: Ints
    threshold: Floats
    decision: Ints
    left: Ints
    right: Ints
    value: Floats
    cover: Floats
    depth: int


def _tree(block: dict[str, str], n_features: int, where: str) -> _Tree:
    leaves = _count(block, "num_leaves", where)
    inner = leaves - 1
    if block.get("num_cat", "0") != "0" or block.get("is_linear", "0") != "0":
        raise ArtifactCorrupt("a categorical or linear tree", where=where, expected="numerical splits and constant leaves")
    tree = _Tree()
    tree.value = _numbers(block, "leaf_value", leaves, where)
    if inner == 0:  # LightGBM writes no split lists and no counts for a stump of one leaf
        tree.feature = tree.decision = np.zeros(0, dtype=np.int64)
        tree.threshold = np.zeros(0)
        tree.left = tree.right = np.zeros(1, dtype=np.int64)
        tree.cover = np.ones(1)
        tree.depth = 0
        return tree
    tree.feature = _integers(block, "split_feature", inner, where)
    tree.threshold = _numbers(block, "threshold", inner, where)
    tree.decision = _integers(block, "decision_type", inner, where)
    left = _integers(block, "left_child", inner, where)
    right = _integers(block, "right_child", inner, where)
    counts = [_numbers(block, "internal_count", inner, where), _numbers(block, "leaf_count", leaves, where)]
    tree.cover = np.concatenate(counts)
    if tree.feature.min() < 0 or tree.feature.max() >= n_features:
        raise ArtifactCorrupt("a split on a feature that is not named", where=where, got=int(tree.feature.max()))
    if (tree.decision & _CATEGORICAL).any():
        raise ArtifactCorrupt("a categorical split", where=where, expected="numerical splits")
    if (tree.cover <= 0).any():
        raise ArtifactCorrupt("a node that no training row reached", where=where)
    tree.depth = _depth(left, right, leaves, where)
    own = np.arange(inner, inner + leaves)
    tree.left = np.concatenate([np.where(left >= 0, left, inner - 1 - left), own])
    tree.right = np.concatenate([np.where(right >= 0, right, inner - 1 - right), own])
    return tree


def _depth(left: Ints, right: Ints, leaves: int, where: str) -> int:
    """Depth of a tree. Refuses what is no tree: every node but the root has one parent, numbered before it."""
    inner = len(left)
    children = np.concatenate([left, right])
    expected = np.concatenate([np.arange(-leaves, 0), np.arange(1, inner)])
    parents = np.concatenate([np.arange(inner), np.arange(inner)])
    if not np.array_equal(np.sort(children), expected) or (children[children >= 0] <= parents[children >= 0]).any():
        raise ArtifactCorrupt("children that make no tree", where=where)
    depths = [0] * inner
    for node, (a, b) in enumerate(zip(left.tolist(), right.tolist(), strict=True)):
        for child in (a, b):
            if child >= 0:
                depths[child] = depths[node] + 1
    depth = max(depths) + 1
    if depth > MAX_DEPTH:
        raise ArtifactCorrupt("too deep a tree", where=where, got=depth, expected=f"a depth of at most {MAX_DEPTH}")
    return depth


def _count(block: dict[str, str], key: str, where: str) -> int:
    text = block.get(key, "")
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise ArtifactCorrupt("not a count", where=f"{where} {key}", got=text, expected="a whole number from 1")
    return int(text)


def _numbers(block: dict[str, str], key: str, length: int, where: str) -> Floats:
    try:
        found = np.array(block.get(key, "").split(), dtype=np.float64)
    except ValueError:
        raise ArtifactCorrupt("not numbers", where=f"{where} {key}", got=block[key]) from None
    if len(found) != length:
        raise ArtifactCorrupt("a list of the wrong length", where=f"{where} {key}", got=len(found), expected=str(length))
    # A threshold may be infinite: "any known value goes left". Nothing else may.
    if np.isnan(found).any() or (key != "threshold" and not np.isfinite(found).all()):
        raise ArtifactCorrupt("not finite numbers", where=f"{where} {key}", got=block[key])
    return found


def _integers(block: dict[str, str], key: str, length: int, where: str) -> Ints:
    return _numbers(block, key, length, where).astype(np.int64)


def _joined(names: tuple[str, ...], trees: list[_Tree]) -> Forest:
    inner_of = np.array([len(tree.feature) for tree in trees])
    leaves_of = np.array([len(tree.value) for tree in trees])
    inner_starts = np.cumsum(inner_of) - inner_of
    leaf_starts = np.cumsum(leaves_of) - leaves_of
    n_inner = int(inner_of.sum())

    def globally(tree: _Tree, index: int, local: Ints) -> Ints:
        here = len(tree.feature)
        return np.asarray(np.where(local < here, local + inner_starts[index], local - here + n_inner + leaf_starts[index]))

    def both(lists: list[NDArray[np.int64]]) -> Ints:
        """Inner parts of all trees first, leaf parts after them."""
        return np.concatenate([part[:k] for part, k in zip(lists, inner_of, strict=True)]
                              + [part[k:] for part, k in zip(lists, inner_of, strict=True)])

    decision = np.concatenate([tree.decision for tree in trees])
    missing = ((decision >> _MISSING_SHIFT) & _MISSING_MASK).astype(np.int8)
    if (missing > MISSING_NAN).any():
        raise ArtifactCorrupt("an unknown kind of missing value", got=int(missing.max()), expected="0, 1 or 2")
    covers = [tree.cover for tree in trees]
    return Forest(
        features=names,
        feature=np.concatenate([tree.feature for tree in trees]),
        threshold=np.concatenate([tree.threshold for tree in trees]),
        missing=missing,
        default_left=(decision & _DEFAULT_LEFT) != 0,
        left=both([globally(tree, i, tree.left) for i, tree in enumerate(trees)]),
        right=both([globally(tree, i, tree.right) for i, tree in enumerate(trees)]),
        cover=np.concatenate([c[:k] for c, k in zip(covers, inner_of, strict=True)]
                             + [c[k:] for c, k in zip(covers, inner_of, strict=True)]),
        value=np.concatenate([tree.value for tree in trees]),
        roots=np.where(inner_of > 0, inner_starts, n_inner + leaf_starts),
        leaf_starts=leaf_starts,
        depth=max(tree.depth for tree in trees),
    )
