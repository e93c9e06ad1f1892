"""Which repositories there are, what they are called, and where their tables go."""

from __future__ import annotations

from pathlib import Path

import pytest

from riskml.errors import InputError
from riskml.fleet.listing import Listed, read_list, table_of, tasks
from riskml.fleet.recipe import Rows


@pytest.mark.parametrize("text", ["", "# nothing\n\n", "name\t\n", "\t/srv/shop\n", "/srv/\0\n"])
def test_list_that_names_nothing_is_refused(text):
    """A list without a repository, a name without a path and a path that is none are errors, not tables that are missing."""
    with pytest.raises(InputError):
        read_list(text)


def test_names_come_from_the_list_then_the_origin_then_the_folder(make_repo, tmp_path):
    """A given name wins; else the origin tells it, without credentials; else the folder."""
    one, two, three = make_repo("one"), make_repo("two"), make_repo("three")
    for repo in (one, two):
        repo.git("remote", "add", "origin", "https://bot:secret@git.example.org/acme/shop.git")
    listed = [Listed(str(one.path), "mine"), Listed(str(two.path)), Listed(str(three.path))]

    found = list(tasks(listed, tmp_path / "out", Rows(), resume=False))

    assert [task.name for task in found] == ["mine", "acme/shop", "three"]
    assert [task.repository for task in found] == [str(repo.path) for repo in (one, two, three)]


def test_equal_names_are_told_apart_by_their_paths(make_repo, tmp_path):
    """The first keeps the name, another gets a mark that depends on its path alone, so that it has it again next time."""
    places = [str(make_repo(f"{n}/shop").path) for n in range(3)]

    first = list(tasks([Listed(place) for place in places], tmp_path, Rows(), resume=False))
    again = list(tasks([Listed(places[0]), Listed(places[2])], tmp_path, Rows(), resume=False))

    assert first[0].name == "shop"
    assert len({task.name for task in first}) == len({task.table for task in first}) == 3
    assert again[1].name == first[2].name


@pytest.mark.parametrize("name", ["../../etc", "a/b", "..", "/", "Größe 1", "a\nb"])
def test_no_name_leads_out_of_the_folder(name):
    """Whatever a repository is called, its table is two levels below the folder."""
    table = table_of(Path("out"), name)

    assert table.parts[0] == "out"
    assert len(table.parts) == 3
    assert table.parts[1].startswith("repository=")


def test_folder_reads_as_one_dataset_with_the_names(repo, tmp_path):
    """Readers of partitioned Parquet see the tables alone, and the name of each repository as a column."""
    dataset = pytest.importorskip("pyarrow.dataset")
    from riskml.fleet.task import carry_out

    repo.commit("Start", {"a": "1\n"})
    listed = [Listed(str(repo.path), "acme/shop"), Listed(str(repo.path), "till")]
    for task in tasks(listed, tmp_path / "out", Rows(), resume=True):
        assert not carry_out(task).failed

    table = dataset.dataset(tmp_path / "out", partitioning="hive").to_table(columns=["repository", "la"])

    assert sorted(table.to_pylist(), key=str) == [{"repository": "acme/shop", "la": 1.0}, {"repository": "till", "la": 1.0}]
