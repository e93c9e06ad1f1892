"""LightGBM's text format, read into a :class:`~riskml.model.trees.Forest`.

What a file looks like: a head of ``key=value`` lines, then one block a tree that begins with ``Tree=<i>``, each with lists of
numbers separated by spaces, then ``end of trees``. Children are numbered within their tree: ``k >= 0`` is inner node k, and
``k < 0`` is leaf ``-k - 1``. ``decision_type`` is a bit field: 1 categorical, 2 missing goes left, 4 and 8 the kind of missing.

A model of this project is binary, numerical and shallow. Anything else is refused, never half understood.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

import numpy as np

from riskml.errors import ArtifactCorrupt
from riskml.model.trees import MISSING_NAN, Floats, Forest, Ints

MAX_DEPTH = 8
"""Explanations keep 2^d numbers for a leaf of depth d; a deeper forest belongs to another program."""

_CATEGORICAL, _DEFAULT_LEFT, _MISSING_SHIFT, _MISSING_MASK = 1, 2, 2, 3


def parse(text: str, where: str = "model.txt") -> Forest:
    """Read a model. :raises ArtifactCorrupt: where the text is not a whole, binary, numerical forest of at most MAX_DEPTH."""
    trees, ended, _ = text.partition("\nend of trees")
    head, *parts = trees.split("\nTree=")
    if not ended or not parts:
        raise ArtifactCorrupt("not a whole LightGBM model", where=where, expected="blocks 'Tree=…' and a line 'end of trees'")
    names = _head(_pairs(head.splitlines()), where)
    blocks = _Blocks([_pairs(part.splitlines()[1:]) for part in parts], where)
    return _forest(names, blocks, where)


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


class _Blocks:
    """The blocks of all trees, read by column: one list of numbers a key, tree after tree."""

    def __init__(self, blocks: list[dict[str, str]], where: str) -> None:
        self._blocks, self._where = blocks, where
        for i, block in enumerate(blocks):
            if block.get("num_cat", "0") != "0" or block.get("is_linear", "0") != "0":
                raise ArtifactCorrupt("a categorical or linear tree", where=f"{where} tree {i}", expected="numerical splits")
        self.leaves = np.array([self._count(i, "num_leaves") for i in range(len(blocks))])
        self.inner = self.leaves - 1

    def _count(self, tree: int, key: str) -> int:
        text = self._blocks[tree].get(key, "")
        if not text.isascii() or not text.isdigit() or len(text) > 6 or int(text) < 1:
            raise ArtifactCorrupt("not a count", where=f"{self._where} tree {tree} {key}", got=text, expected="a number from 1")
        return int(text)

    def numbers(self, key: str, lengths: Ints) -> Floats:
        """Read a list of each tree, of the given lengths."""
        lists = [block.get(key, "").split() for block in self._blocks]
        for i, (found, length) in enumerate(zip(lists, lengths.tolist(), strict=True)):
            if len(found) != length:
                raise ArtifactCorrupt("a list of the wrong length", where=f"{self._where} tree {i} {key}", got=len(found),
                                      expected=str(length))
        try:
            values = np.array(list(map(float, chain.from_iterable(lists))), dtype=np.float64)
        except ValueError as problem:
            raise ArtifactCorrupt("not numbers", where=f"{self._where} {key}", got=str(problem)) from None
        # A threshold may be infinite: "any known value goes left". Nothing else may.
        if np.isnan(values).any() or (key != "threshold" and not np.isfinite(values).all()):
            raise ArtifactCorrupt("not finite numbers", where=f"{self._where} {key}")
        return values

    def integers(self, key: str, lengths: Ints) -> Ints:
        """Read a list of whole numbers of each tree."""
        return self.numbers(key, lengths).astype(np.int64)


def _forest(names: tuple[str, ...], blocks: _Blocks, where: str) -> Forest:
    inner, leaves = blocks.inner, blocks.leaves
    inner_starts, leaf_starts = np.cumsum(inner) - inner, np.cumsum(leaves) - leaves
    n_inner, n_leaves = int(inner.sum()), int(leaves.sum())
    feature = blocks.integers("split_feature", inner)
    decision = blocks.integers("decision_type", inner)
    missing = (decision >> _MISSING_SHIFT) & _MISSING_MASK
    if n_inner and (feature.min() < 0 or feature.max() >= len(names)):
        raise ArtifactCorrupt("a split on a feature that is not named", where=where, got=int(feature.max()))
    if (decision & _CATEGORICAL).any():
        raise ArtifactCorrupt("a categorical split", where=where, expected="numerical splits")
    if (missing > MISSING_NAN).any():
        raise ArtifactCorrupt("an unknown kind of missing value", where=where, got=int(missing.max()), expected="0, 1 or 2")
    tree_of = np.repeat(np.arange(len(inner)), inner)

    def globally(local: Ints) -> Ints:
        """Give children numbers over all trees: inner nodes first, then leaves."""
        in_tree = (local < inner[tree_of]) & (local >= -leaves[tree_of])
        if not in_tree.all():
            raise ArtifactCorrupt("children that make no tree", where=where)
        return np.asarray(np.where(local >= 0, local + inner_starts[tree_of], n_inner + leaf_starts[tree_of] - 1 - local))

    own = np.arange(n_inner, n_inner + n_leaves)
    left = np.concatenate([globally(blocks.integers("left_child", inner)), own])
    right = np.concatenate([globally(blocks.integers("right_child", inner)), own])
    roots = np.where(inner > 0, inner_starts, n_inner + leaf_starts)
    return Forest(
        features=names, feature=feature, threshold=blocks.numbers("threshold", inner), missing=missing.astype(np.int8),
        default_left=(decision & _DEFAULT_LEFT) != 0, left=left, right=right, cover=_cover(blocks, where),
        value=blocks.numbers("leaf_value", leaves), roots=roots, leaf_starts=leaf_starts,
        depth=_depth(left[:n_inner], right[:n_inner], roots, where),
    )


def _cover(blocks: _Blocks, where: str) -> Floats:
    """Training rows that came by each node and leaf. LightGBM writes none for a tree of one leaf; any number does there."""
    single = blocks.leaves == 1
    counts = np.ones(int(blocks.leaves.sum()))
    counts[np.repeat(~single, blocks.leaves)] = blocks.numbers("leaf_count", np.where(single, 0, blocks.leaves))
    cover = np.concatenate([blocks.numbers("internal_count", blocks.inner), counts])
    if (cover <= 0).any():
        raise ArtifactCorrupt("a node that no training row reached", where=where)
    return cover


def _depth(left: Ints, right: Ints, roots: Ints, where: str) -> int:
    """Depth of the deepest tree. Every node but the roots must have one parent, numbered before it."""
    n_inner = len(left)
    children = np.concatenate([left, right])
    parents = np.concatenate([np.arange(n_inner)] * 2)
    nodes = np.sort(np.concatenate([children, roots]))
    backwards = (children < n_inner) & (children <= parents)
    if not np.array_equal(nodes, np.arange(len(nodes))) or backwards.any():
        raise ArtifactCorrupt("children that make no tree", where=where)
    depth, level = 0, roots[roots < n_inner]
    while len(level):
        depth += 1
        if depth > MAX_DEPTH:
            raise ArtifactCorrupt("too deep a tree", where=where, got=depth, expected=f"a depth of at most {MAX_DEPTH}")
        below = np.concatenate([left[level], right[level]])
        level = below[below < n_inner]
    return depth
