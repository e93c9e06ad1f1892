"""Mined history is kept: the second run finds it, nothing half written is believed, and two runs at once do no harm."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from riskml.mine import container

ROOT = Path(__file__).resolve().parents[2]


def kept(cache: Path) -> Path:
    """Return the only file that was kept."""
    (file,) = cache.iterdir()
    return file


def test_the_second_run_does_not_mine_again(judged, shop, cache):
    """The state file stays as it is, to the byte and to the nanosecond, and the answer is the same."""
    first = judged("predict", shop.path, "--format", "json")
    before = (kept(cache).read_bytes(), kept(cache).stat().st_mtime_ns)
    second = judged("predict", shop.path, "--format", "json")

    assert (kept(cache).read_bytes(), kept(cache).stat().st_mtime_ns) == before
    assert {**first.json, "id": 0, "created_at": 0, "plan": 0} == {**second.json, "id": 0, "created_at": 0, "plan": 0}


def test_what_is_new_is_added(judged, shop, cache):
    """A base that moved on is mined from where the last run stopped; the answer is that of a run without state."""
    judged("predict", shop.path)
    before = kept(cache).read_bytes()
    shop.git("switch", "-q", "main")
    shop.commit("Fix the charge", {"billing/charging.py": "line\n" * 30})
    shop.git("switch", "-q", "-c", "next")
    shop.commit("Next", {"billing/charging.py": "line\n" * 31})
    grown = judged("features", shop.path).json
    anew = judged("features", shop.path, "--no-state").json

    assert kept(cache).read_bytes() != before
    assert grown == anew


@pytest.fixture
def judged(riskml: Any, model: Path) -> Any:
    """Give the command; verbs that judge get the small model."""
    def run(verb: str, *args: object) -> Any:
        return riskml(verb, *args, *(() if verb == "features" else ("--artifact", model)))
    return run


def test_no_state_keeps_nothing(judged, shop, cache):
    """``--no-state`` leaves no trace."""
    assert judged("predict", shop.path, "--no-state").code == 0
    assert not cache.exists()


def test_a_named_folder_is_made_and_used(judged, shop, cache, tmp_path):
    """``--state DIR`` in place of the user's cache folder."""
    assert judged("predict", shop.path, "--state", tmp_path / "a" / "b").code == 0
    assert len(list((tmp_path / "a" / "b").glob("*.riskml"))) == 1
    assert not cache.exists()


def test_without_a_cache_folder_there_is_a_notice_and_an_answer(judged, shop, cache):
    """Nobody asked for the cache, so its absence is no error; a file stands where the folder should be."""
    cache.parent.mkdir()
    cache.write_text("")
    ran = judged("predict", shop.path)

    assert ran.code == 0
    assert ran.err == (f"riskml: the mined history is not kept, {cache} cannot be written (File exists); "
                       "--state DIR names another place\n")


def test_a_user_without_a_home_litters_nowhere(process, shop, model, tmp_path):
    """Where nobody knows a home, no folder named ``~`` appears."""
    env = {"XDG_CACHE_HOME": "", "HOME": "~"}
    ran = process("predict", shop.path, "--artifact", model, env=env, cwd=tmp_path)

    assert ran.code == 0
    assert "the mined history is not kept" in ran.err
    assert not (tmp_path / "~").exists()


@pytest.mark.parametrize("damage", [
    lambda _: b"", lambda _: b"riskml history\n", lambda data: data[:len(data) // 2], lambda data: data[:-1] + b"\0\1",
    lambda data: data[:400] + bytes([data[400] ^ 1]) + data[401:], lambda _: os.urandom(5000),
], ids=["empty", "magic alone", "cut short", "longer", "one bit", "noise"])
def test_a_damaged_state_is_mined_anew_and_said(judged, shop, cache, damage):
    """No damage changes an answer, and the next run finds a whole file."""
    before = judged("predict", shop.path, "--format", "json").json
    file = kept(cache)
    file.write_bytes(damage(file.read_bytes()))
    damaged = judged("predict", shop.path, "--format", "json")
    after = judged("predict", shop.path, "--format", "json")

    assert damaged.err.startswith("riskml: the file of mined history")
    assert "mined anew" in damaged.err
    assert damaged.err.count("\n") == 1
    assert (damaged.code, damaged.json["reasons"], damaged.json["score"]) == (0, before["reasons"], before["score"])
    assert after.err == ""


def test_a_state_of_another_layout_is_mined_anew_and_said(judged, shop, cache):
    """Whole, of this version by its number, and yet without the blocks that are wanted."""
    before = judged("predict", shop.path, "--format", "json").json
    header, _ = container.read(kept(cache))
    container.write(kept(cache), header, {})
    after = judged("predict", shop.path, "--format", "json")

    assert "has another layout" in after.err
    assert (after.code, after.json["reasons"]) == (0, before["reasons"])


def test_a_folder_in_the_place_of_the_state_is_refused(judged, shop, cache):
    """It is not ours to delete."""
    judged("predict", shop.path)
    file = kept(cache)
    file.unlink()
    file.mkdir()
    ran = judged("predict", shop.path)

    assert ran.code == 5
    assert "cannot keep the mined history" in ran.err


def test_many_at_once_on_one_state_leave_a_whole_one(shop, cache):
    """Processes that start together each answer the same, and what is kept can be used."""
    for n in range(40):
        shop.commit(f"More {n}", {f"src/part{n % 7}.py": f"x = {n}\n"})
    command = [sys.executable, "-m", "riskml.cli.main", "features", str(shop.path), "--base", "HEAD~1", "--head", "HEAD"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    running = [subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    ended = [(*one.communicate(timeout=120), one.returncode) for one in running]
    last = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=False)

    assert {(err, code) for _, err, code in ended} == {("", 0)}
    assert {out for out, _, _ in ended} == {last.stdout}
    assert last.stderr == ""
    assert kept(cache).suffix == ".riskml"


def test_a_run_killed_at_any_moment_leaves_a_state_that_is_whole_or_none(shop, cache):
    """Killed without warning after a while; the next run neither complains nor answers otherwise."""
    command = [sys.executable, "-m", "riskml.cli.main", "features", str(shop.path), "--base", "main", "--head", "feature"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    expected = subprocess.run([*command, "--no-state"], env=env, capture_output=True, text=True, timeout=120, check=True).stdout
    for wait in (0.3, 0.5, 0.7, 0.9):
        with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
            time.sleep(wait)
            running.kill()
        after = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=True)
        assert (after.stdout, after.stderr) == (expected, "")
        for file in cache.glob("*.riskml"):
            file.unlink()
