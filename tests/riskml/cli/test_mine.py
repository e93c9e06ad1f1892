"""``riskml mine`` from the outside."""

from __future__ import annotations

import json

import pytest

from riskml.cli.main import main


def test_mine_writes_a_row_per_commit(repo, tmp_path, capsys):
    """One repository gives one table; what was done is told on stderr, and stdout stays empty."""
    repo.commit("Start", {"a": "1\n"})
    last = repo.commit("Edit", {"a": "2\n"})
    output = tmp_path / "table.jsonl"

    assert main(["mine", str(repo.path), "--output", str(output)]) == 0

    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert [row["la"] for row in rows] == [1.0, 1.0]
    assert rows[1]["sha"] == last
    told = capsys.readouterr()
    assert told.out == ""
    assert "2 rows" in told.err


def test_issues_tell_which_commits_repaired_a_fault(repo, tmp_path):
    """With a tracker's export the group *reported* is known; without one it is not."""
    repo.commit("Start", {"a.py": "1\n"})
    repo.commit("#7 Count all pages", {"a.py": "2\n"})
    repo.commit("Edit", {"a.py": "3\n"})
    output, issues = tmp_path / "table.jsonl", tmp_path / "issues.csv"
    issues.write_text("issue,type\n7,bug\n")

    found = []
    for options in ([], ["--issues", str(issues)]):
        assert main(["mine", str(repo.path), "--output", str(output), *options]) == 0
        found.append([json.loads(line)["reported_fixes"] for line in output.read_text().splitlines()])

    assert found == [[None, None, None], [0.0, 0.0, 1.0]]


def test_several_repositories_give_a_folder_of_tables(repo, make_repo, tmp_path):
    """Each repository has a partition named after it; two of one name are told apart."""
    pytest.importorskip("pyarrow")
    pytest.importorskip("joblib")
    repo.commit("Start", {"a": "1\n"})
    other = make_repo("deeper/repo")
    other.commit("Start", {"a": "1\n"})

    assert main(["mine", str(repo.path), str(other.path), "--output", str(tmp_path / "out"), "--jobs", "2"]) == 0

    names = sorted(p.parent.name for p in (tmp_path / "out").glob("*/part.parquet"))
    assert names[0] == "repository=repo"
    assert names[1].startswith("repository=repo-")


def test_days_are_dates(repo, tmp_path):
    """``--since`` takes a day, leaves out what was committed before, and refuses anything else."""
    repo.commit("Start", {"a": "1\n"})
    output = tmp_path / "table.csv"

    assert main(["mine", str(repo.path), "--output", str(output), "--since", "2030-01-01"]) == 0
    assert len(output.read_text().splitlines()) == 1
    with pytest.raises(SystemExit):
        main(["mine", str(repo.path), "--output", str(output), "--since", "yesterday"])


@pytest.mark.parametrize("arguments", [["--jobs", "0"], ["--rev", "nowhere"]])
def test_nonsense_is_refused(repo, tmp_path, arguments):
    """Bad values end with exit code 2, and write nothing."""
    repo.commit("Start", {"a": "1\n"})

    assert main(["mine", str(repo.path), "--output", str(tmp_path / "table.csv"), *arguments]) == 2
    assert list(tmp_path.glob("table*")) == []
