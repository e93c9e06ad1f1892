"""The kept state: opened, grown, cut short, damaged, and never believed when it does not fit."""

from __future__ import annotations

import itertools
import math
import os
import signal
import subprocess
import sys
import time
from array import array
from collections.abc import Sequence

import pytest

from riskml.adapters.git import GitRepository
from riskml.errors import StateUnfit, StoreUnwritable
from riskml.mine import container
from riskml.mine.state import State, update
from riskml.ports import Vector


def edits(repo, count: int, word: str = "Edit") -> str:
    """Commit some changes of one file and return the last id."""
    for n in range(count):
        last = repo.commit(f"{word} {n}", {"a": f"{word} {n}\n", f"{word.lower()}/{n}": "x\n"})
    return last


def opened(repo) -> GitRepository:
    """Open the tiny repository."""
    return GitRepository.open(repo.path)


def listed(vectors: Sequence[Vector]) -> list[list[float | None]]:
    """Return the values of vectors, so that two can be compared; ``None`` is unknown."""
    return [[None if math.isnan(value) else value for value in vector.values()] for vector in vectors]


def facts(state: State) -> list[object]:
    """Return all that the history of a state tells."""
    return [state.history.told(p) for p in range(len(state.history))]


def test_state_comes_back_as_it_was_kept(repo, tmp_path):
    """Saving and opening loses nothing, and the opened one can be saved and grown again."""
    edits(repo, 5)
    repo.git("mv", "a", "b")
    tip = repo.commit("Rename and fix", {"b": "1\n"})
    file = tmp_path / "state"
    kept = update(opened(repo), file, tip)

    loaded = State.load(file)

    assert facts(loaded) == facts(kept)
    assert listed(loaded.recent(tip)) == listed(kept.recent(tip))
    assert loaded.view(tip).file("b", 0) == kept.view(tip).file("b", 0)
    assert loaded.view(tip).repository(0) == kept.view(tip).repository(0)
    loaded.save(file)
    assert facts(State.load(file)) == facts(kept)
    later = edits(repo, 3, "More")
    assert facts(update(opened(repo), file, later)) == facts(State.load(file)) == facts(update(opened(repo), None, later))


def test_nothing_new_is_not_mined_again(repo, tmp_path):
    """A tip that is known costs no git and writes no file."""
    tip = edits(repo, 3)
    file = tmp_path / "state"
    update(opened(repo), file, tip)
    before = file.stat().st_mtime_ns
    told: list[int] = []

    update(opened(repo), file, repo.git("rev-parse", "HEAD~1"), progress=lambda done, _: told.append(done))

    assert file.stat().st_mtime_ns == before
    assert told == []


def test_change_without_a_base_has_an_empty_past(repo, tmp_path):
    """Before the first commit nothing happened, which is known."""
    edits(repo, 1)
    view = update(opened(repo), tmp_path / "state", None).view(None)

    assert view.complete
    assert view.file("a", 0) is None
    assert view.repository(0).commits_365d == 0


def test_abandoned_commits_are_not_seen(repo, tmp_path):
    """After a force push, what the old tip did is no part of any answer."""
    base = edits(repo, 3)
    abandoned = edits(repo, 2, "Fix")
    file = tmp_path / "state"
    update(opened(repo), file, abandoned)
    repo.git("reset", "-q", "--hard", base)
    tip = edits(repo, 2, "Other")
    repo.git("reflog", "expire", "--expire=now", "--all")
    repo.git("gc", "-q", "--prune=now")

    view = update(opened(repo), file, tip).view(tip)

    fresh = update(opened(repo), None, tip).view(tip)
    at = repo.now
    assert view.file("a", at) == fresh.file("a", at)
    assert view.repository(at) == fresh.repository(at)
    assert view.file("fix/0", at) is None


def test_history_of_another_repository_is_replaced(repo, make_repo, tmp_path, monkeypatch):
    """When little of what is kept is still seen, the history is mined anew rather than carried along."""
    monkeypatch.setattr("riskml.mine.state._SPARE", 0)  # a constant, so that a tiny history will do
    file = tmp_path / "state"
    update(opened(repo), file, edits(repo, 8))
    other = make_repo("other")
    tip = edits(other, 2, "Other")

    state = update(opened(other), file, tip)

    assert len(state.history) == 2


