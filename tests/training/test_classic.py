"""A table of classic features against its own last fifth, on made-up changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from training import metrics
from training.baselines import CLASSIC, lines_added
from training.classic import EXPERIENCE, columns, last_fifth_of, probabilities


@pytest.fixture(scope="module")
def table(data):
    """Give one table in which harm follows from how much of the files is new, which lines added alone cannot tell."""
    rng = np.random.default_rng(11)
    fresh = np.log1p(data.column("la") / (data.column("lt") + 1))
    return replace(data, harm=rng.random(len(data)) < 1 / (1 + np.exp(1.5 - 2 * fresh)))


def test_the_last_fifth_is_newer_than_all_that_trains(table):
    """Nothing is lost, and changes of one second stay on one side."""
    train, test = last_fifth_of(table)
    torn = replace(table, at=np.floor(table.at / 5e6) * 5e6)
    before, after = last_fifth_of(torn)

    assert (len(train), len(test)) == (0.8 * len(table), 0.2 * len(table))
    assert train.at.max() < test.at.min()
    assert len(before) + len(after) == len(table)
    assert before.at.max() < after.at.min()


def test_a_table_teaches_more_than_its_lines_added(table):
    """Forests of the table alone rank its future better, and what they say is a probability."""
    train, test = last_fifth_of(table)
    p = probabilities(train, test, seed=7, threads=1)

    assert metrics.auc(test.harm, p) > metrics.auc(test.harm, lines_added(test)) + 0.05
    assert ((p > 0) & (p < 1)).all()
    assert p.mean() == pytest.approx(test.harm.mean(), abs=0.05)


def test_the_answers_follow_from_the_training_rows_and_the_seed_alone(table):
    """Twice the same is the same; the labels of the test are not looked at; another seed answers otherwise."""
    train, test = last_fifth_of(table)
    first = probabilities(train, test, seed=7, threads=1)

    assert first.tolist() == probabilities(train, replace(test, harm=~test.harm), seed=7, threads=1).tolist()
    assert first.tolist() != probabilities(train, test, seed=8, threads=1).tolist()


def test_recent_changes_weigh_more(table):
    """Where the newest year contradicts the ones before, it is believed more than its share."""
    train, test = last_fifth_of(table)
    newest = train.at > train.at.max() - 365 * 86_400
    turned = replace(train, harm=np.where(newest, ~train.harm, train.harm))
    timeless = replace(turned, at=np.full(len(train), train.at.max()))
    recent, equal = (metrics.auc(test.harm, probabilities(part, test, seed=7, threads=1)) for part in (turned, timeless))

    assert recent < equal - 0.05


def test_what_an_author_did_is_read_only_where_the_data_hold_it(table):
    """Eleven features and eight relations of them; three more with a build that counts persons. Unknown stays unknown."""
    with_them = np.column_stack([table.features, np.ones((len(table), len(EXPERIENCE)))])
    told = replace(table, names=(*table.names, *EXPERIENCE), features=with_them)
    found = columns(table)

    assert found.shape[1] == len(CLASSIC) + 8
    assert columns(told).shape[1] == len(CLASSIC) + 8 + len(EXPERIENCE)
    assert np.isnan(found[:, CLASSIC.index("age")]).any()
    assert np.isfinite(np.delete(found, CLASSIC.index("age"), axis=1)).all()
