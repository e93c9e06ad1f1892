"""The protocols of published work, on made-up changes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from riskml.errors import InputError
from training.ablations import ablations
from training.config import Mask, timestamp
from training.dataset import COLUMNS, DAY
from training.evaluate import TRACKER, evaluate, untold
from training.protocols import (
    PUBLISHED,
    by_date,
    by_quarter,
    by_share,
    last_fifth,
    one_left_out,
    one_left_out_by_year,
    protocols,
    table,
)
from training.recipe import recipe


@pytest.fixture(scope="module")
def told(data):
    """Give changes of which an issue tracker tells what matters, and half as many that hold classic features alone."""
    rng = np.random.default_rng(3)
    fixes = np.where(data.harm, rng.poisson(3, len(data)), rng.poisson(1, len(data))).astype(float)
    both = replace(data, names=(*data.names, "reported_fixes_365d"), features=np.column_stack([data.features, fixes]))
    classic = both.where(np.arange(len(both)) % 2 == 0)
    features = classic.features.copy()
    features[:, [both.names.index("prior_fixes_365d"), both.names.index("reported_fixes_365d")]] = np.nan
    other = replace(classic, features=features, source=np.full(len(classic), "kamei", dtype=object),
                    repository=np.full(len(classic), "org/classic", dtype=object))
    parts = {name: np.concatenate([getattr(both, name), getattr(other, name)])
             for name in COLUMNS}
    order = np.argsort(parts["at"], kind="stable")
    return replace(both, **{name: column[order] for name, column in parts.items()})


@pytest.fixture(scope="module")
def prepared(told, config):
    """Resolve a quick recipe with the mask that hides the tracker."""
    mask = Mask(TRACKER, unknown=("reported",), share=1.0, weight=1.0, calibrate=True)
    return recipe(told, replace(config, mask=(mask, *config.mask)))


def test_the_tracker_is_worth_something_where_it_knows_something(prepared):
    """The same changes rank better with its word, and both views are tested on every mined change."""
    chosen, recipe_ = prepared
    plain, informed = by_date(chosen, recipe_)

    assert (plain.view, informed.view) == ("without a tracker", "with a tracker")
    assert plain.changes == informed.changes
    assert informed.figures["auc"] > plain.figures["auc"] + 0.03
    assert plain.figures["auc_lines_added"] == informed.figures["auc_lines_added"]


def test_each_quarter_is_tested_once_by_a_model_that_knew_less(prepared):
    """The quarters add up to the whole period, and harms that nobody knew of by then teach nothing."""
    chosen, recipe_ = prepared
    plain, _ = by_quarter(chosen, recipe_)
    periods = recipe_.config.periods
    start = timestamp(periods.test_from)
    rng = np.random.default_rng(5)
    secret = chosen.harm & (chosen.at < start) & (rng.random(len(chosen)) < 0.3)
    known_at = np.where(secret, timestamp(periods.test_until) + DAY, chosen.known_at)
    hidden, _ = by_quarter(replace(chosen, known_at=known_at), recipe_)
    clean, _ = by_quarter(replace(chosen, harm=chosen.harm & ~secret, known_at=known_at), recipe_)

    assert plain.changes == len(chosen.where((chosen.at >= start) & (chosen.source != "kamei")))
    assert hidden.figures == clean.figures != plain.figures


def test_a_split_by_share_tests_the_newest_quarter(prepared):
    """Its size is a quarter of the mined changes, by the time they were written."""
    chosen, recipe_ = prepared
    first, _ = by_share(chosen, recipe_)

    assert first.changes == pytest.approx(0.25 * (chosen.source != "kamei").sum(), abs=2)


def test_means_over_repositories_left_out_and_tables_of_classic_features(prepared):
    """Each repository is tested by models that never saw it; a table is tested on its last fifth."""
    chosen, recipe_ = prepared
    plain, informed = one_left_out(chosen, recipe_)
    alone, pooled = last_fifth(chosen, recipe_)

    assert informed.figures["auc"] > plain.figures["auc"] > 0.5
    assert alone.changes == pooled.changes == pytest.approx(0.2 * (chosen.source == "kamei").sum(), abs=2)
    assert (alone.view, pooled.view) == ("trained on that table alone", "trained on everything before")
    assert alone.figures["auc_lines_added"] == pooled.figures["auc_lines_added"]
    assert alone.figures["auc"] != pooled.figures["auc"] > 0.5


def test_a_new_repository_gets_the_model_of_its_year_and_nothing_that_was_not_known(prepared):
    """Harm that came to light after the tests began teaches nothing, as if there were none; every change is tested once."""
    chosen, recipe_ = prepared
    periods = recipe_.config.periods
    start = timestamp(periods.test_from)
    secret = chosen.harm & (chosen.at < start) & (np.arange(len(chosen)) % 3 == 0)
    known_at = np.where(secret, timestamp(periods.test_until) + DAY, chosen.known_at)
    hidden, _ = one_left_out_by_year(replace(chosen, known_at=known_at), recipe_)
    clean, _ = one_left_out_by_year(replace(chosen, harm=chosen.harm & ~secret, known_at=known_at), recipe_)

    assert hidden.changes == len(chosen.where((chosen.at >= start) & (chosen.source != "kamei")))
    assert hidden.figures == pytest.approx(clean.figures, abs=0, nan_ok=True)
    assert hidden.figures["auc"] > 0.5


def test_the_table_holds_every_result_beside_what_was_published(prepared):
    """A line for each; what nobody told is a dash."""
    said: list[str] = []
    results = list(protocols(*prepared, said.append))
    lines = table(results).splitlines()

    assert len(lines) == 2 + len(results) + len(PUBLISHED)
    assert len({line.count("|") for line in lines}) == 1
    assert "| 0.895 | — | 0.641 | — |" in next(line for line in lines if "DRS-OSS" in line)
    assert said == ["by_date …", "by_share …", "by_quarter …", "one_left_out …", "one_left_out_by_year …", "last_fifth …"]


def test_the_only_repository_is_not_left_out(prepared):
    """Nothing would be left to train on; the other protocols are run."""
    chosen, recipe_ = prepared
    alone = chosen.where(chosen.source != "kamei")
    said: list[str] = []
    results = list(protocols(replace(alone, repository=np.full(len(alone), "shop", dtype=object)), recipe_, said.append))

    assert said == ["by_date …", "by_share …", "by_quarter …"]
    assert len(results) == 6


def test_the_main_figures_ask_no_tracker(prepared):
    """What evaluation says first is what `riskml predict` does when nobody tells it more."""
    chosen, recipe_ = prepared
    figures = evaluate(chosen, recipe_)
    column = chosen.names.index("reported_fixes_365d")

    assert np.isnan(untold(chosen, recipe_).features[:, column]).all()
    assert figures["tracked"]["figures"]["auc"]["value"] > figures["models"]["riskml"]["auc"]["value"] + 0.03
    assert figures["unseen"]["auc_tracked"] > figures["unseen"]["auc"]


def test_where_no_tracker_was_known_nothing_is_said_of_it(data, config):
    """Data without the group give no second table."""
    mask = Mask(TRACKER, unknown=("reported",), share=1.0)

    assert evaluate(*recipe(data, replace(config, mask=(mask,))))["tracked"] is None


@pytest.mark.parametrize("run", [
    lambda data, recipe: list(protocols(data, recipe, lambda _text: None)),
    lambda data, recipe: ablations(data, recipe, lambda _text: None),
    evaluate,
])
def test_data_that_can_tell_nothing_are_refused(prepared, run):
    """Where nothing did harm there is nothing to rank, and the counts say so."""
    data, known = prepared

    with pytest.raises(InputError, match=r"too little to train or to test on.* 0 harmful"):
        run(data.where(~data.harm), known)