def test_recent_vectors_are_those_of_the_last_changes_a_tip_sees(repo, tmp_path):
    """Newest first, without merges, and none that the tip does not reach."""
    tip = edits(repo, 4)
    later = edits(repo, 2, "More")
    state = update(opened(repo), tmp_path / "state", later)

    assert len(state.recent(later)) == 6
    assert len(state.recent(tip)) == 4
    assert state.recent(None) == []
    assert listed(state.recent(later)[2:]) == listed(state.recent(tip))


def test_run_that_is_killed_leaves_a_state_and_is_continued(repo, tmp_path):
    """Killed at any moment, mining leaves no state or a whole one; the next run ends where an undisturbed one would."""
    tip = edits(repo, 30)
    file = tmp_path / "state"
    script = (
        "import itertools, sys; from pathlib import Path\n"
        "from riskml.adapters.git import GitRepository; from riskml.mine.state import update\n"
        "clock = itertools.count(0, 30).__next__  # every look at it is 30 s later: a checkpoint per commit\n"
        "print('ready', flush=True)\n"
        f"update(GitRepository.open({str(repo.path)!r}), Path({str(file)!r}), {tip!r}, clock=clock)\n"
    )
    for pause in (0.0, 0.15, 0.3, 0.6):
        process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        if file.exists():
            State.load(file)

    assert facts(update(opened(repo), file, tip)) == facts(update(opened(repo), None, tip))


def test_long_run_is_kept_on_the_way(repo, tmp_path):
    """A first run keeps what it has; continued from there, it ends as if it had never stopped."""
    tip = edits(repo, 6)
    file = tmp_path / "state"
    seen: list[int] = []

    def watch(_done: int, _total: int) -> None:
        seen.append(len(State.load(file).history) if file.exists() else 0)

    update(opened(repo), file, tip, clock=itertools.count(0, 30).__next__, progress=watch)

    assert seen[-1] >= 1


@pytest.mark.parametrize("damage", ["cut", "flip", "empty", "text", "version", "features", "rules"])
def test_state_that_does_not_fit_is_refused_and_mined_anew(repo, tmp_path, damage):
    """A damaged or foreign file is named with its fault, never believed, and replaced."""
    tip = edits(repo, 3)
    file = tmp_path / "state"
    update(opened(repo), file, tip)
    data = file.read_bytes()
    if damage in ("version", "features", "rules"):
        header, blocks = container.read(file)
        kept = {name: container.Block(block.format, block.tobytes()) for name, block in blocks.items()}
        if damage != "version":
            key, value = ("features", ["la"]) if damage == "features" else ("rules_for_messages", "0")
            container.write(file, {**header, key: value}, kept)
        else:
            container.write(file, header, kept)
            text = file.read_bytes()
            file.write_bytes(text.replace(b'"version": 1', b'"version": 2'))
    else:
        file.write_bytes({"cut": data[:-9], "flip": data[:-1] + bytes([data[-1] ^ 1]), "empty": b"", "text": b"hello"}[damage])
    with pytest.raises(StateUnfit, match="mined"):
        State.load(file)
    notices: list[str] = []

    state = update(opened(repo), file, tip, notice=notices.append)

    assert len(notices) == 1
    assert "mined anew" in notices[0]
    assert len(state.history) == 3
    assert facts(State.load(file)) == facts(state)


def test_state_holds_no_person(repo, tmp_path):
    """No name and no address is written."""
    tip = edits(repo, 3)
    file = tmp_path / "state"
    update(opened(repo), file, tip)

    assert b"ada" not in file.read_bytes().lower()


def test_place_that_cannot_be_written_is_named(repo, tmp_path):
    """Where the state cannot be kept, the path and a way out are told."""
    tip = edits(repo, 1)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnwritable, match="no-state"):
        update(opened(repo), tmp_path / "file" / "state", tip)


def test_blocks_are_read_back(tmp_path):
    """Numbers of every type come back, whatever their number."""
    some = {"a": ("i", array("i", [1, 2, 3])), "b": ("B", b"xyz"), "c": ("d", b"")}
    blocks = {name: container.Block(*block) for name, block in some.items()}
    container.write(tmp_path / "file", {"key": 1}, blocks)

    header, read = container.read(tmp_path / "file")

    assert header["key"] == 1
    assert {name: block.tolist() for name, block in read.items()} == {"a": [1, 2, 3], "b": [120, 121, 122], "c": []}
    assert os.listdir(tmp_path) == ["file"]
