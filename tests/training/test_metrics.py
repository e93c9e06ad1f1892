"""Metrics: by hand, and against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest

from riskml.model import performance
from training import metrics


@pytest.fixture(scope="module")
def scored():
    """Make scores with many ties."""
    rng = np.random.default_rng(5)
    harm = rng.random(500) < 0.3
    return harm, np.round(np.clip(0.3 * harm + rng.random(500) * 0.7, 0, 1), 2)


def test_ranking_and_decision_metrics_equal_scikit_learn(scored):
    """AUC, average precision, F1, MCC and Brier mean what everybody means by them, ties included."""
    sk = pytest.importorskip("sklearn.metrics")
    harm, score = scored

    assert metrics.auc(harm, score) == pytest.approx(sk.roc_auc_score(harm, score))
    assert metrics.average_precision(harm, score) == pytest.approx(sk.average_precision_score(harm, score))
    assert metrics.f1(harm, score >= 0.5) == pytest.approx(sk.f1_score(harm, score >= 0.5))
    assert metrics.mcc(harm, score >= 0.5) == pytest.approx(sk.matthews_corrcoef(harm, score >= 0.5))
    assert metrics.brier(harm, score) == pytest.approx(sk.brier_score_loss(harm, score))


def test_calibration_error_is_the_mean_gap_between_promise_and_outcome():
    """Ten promises of 0.25 with four harms, ten of 0.75 with seven: gaps .15 and .05."""
    harm = np.array([True] * 4 + [False] * 6 + [True] * 7 + [False] * 3)
    p = np.array([0.25] * 10 + [0.75] * 10)

    assert metrics.ece(harm, p) == pytest.approx(0.10)


def test_a_gate_catches_what_is_above_it():
    """The riskiest 40 % of five changes are two, and hold one of two harms."""
    harm = np.array([True, False, False, True, False])

    assert metrics.captured(harm, np.array([5.0, 4.0, 3.0, 2.0, 1.0]), 0.4) == 0.5


def test_popt_is_one_for_the_best_order_and_zero_for_the_worst():
    """Reading the harmful small changes first is the best there is."""
    harm = np.array([True, True, False, False])
    effort = np.array([1.0, 2.0, 10.0, 20.0])

    assert metrics.popt(harm, -effort, effort) == pytest.approx(1.0)
    assert metrics.popt(harm, np.array([1.0, 2.0, 10.0, 20.0]), effort) == pytest.approx(0.0)


def test_effort_captured_reads_lines_until_the_budget_is_spent():
    """20 % of 10 lines are 2: the two small changes, one of them harmful."""
    harm = np.array([True, False, True])
    effort = np.array([1.0, 1.0, 8.0])

    assert metrics.effort_captured(harm, np.array([3.0, 2.0, 1.0]), effort) == 0.5


def test_the_mean_within_groups_does_not_reward_knowing_the_group():
    """Scores that only tell the groups apart have an AUC of one half inside each."""
    groups = np.array(["a"] * 4 + ["b"] * 4, dtype=object)
    harm = np.array([True, True, True, False, False, False, False, True])
    score = np.array([0.9] * 4 + [0.1] * 4)

    assert metrics.auc(harm, score) > 0.7
    assert metrics.mean_within(groups, harm, score) == 0.5


@pytest.mark.filterwarnings("error")
def test_a_figure_means_the_same_here_and_where_a_model_is_watched(scored):
    """To the last bit, ties included; and what has no value there has none here, without a warning."""
    harm, score = scored
    none = np.zeros(0, dtype=bool), np.zeros(0)

    for name in ("auc", "brier"):
        assert getattr(metrics, name)(harm, score) == getattr(performance, name)(harm, score)
    assert [performance.auc(*none), performance.brier(*none)] == [None, None]
    assert np.isnan([metrics.auc(*none), metrics.brier(*none)]).all()


def test_what_is_undefined_is_nan():
    """Without both outcomes there is no ranking to judge."""
    clean = np.zeros(3, dtype=bool)
    score = np.array([1.0, 2.0, 3.0])

    assert all(np.isnan(f(clean, score)) for f in (metrics.auc, metrics.average_precision))
    assert np.isnan(metrics.captured(clean, score, 0.1))
    assert np.isnan(metrics.f1(clean, clean))
    assert np.isnan(metrics.mcc(clean, clean))


def test_the_best_threshold_has_the_best_f1(scored):
    """No other threshold does better on the changes it was chosen on."""
    harm, score = scored
    best = metrics.best_threshold(harm, score)

    assert metrics.f1(harm, score >= best) == max(metrics.f1(harm, score >= t) for t in np.unique(score))


def test_bootstrap_intervals_hold_the_value_and_repeat(scored):
    """The same seed gives the same interval."""
    harm, score = scored

    def figures(rows):
        return metrics.auc(harm[rows], score[rows]), metrics.brier(harm[rows], score[rows])

    auc, brier = metrics.intervals(figures, len(harm), 100, 3)
    assert auc[0] < metrics.auc(harm, score) < auc[1]
    assert brier[0] < metrics.brier(harm, score) < brier[1]
    assert [auc, brier] == metrics.intervals(figures, len(harm), 100, 3)
