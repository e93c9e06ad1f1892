"""docs/ci.md: the commands for a release run as they stand there, and its table of keys is the answer's."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

from riskml.cli.main import main

PAGE = (Path(__file__).parents[2] / "docs" / "ci.md").read_text(encoding="utf-8")
SECTION = PAGE.partition("## A release\n")[2].partition("\n## ")[0]
COMMANDS = re.search(r"```sh\n(.*?)```", SECTION, re.DOTALL)[1].splitlines()  # type: ignore[index] # the section has commands


@pytest.fixture
def released(repo, tmp_path, monkeypatch):
    """Go to a repository with the two tags that the page names."""
    repo.commit("Start", {"a.py": "x = 1\n"})
    repo.git("tag", "v1.2")
    repo.commit("Add a cache (#1)", {"a.py": "x = 2\n" * 300})
    repo.commit("Add a log (#2)", {"b.py": "y = 1\n"})
    bad = repo.commit("Log it all (#3)", {"b.py": "y = 2\n"})
    repo.git("revert", "--no-edit", bad)
    repo.git("tag", "v1.3")
    monkeypatch.chdir(repo.path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return repo


@pytest.mark.usefixtures("released")
@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_runs(capsys, line: str) -> None:
    """Each is understood, and answers."""
    code = main(shlex.split(line, comments=True)[1:])

    assert code in (0, 10)
    assert capsys.readouterr().out


def test_the_table_has_every_key_of_a_release_and_no_other(released, capsys) -> None:
    """Of the object itself, and of the objects in its lists."""
    main(["predict", "--base", "v1.2", "--head", "v1.3", "--format", "json", "--policy", str(_strict(released.path))])
    release = json.loads(capsys.readouterr().out)["release"]

    rows = dict(re.findall(r"^\| (`.*?`) \| (.*) \|$", SECTION, re.MULTILINE))
    assert {name for row in rows for name in re.findall(r"`(\w+)`", row)} == release.keys()
    for key in ("ranked", "cancelled", "splits"):
        told = set(re.findall(r"`([\w-]+)`", rows[f"`{key}`"]))
        items = release[key]
        assert items
        assert set(items[0]) <= told
    assert set(release["splits"][0]["parts"][0]) <= set(re.findall(r"`([\w-]+)`", rows["`splits`"]))


def _strict(folder: Path) -> Path:
    """Write a policy under which the release is worth cutting."""
    file = folder.parent / "strict.yaml"
    file.write_text("version: 1\nrules: [{when: {la: '> 100'}, strategy: canary}, {strategy: rolling}]\n")
    return file
