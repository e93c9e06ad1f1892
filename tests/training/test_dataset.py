"""Datasets: what was known when, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskml.errors import InputError
from training.dataset import DAY, in_order, kamei_table, label_table, open_saved, save
from training.labels import Label


def test_only_what_was_known_teaches(data):
    """At a date, harms found later do not exist yet, and young changes are left out, the harmful among them, too."""
    cut = data.at[len(data) // 2]

    known = data.known_by(cut, maturity_days=90)

    assert len(known) > 500
    assert (known.at < cut - 90 * DAY).all()
    assert (known.known_at[known.harm] <= cut).all()


def test_the_youngest_cohort_keeps_its_natural_rate(data):
    """Calibration reads the rate off the last changes: a cohort of which only the harmful are kept would promise too much."""
    cut = data.at[-1] + 1
    known = data.known_by(cut, maturity_days=90)
    last = known.where(known.at > known.at.max() - 90 * DAY)

    assert 0 < last.harm.mean() <= data.where(data.at > known.at.max() - 90 * DAY).harm.mean() + 0.1


def test_a_harm_found_later_is_clean_at_the_date_if_the_change_was_old(data):
    """Then a trainer of that day would have believed it clean, and so must we."""
    late = data.where(data.harm & (data.known_at > data.at + 400 * DAY))
    one = late.where(np.array([0]))

    known = one.known_by(one.at[0] + 399 * DAY, maturity_days=365)

    assert known.harm.tolist() == [False]


def test_the_future_changes_nothing(data):
    """Cutting off everything after the date gives the same training set."""
    cut = data.at[len(data) // 2]
    before = data.where(data.at < cut)
    forgotten = replace(before, known_at=np.where(before.known_at <= cut, before.known_at, np.nan),
                        harm=before.harm & (before.known_at <= cut))

    a, b = data.known_by(cut, 180), forgotten.known_by(cut, 180)

    assert a.sha.tolist() == b.sha.tolist()
    assert a.harm.tolist() == b.harm.tolist()


def test_tables_are_put_in_order_and_each_change_is_kept_once(data):
    """Two tables that share changes make one dataset, oldest first."""
    whole = in_order([data.where(np.arange(1000, 2000)), data.where(np.arange(0, 1500))])

    assert len(whole) == 2000
    assert (np.diff(whole.at) >= 0).all()


def test_labels_meet_rows_by_commit_id():
    """A row without a label and a label without a row are left out; a feature the table lacks is unknown."""
    table = pa.table({"sha": ["a", "b"], "authored_at": [1, 2], "committed_at": [1, 2], "la": [3.0, None]})
    labels = {sha: Label("org/x", sha, harm, 10, 20 if harm else None, "test") for sha, harm in (("b", True), ("z", False))}

    data = label_table(table, labels, ("la", "ld"))

    assert data.sha.tolist() == ["b"]
    assert data.harm.tolist() == [True]
    assert np.isnan(data.features).tolist() == [[True, True]]
    assert data.known_at.tolist() == [20.0]


def test_who_is_new_is_kept_beside_the_features():
    """Yes, no and unknown stay what they are; a table that does not tell leaves it unknown."""
    columns = {"sha": ["a", "b", "c"], "authored_at": [1, 2, 3], "committed_at": [1, 2, 3], "la": [3.0, 4.0, 5.0]}
    labels = {sha: Label("org/x", sha, False, 10, None, "test") for sha in "abc"}

    told = label_table(pa.table({**columns, "newcomer": [True, None, False]}), labels, ("la",))
    untold = label_table(pa.table(columns), labels, ("la",))

    np.testing.assert_array_equal(told.newcomer, [1.0, np.nan, 0.0])
    assert told.names == ("la",)
    assert np.isnan(untold.newcomer).all()


def test_a_dataset_of_before_does_not_tell_who_is_new(data, tmp_path):
    """A file without the column is read; what it does not tell is unknown."""
    save(data, tmp_path / "d.parquet", {})
    pq.write_table(pq.read_table(tmp_path / "d.parquet").drop_columns(["newcomer"]), tmp_path / "old.parquet")

    assert np.isnan(open_saved(tmp_path / "old.parquet")[0].newcomer).all()


def test_a_table_with_its_own_labels_is_read_by_column_name():
    """``ent`` is entropy; features the table lacks are unknown; harm is known only after a while."""
    table = pa.table({"commit_id": ["a"], "project": ["qt"], "date": [100], "bug": [1], "la": [5], "ent": [0.5]})

    data = kamei_table(table, ("la", "entropy", "nuc"), "kamei", known_after_days=365)

    assert data.features[0, :2].tolist() == [5.0, 0.5]
    assert np.isnan(data.features[0, 2])
    assert data.known_at.tolist() == [100 + 365 * DAY]


def test_a_dataset_survives_its_file(data, tmp_path):
    """Unknown stays unknown and harm stays harm."""
    save(data, tmp_path / "d.parquet", {"feature_set": 1})

    again, about = open_saved(tmp_path / "d.parquet")

    assert about == {"feature_set": 1}
    assert again.names == data.names
    np.testing.assert_array_equal(again.features, data.features)
    np.testing.assert_array_equal(again.known_at, data.known_at)
    np.testing.assert_array_equal(again.newcomer, data.newcomer)
    assert again.repository.tolist() == data.repository.tolist()


def test_no_dataset_is_refused(tmp_path):
    """The message says which command writes it."""
    with pytest.raises(InputError, match="training build"):
        open_saved(tmp_path / "none.parquet")
    with pytest.raises(InputError, match="no labelled changes"):
        in_order([])


def test_only_gives_unknown_columns_for_names_it_lacks(data):
    """A model can read a table that is narrower than its training."""
    slim = data.only(("nuc", "tests_run"))

    assert slim.features.shape == (len(data), 2)
    assert np.isnan(slim.column("tests_run")).all()
    assert slim.column("nuc").tolist() == data.column("nuc").tolist()
