"""``riskml label`` from the outside."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from riskml.cli.label import _VARIANTS
from riskml.cli.main import main
from riskml.mine.szz import VARIANTS


def test_label_writes_a_row_per_commit(repo, tmp_path, capsys):
    """One line per commit, with the fix that tells on it; the count of harmful ones is told on stderr."""
    bad = repo.commit("Add", {"m.py": "a = 1\n"})
    fix = repo.commit("Fix a wrong value", {"m.py": "a = 2\n"})
    output = tmp_path / "labels.jsonl"

    assert main(["label", str(repo.path), "--output", str(output)]) == 0

    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert rows == [
        {"sha": bad, "harm": True, "source": "szz", "fix_sha": fix, "known_at": repo.now, "confidence": 1.0},
        {"sha": fix, "harm": False, "source": None, "fix_sha": None, "known_at": None, "confidence": None},
    ]
    assert "2 commits, 1 of them harmful" in capsys.readouterr().err


def harmful(output):
    """Return the harmful commits of a table."""
    return [row["sha"] for line in output.read_text().splitlines() if (row := json.loads(line))["harm"]]


def test_issues_tell_which_commits_are_fixes(repo, tmp_path):
    """With a tracker's export, a commit that names a fault is a fix, and who came after the report is no suspect."""
    bad = repo.commit("Add", {"m.py": "a = 1\nb = 1\n"})
    reported = datetime.fromtimestamp(repo.now, UTC).isoformat()
    repo.commit("Add", {"m.py": "a = 1\nb = 2\n"})
    repo.commit("SHOP-7 Count all pages", {"m.py": "a = 3\nb = 3\n"})
    output, issues = tmp_path / "labels.jsonl", tmp_path / "issues.csv"
    issues.write_text(f"issue,type,reported_at\nSHOP-7,Bug,{reported}\n")

    assert main(["label", str(repo.path), "--output", str(output), "--issues", str(issues)]) == 0
    assert harmful(output) == [bad]
    assert main(["label", str(repo.path), "--output", str(output)]) == 0
    assert harmful(output) == []


def test_limits_leave_out_what_says_too_little(repo, tmp_path, capsys):
    """A fix that points at too many, and a commit that too many point at, are left out, and told."""
    repo.commit("Add", {"a.py": "a = 1\n", "b.py": "b = 1\n"})
    other = repo.commit("Add", {"c.py": "c = 1\n"})
    repo.commit("Fix a wrong value", {"a.py": "a = 2\n", "c.py": "c = 2\n"})
    repo.commit("Fix a wrong value", {"b.py": "b = 2\n"})
    output = tmp_path / "labels.jsonl"

    assert main(["label", str(repo.path), "--output", str(output), "--most-fixes", "1"]) == 0
    assert harmful(output) == [other]
    assert "1 commit that more than 1 fix points at" in capsys.readouterr().err
    assert main(["label", str(repo.path), "--output", str(output), "--most-suspects", "1"]) == 0
    assert harmful(output) != [other]
    assert "1 fix that points at more than 1 commit" in capsys.readouterr().err


@pytest.mark.parametrize("number", ["0", "-1", "many", "1.5", ""])
@pytest.mark.parametrize("option", ["--most-fixes", "--most-suspects"])
def test_limits_are_numbers_from_one_on(tmp_path, option, number):
    """Anything else is refused before any work."""
    with pytest.raises(SystemExit):
        main(["label", "nowhere", "--output", str(tmp_path / "labels.csv"), f"{option}={number}"])


def test_ignored_commits_are_looked_through_unless_told_otherwise(repo, tmp_path):
    """The list of the repository is heeded; ``--no-ignore-revs`` takes its commits for any other."""
    bad = repo.commit("Add", {"m.py": "a=1\n"})
    layout = repo.commit("Reformat", {"m.py": "a = 1\n"})
    repo.commit("Fix a wrong value", {"m.py": "a = 2\n", ".git-blame-ignore-revs": layout})
    output = tmp_path / "labels.jsonl"

    assert main(["label", str(repo.path), "--output", str(output)]) == 0
    assert harmful(output) == [bad]
    assert main(["label", str(repo.path), "--output", str(output), "--no-ignore-revs"]) == 0
    assert harmful(output) == [layout]


def test_variants_of_the_command_are_those_of_the_library():
    """The help names every algorithm there is."""
    assert tuple(VARIANTS) == _VARIANTS
