"""A gradient-boosted forest as flat arrays, and its exact evaluation for one row or a few, without LightGBM.

Importing LightGBM takes seconds and a single row through it starts threads; a few hundred shallow trees evaluate exactly, and
faster, in numpy. The rules are LightGBM's own (``include/LightGBM/tree.h``): a value goes left when it is at most the
threshold; a missing value (NaN, or zero where the trainer was told so) goes where the node says; and where the trainer never
saw a NaN, NaN counts as 0.

Nodes and leaves share one numbering: ``0 … n_inner-1`` are the inner nodes of all trees, the rest are their leaves. A leaf is
its own child on both sides, so that ``depth`` steps from every root end in leaves, with no test on the way.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

MISSING_NONE, MISSING_ZERO, MISSING_NAN = 0, 1, 2
ZERO = 1e-35  # LightGBM's kZeroThreshold: what is smaller is zero


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """The arrays of all trees.

    Over inner nodes: ``feature``, ``threshold``, ``missing``, ``default_left``. Over nodes and leaves: ``left``, ``right``,
    ``cover`` (training rows that came by). Over leaves: ``value`` (log-odds). Over trees: ``roots`` and ``leaf_starts`` (the
    first leaf of each tree, counted among the leaves). The inner nodes of each tree follow each other, its root first, tree
    after tree.
    """

    features: tuple[str, ...]
    feature: Ints
    threshold: Floats
    missing: NDArray[np.int8]
    default_left: Bools
    left: Ints
    right: Ints
    cover: Floats
    value: Floats
    roots: Ints
    leaf_starts: Ints
    depth: int
    _children: Ints = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_children", np.stack((self.right, self.left), axis=1).reshape(-1))  # 2 * node + goes left

    @property
    def n_inner(self) -> int:
        """Inner nodes in all trees."""
        return len(self.feature)

    @property
    def used(self) -> tuple[str, ...]:
        """The features that at least one node asks for, in the order of ``features``."""
        return tuple(self.features[i] for i in np.unique(self.feature))

    @property
    def zero_when_unknown(self) -> tuple[str, ...]:
        """The features that were never unknown in training: some node takes NaN for 0, which is worth little."""
        return tuple(self.features[i] for i in np.unique(self.feature[self.missing != MISSING_NAN]))

    @property
    def bias(self) -> float:
        """The expected margin over the training rows: where the contributions of every row start."""
        weighted = self.value * self.cover[self.n_inner :]
        return float(np.sum(np.add.reduceat(weighted, self.leaf_starts) / self.cover[self.roots]))

    def goes_left(self, rows: Floats) -> Bools:
        """Answer for each row (NaN = unknown) and each inner node whether the row would go left there."""
        values = rows[:, self.feature]
        absent = np.isnan(values)
        if (self.missing != MISSING_NAN).any():
            counts_as_zero = absent & (self.missing != MISSING_NAN)
            values = np.where(counts_as_zero, 0.0, values)
            absent = (absent & ~counts_as_zero) | ((self.missing == MISSING_ZERO) & (np.abs(values) <= ZERO))
        return np.asarray(np.where(absent, self.default_left, values <= self.threshold))

    def trees_of(self, nodes: Ints) -> Ints:
        """Name the trees that hold at least one of these inner nodes, in order."""
        branched = np.flatnonzero(self.roots < self.n_inner)
        return np.asarray(branched[np.unique(np.searchsorted(self.roots[branched], nodes, side="right") - 1)])

    def leaves(self, left: Bools, trees: Ints | slice = slice(None)) -> Ints:
        """Find the leaf (counted among the leaves) that each row reaches in each tree, given :meth:`goes_left` of the rows."""
        n, inner = left.shape
        roots = self.roots[trees]
        at = np.broadcast_to(roots, (n, len(roots)))
        answers, row = left.reshape(-1), np.arange(n)[:, None] * inner
        for _ in range(self.depth):
            went_left = answers.take(row + np.minimum(at, inner - 1))  # of a leaf, any answer will do
            at = self._children.take(2 * at + went_left)
        return np.asarray(at - inner)

    def margins(self, rows: Floats) -> Floats:
        """Give the log-odds of each row. For a few rows at a time; :mod:`riskml.model.batch` is for thousands."""
        return np.asarray(self.value[self.leaves(self.goes_left(rows))].sum(axis=1))
