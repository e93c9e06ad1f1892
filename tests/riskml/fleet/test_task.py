"""One repository's share: kept if it is finished, made anew if anything is different, and never anybody else's trouble."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from riskml.fleet.listing import Listed, tasks
from riskml.fleet.recipe import Labels, Rows
from riskml.fleet.task import carry_out
from riskml.mine.finished import note_of

pytest.importorskip("pyarrow")


@pytest.fixture
def task(repo, tmp_path):
    """Return the task to mine a repository of two commits, and to keep what is finished."""
    repo.commit("Start", {"a": "1\n"})
    repo.commit("Edit", {"a": "2\n"})
    return next(tasks([Listed(str(repo.path))], tmp_path / "out", Rows(), resume=True))


def test_finished_table_is_kept(task):
    """A second run reads the table's bytes and writes nothing, but says what it holds and what was skipped."""
    first = carry_out(task)
    written = Path(task.table).stat()

    again = carry_out(task)

    assert (first.kept, again.kept) == (False, True)
    assert (again.said, again.notices) == (first.said, first.notices) == ("2 rows", ())
    assert Path(task.table).stat() == written


def test_without_resume_it_is_made_anew(task):
    """Who does not ask for it gets a new table."""
    carry_out(task)

    assert not carry_out(replace(task, resume=False)).kept


@pytest.mark.parametrize("change", [
    "tip", "bytes", "no table", "note", "no note", "profile", "since", "feature set", "shallow",
])
def test_anything_different_makes_it_anew(task, repo, change):
    """Another tip, other options or features, a damaged table or note: each is noticed, and the table is whole again after."""
    carry_out(task)
    table, note = Path(task.table), note_of(Path(task.table))
    whole = table.read_bytes()
    if change == "tip":
        repo.commit("Edit", {"a": "3\n"})
    elif change == "bytes":
        table.write_bytes(whole[:-1] + b"\0")
    elif change == "no table":
        table.unlink()
    elif change == "note":
        note.write_text("[1]")
    elif change == "no note":
        note.unlink()
    elif change == "feature set":
        note.write_text(json.dumps({**json.loads(note.read_text()), "feature_set": -1}))
    elif change == "shallow":
        (repo.path / ".git" / "shallow").write_text(repo.git("rev-parse", "HEAD") + "\n")
    recipe = {"profile": Rows(profile="people"), "since": Rows(since=1)}.get(change, task.recipe)

    result = carry_out(replace(task, recipe=recipe, rests_on=recipe.rests_on()))

    assert not result.failed
    assert not result.kept
    assert carry_out(replace(task, recipe=recipe, rests_on=recipe.rests_on())).kept
    if change not in ("tip", "profile", "shallow"):
        assert table.read_bytes() == whole


def test_leftovers_of_killed_runs_go_away(task):
    """Half a table that a killed run left is removed by the next one, and nothing else is."""
    folder = Path(task.table).parent
    folder.mkdir(parents=True)
    for name in (".part.parquet.12-abc", "._part.json.12-abc", "mine.txt"):
        (folder / name).touch()

    carry_out(task)

    assert sorted(file.name for file in folder.iterdir()) == ["_part.json", "mine.txt", "part.parquet"]


def test_what_goes_wrong_is_the_result(task, tmp_path):
    """A repository that is none, a revision that is none and a place that cannot be written are told, not raised."""
    (tmp_path / "file").touch()
    nowhere = carry_out(replace(task, repository=str(tmp_path / "nowhere")))
    unknown = carry_out(replace(task, recipe=Rows("mian")))
    blocked = carry_out(replace(task, table=str(tmp_path / "file" / "part.parquet")))

    assert nowhere.failed
    assert unknown.failed
    assert "mian" in unknown.said
    assert blocked.failed
    assert not Path(task.table).exists()


def test_error_of_ours_is_told_by_its_kind(task):
    """Even what no one foresaw is the trouble of one repository, and is named."""
    result = carry_out(replace(task, recipe=Broken(), rests_on={"table": "rows"}))

    assert result.failed
    assert result.said == "ZeroDivisionError: nobody foresaw it"


def test_worker_of_another_version_does_nothing(task):
    """A table of other features than its folder's is worse than none."""
    result = carry_out(replace(task, rests_on={**task.rests_on, "feature_set": -1}))

    assert result.failed
    assert "other tables" in result.said
    assert not Path(task.table).exists()


def test_rows_and_labels_do_not_replace_each_other(task):
    """One folder holds one kind of table, or no reader could read it."""
    carry_out(task)
    whole = Path(task.table).read_bytes()

    result = carry_out(replace(task, recipe=Labels(), rests_on=Labels().rests_on()))

    assert result.failed
    assert "holds other tables" in result.said
    assert Path(task.table).read_bytes() == whole


def test_process_does_one_repository_at_a_time(task):
    """However many threads a worker has, the memory of its process is that of one history."""
    counted = Counted(threading.Semaphore(0), [])
    one = replace(task, recipe=counted, rests_on={"table": "rows"}, noted=False)

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(carry_out, [one] * 4))

    assert [result.said for result in results] == ["nothing"] * 4
    assert counted.together == [1, 1, 1, 1]


class Counted(NamedTuple):
    """A recipe that counts how many are cooked at once."""

    running: threading.Semaphore
    together: list[int]
    rev: str = "HEAD"

    def rests_on(self):
        """Return the kind of its tables."""
        return {"table": "rows"}

    def write(self, *_args):
        """Tell how many are here."""
        self.running.release()
        time.sleep(0.05)
        self.together.append(self.running._value)
        self.running.acquire()
        return "nothing"


class Broken:
    """A recipe with an error in it."""

    rev = "HEAD"

    def rests_on(self):
        """Return the kind of its tables."""
        return {"table": "rows"}

    def write(self, *_args):
        """Fail."""
        raise ZeroDivisionError("nobody foresaw it")
