"""Exact contributions of each feature to a margin: Shapley values of trees (path-dependent TreeSHAP, Lundberg et al., 2020).

A leaf with value v is reached by a coalition S of features with the probability ``prod(o_j for j in S) * prod(r_j for j not in
S)``: ``o_j`` is 1 if the row passes every split on feature j along the path, and ``r_j`` is the share of training rows that
passed them. So a leaf with d features on its path is a game over d players whose outcome depends on the row by d bits alone.
The Shapley values of all 2^d games are worked out once; explaining a row is then one look-up a leaf and one sum a feature.
The result equals LightGBM's ``pred_contrib``, and sums with the bias to the margin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from riskml.model.trees import Bools, Floats, Forest, Ints

CHUNK = 256
"""Rows explained at a time: bounds the memory of the look-ups."""


@dataclass(frozen=True, slots=True, eq=False)
class _Leaves:
    """All leaves with d distinct features on their paths: ``features`` (n, d) and ``tables`` (n·2^d, d), leaf by leaf.

    ``first`` holds one split on each feature of each path; ``more`` the second ones, the third ones, and so on.
    """

    features: Ints
    tables: Floats
    first: _Splits
    more: tuple[_Splits, ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Splits:
    """At most one split on each of the n·d features of the paths: which of them (``at``), its node, and the way to the leaf."""

    at: Ints
    nodes: Ints
    wanted: Bools

    def passed(self, left: Bools) -> Bools:
        return np.asarray(left.take(self.nodes, axis=1) == self.wanted)


class Explainer:
    """The look-up tables of a forest."""

    def __init__(self, forest: Forest) -> None:
        self.forest = forest
        self._groups = _grouped(forest)

    def contributions(self, rows: Floats) -> Floats:
        """Contribution of each feature (columns in the order of ``forest.features``) to the margin of each row, in log-odds."""
        parts = [self.from_decisions(self.forest.goes_left(rows[i : i + CHUNK])) for i in range(0, len(rows), CHUNK)]
        return np.concatenate(parts) if parts else np.zeros((0, len(self.forest.features)))

    def from_decisions(self, left: Bools) -> Floats:
        """Do the same from the answers of :meth:`Forest.goes_left` at hand."""
        n, width = len(left), len(self.forest.features)
        total = np.zeros(n * width)
        offsets = np.arange(n)[:, None] * width
        for group in self._groups:
            leaves, d = group.features.shape
            passed = group.first.passed(left)
            for splits in group.more:
                passed[:, splits.at] &= splits.passed(left)
            code = passed.reshape(n, leaves, d) @ (1 << np.arange(d))
            values = group.tables.take(code + (np.arange(leaves) << d), axis=0)
            where = offsets + group.features.reshape(-1)
            total += np.bincount(where.reshape(-1), weights=values.reshape(-1), minlength=n * width)
        return total.reshape(n, width)


def _grouped(forest: Forest) -> list[_Leaves]:
    """Group the leaves by the number of distinct features on their paths."""
    paths = _Paths(forest)
    groups = []
    for d in np.unique(paths.distinct[paths.distinct > 0]).tolist():
        leaf = np.flatnonzero(paths.distinct == d)
        step, slot = paths.node[leaf], paths.slot[leaf]
        real = step >= 0
        share = np.ones((len(leaf), d))
        row = np.broadcast_to(np.arange(len(leaf))[:, None], step.shape)
        np.multiply.at(share, (row[real], slot[real]), paths.ratio[leaf][real])
        features = np.zeros((len(leaf), d), dtype=np.int64)
        features[row[real], slot[real]] = forest.feature[step[real]]
        first, *more = _layers(row[real] * d + slot[real], step[real], paths.went_left[leaf][real])
        groups.append(_Leaves(features, _tables(forest.value[leaf], share).reshape(-1, d), first, tuple(more)))
    return groups


def _layers(at: Ints, nodes: Ints, wanted: Bools) -> list[_Splits]:
    """Deal the splits out so that no layer has two on one feature of a path; the first one has them all, in order."""
    order = np.argsort(at, kind="stable")
    at, nodes, wanted = at[order], nodes[order], wanted[order]
    lengths = np.bincount(at)
    nth = np.arange(len(at)) - (np.cumsum(lengths) - lengths)[at]
    return [_Splits(at[nth == n], nodes[nth == n], wanted[nth == n]) for n in range(lengths.max())]


class _Paths:
    """The steps from each leaf up to its root, padded with the node -1.

    Of each step: the ``node`` above, whether the path ``went_left`` there, the ``ratio`` of its training rows that came this
    way, and the ``slot`` of its feature among the ``distinct`` ones of the path.
    """

    def __init__(self, forest: Forest) -> None:
        inner, leaves, depth = forest.n_inner, len(forest.value), max(forest.depth, 1)
        parent = np.full(len(forest.left), -1)
        parent[forest.left[:inner]] = parent[forest.right[:inner]] = np.arange(inner)
        is_left = np.zeros(len(forest.left), dtype=bool)
        is_left[forest.left[:inner]] = True
        self.node = np.full((leaves, depth), -1)
        self.went_left = np.zeros((leaves, depth), dtype=bool)
        self.ratio = np.ones((leaves, depth))
        child = np.arange(inner, inner + leaves)
        for step in range(depth):
            above = parent[child]
            some = above >= 0
            self.node[:, step] = above
            self.went_left[:, step] = is_left[child]
            self.ratio[some, step] = forest.cover[child[some]] / forest.cover[above[some]]
            child = np.where(some, above, child)
        feature = np.where(self.node >= 0, forest.feature[self.node], -1) if inner else self.node
        first = (feature[:, :, None] == feature[:, None, :]).argmax(axis=2)
        is_first = (first == np.arange(depth)) & (self.node >= 0)
        self.slot = np.take_along_axis(np.cumsum(is_first, axis=1) - 1, first, axis=1)
        self.distinct = is_first.sum(axis=1)


def _tables(value: Floats, share: Floats) -> Floats:
    """Shapley values of each leaf's game for each of the 2^d outcomes: (leaves, 2^d, d).

    The weight of a coalition of s among d - 1 others is the integral of z^s (1-z)^(d-1-s) over [0, 1]. So the sum over all
    coalitions is the integral of ``prod(z * o_k + (1 - z) * r_k)``, a polynomial that Gauss's rule integrates exactly.
    """
    d = share.shape[1]
    passed = ((np.arange(1 << d)[:, None] >> np.arange(d)) & 1).astype(np.float64)
    points, weights = np.polynomial.legendre.leggauss((d + 1) // 2)
    reached = np.zeros((len(value), 1 << d, d))
    for z, weight in zip((points + 1) / 2, weights / 2, strict=True):
        factor = z * passed + (1 - z) * share[:, None, :]
        reached += weight * factor.prod(axis=2, keepdims=True) / factor
    return np.asarray(value[:, None, None] * (passed - share[:, None, :]) * reached)
