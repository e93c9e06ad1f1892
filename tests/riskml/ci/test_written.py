"""Files are written where nothing is, brought up to date where they are ours, and taken back where they are unchanged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from riskml.ci.written import LEDGER, undo, write
from riskml.errors import InputError, PathOutside, UsageError

FILES = {".riskml/policy.yaml": "version: 1\n", ".github/workflows/riskml.yml": "on: pull_request\n"}


def fates(done: list) -> dict[str, str]:
    """Tell what became of each file."""
    return {each.path: each.fate for each in done}


def listing(root: Path) -> set[str]:
    """List all that lies in a folder."""
    return {p.relative_to(root).as_posix() for p in root.rglob("*")}


def test_writing_twice_changes_nothing(tmp_path: Path):
    """The second run finds its own files."""
    assert set(fates(write(tmp_path, FILES)).values()) == {"wrote"}
    before = {p: (tmp_path / p).read_bytes() for p in (*FILES, LEDGER)}
    assert set(fates(write(tmp_path, FILES)).values()) == {"same"}
    assert before == {p: (tmp_path / p).read_bytes() for p in before}


def test_a_file_of_the_user_is_never_touched(tmp_path: Path):
    """Neither writing nor undoing alters what was there, or what was changed since."""
    (tmp_path / ".riskml").mkdir()
    (tmp_path / ".riskml/policy.yaml").write_text("mine\n")
    assert fates(write(tmp_path, FILES)) == {".riskml/policy.yaml": "kept", ".github/workflows/riskml.yml": "wrote"}
    (tmp_path / ".github/workflows/riskml.yml").write_text("on: push\n")
    assert fates(write(tmp_path, FILES))[".github/workflows/riskml.yml"] == "kept"
    assert fates(undo(tmp_path)) == {".github/workflows/riskml.yml": "kept"}
    assert (tmp_path / ".riskml/policy.yaml").read_text() == "mine\n"
    assert (tmp_path / ".github/workflows/riskml.yml").read_text() == "on: push\n"


def test_an_unchanged_file_of_an_earlier_version_is_brought_up_to_date(tmp_path: Path):
    """What we wrote and nobody changed is ours to renew, and to remove."""
    write(tmp_path, FILES)
    newer = dict.fromkeys(FILES, "newer\n")
    assert set(fates(write(tmp_path, newer)).values()) == {"updated"}
    assert set(fates(undo(tmp_path)).values()) == {"removed"}
    assert listing(tmp_path) == set()


def test_undo_leaves_folders_that_hold_something_else(tmp_path: Path):
    """Only empty folders go."""
    (tmp_path / ".github/workflows").mkdir(parents=True)
    (tmp_path / ".github/workflows/test.yml").write_text("x")
    write(tmp_path, FILES)
    undo(tmp_path)
    assert listing(tmp_path) == {".github", ".github/workflows", ".github/workflows/test.yml"}


def test_a_dry_run_touches_nothing(tmp_path: Path):
    """It tells what would be done."""
    assert set(fates(write(tmp_path, FILES, dry_run=True)).values()) == {"wrote"}
    assert listing(tmp_path) == set()
    write(tmp_path, FILES)
    before = listing(tmp_path)
    assert set(fates(undo(tmp_path, dry_run=True)).values()) == {"removed"}
    assert listing(tmp_path) == before


def test_a_file_that_is_gone_is_told(tmp_path: Path):
    """Undo does not mind."""
    write(tmp_path, FILES)
    (tmp_path / ".riskml/policy.yaml").unlink()
    assert fates(undo(tmp_path))[".riskml/policy.yaml"] == "gone"


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "a/../../outside", "link/outside"])
def test_the_list_cannot_reach_out_of_the_repository(tmp_path: Path, path: str):
    """The list is a file of the repository: whoever wrote it gets no file removed elsewhere."""
    root = tmp_path / "repo"
    (root / ".riskml").mkdir(parents=True)
    (root / "link").symlink_to(tmp_path)
    (tmp_path / "outside").write_text("x")
    digest = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
    (root / LEDGER).write_text(json.dumps({"written": {path: digest}}))
    with pytest.raises(PathOutside):
        undo(root)
    assert (tmp_path / "outside").exists()


def test_a_link_in_the_place_of_a_file_is_refused(tmp_path: Path):
    """Nothing is written through it."""
    root = tmp_path / "repo"
    (root / ".riskml").mkdir(parents=True)
    (root / ".riskml/policy.yaml").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PathOutside):
        write(root, FILES)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"written": []}', '{"written": {"a": 1}}', "\0"])
def test_a_list_that_is_none_is_refused(tmp_path: Path, text: str):
    """With its name, and nothing is removed."""
    (tmp_path / ".riskml").mkdir()
    (tmp_path / LEDGER).write_text(text)
    with pytest.raises(InputError, match=LEDGER):
        undo(tmp_path)


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path):
    """A file where a folder is wanted is a refusal, not a traceback."""
    (tmp_path / ".github").write_text("a file")
    with pytest.raises(UsageError):
        write(tmp_path, FILES)
