"""Folders of tables, as whole fleets write them."""

from __future__ import annotations

import pytest

from riskml.cli.main import main as riskml
from riskml.errors import InputError
from training.__main__ import main as training
from training.dataset import open_saved
from training.partitions import partitions


def test_a_mined_and_labelled_fleet_becomes_one_dataset(repo, tmp_path, monkeypatch):
    """Folders of features and of labels are joined by commit; each row knows its repository."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    repo.commit("Start", {"a.py": "x = 1\ny = 2\n"})
    repo.commit("Fix the bug", {"a.py": "x = 3\ny = 2\n"})
    listed = tmp_path / "list"
    listed.write_text(f"acme/one\t{repo.path}\nacme/two\t{repo.path}\n")
    for verb in ("mine", "label"):
        assert riskml([verb, "--repositories", str(listed), "--output", str(tmp_path / verb)]) == 0

    assert training(["--work", str(tmp_path / "work"), "build", "--table", str(tmp_path / "mine"),
                     "--labels", str(tmp_path / "label")]) == 0

    data, about = open_saved(tmp_path / "work" / "dataset.parquet")
    assert data.harm.tolist() == [True, False]
    assert set(data.repository.tolist()) <= {"acme/one", "acme/two"}
    assert set(about["inputs"]) == {f"{kind}acme/{name}.parquet" for kind in ("", "labels ") for name in ("one", "two")}


def test_a_folder_without_tables_is_refused(tmp_path):
    """The refusal says what was looked for."""
    with pytest.raises(InputError, match=r"repository=NAME/part\.parquet"):
        partitions(tmp_path)
