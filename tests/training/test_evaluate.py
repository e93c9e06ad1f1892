"""Figures of parts of the test: the right changes, and nothing where nothing is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from training import metrics

pytest.importorskip("lightgbm")

from training.evaluate import slices

NEW, OLD = "an author of fewer than 5 changes before", "an author of 5 changes or more before"


def by_name(data):
    """Make the figures of a score that is the size of a change."""
    p = 1 - np.exp(-data.column("la") / 100)
    return p, {row["slice"]: row for row in slices(data, p)}


def test_changes_of_newcomers_have_figures_of_their_own(data):
    """They are the changes that the dataset marks, and those of which it knows nothing are in neither part."""
    p, found = by_name(data)

    for name, flag in ((NEW, 1.0), (OLD, 0.0)):
        here = data.newcomer == flag
        assert found[name]["changes"] == here.sum() < len(data)
        assert found[name]["rate"] == pytest.approx(data.harm[here].mean())
        assert found[name]["promised"] == pytest.approx(p[here].mean())
        assert found[name]["auc"] == metrics.auc(data.harm[here], p[here])
    assert found[NEW]["changes"] + found[OLD]["changes"] == (~np.isnan(data.newcomer)).sum() < len(data)


def test_a_dataset_that_does_not_tell_has_no_such_part(data):
    """Where nobody knows who is new, the part is left out, not empty; the others stay."""
    _, found = by_name(replace(data, newcomer=np.full(len(data), np.nan)))

    assert found
    assert not {NEW, OLD} & set(found)


def test_a_part_with_few_of_a_kind_is_left_out(data):
    """Nine harmful changes tell nothing about ranking."""
    few = np.where(data.newcomer == 1, 0.0, data.newcomer)
    few[np.flatnonzero(data.harm)[:9]] = 1
    few[np.flatnonzero(~data.harm)[:50]] = 1

    assert NEW not in by_name(replace(data, newcomer=few))[1]
