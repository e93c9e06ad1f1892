"""``riskml mine`` and ``riskml label`` over many repositories, from the outside."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from shutil import rmtree

import pytest

from riskml.cli.main import main

pytest.importorskip("pyarrow")


@pytest.fixture
def two(make_repo) -> list[str]:
    """Return the paths of two small repositories."""
    places = []
    for name in ("shop", "till"):
        repo = make_repo(name)
        repo.commit("Add", {"m.py": "a = 1\n"})
        repo.commit("Fix a wrong value", {"m.py": "a = 2\n"})
        places.append(str(repo.path))
    return places


@pytest.mark.parametrize("verb", ["mine", "label"])
def test_a_list_gives_a_folder_and_resume_keeps_it(two, tmp_path, capsys, verb):
    """A list of one repository is a fleet, too; names given in it count; what is finished is kept, also in a longer list."""
    listing, output = tmp_path / "list", tmp_path / "out"
    listing.write_text(f"acme/shop\t{two[0]}\n")
    assert main([verb, "--repositories", str(listing), "--output", str(output)]) == 0
    capsys.readouterr()

    assert main([verb, two[1], "--repositories", str(listing), "--output", str(output), "--resume"]) == 0

    told = capsys.readouterr().err
    assert "acme/shop: kept, 2 " in told
    assert "till: 2 " in told
    assert "2 of 2 tables are there, 1 of them kept, 0 failed" in told
    assert sorted(p.parent.name for p in output.glob("*/part.parquet")) == ["repository=acme%2Fshop", "repository=till"]


@pytest.mark.parametrize("verb", ["mine", "label"])
def test_issues_of_several_repositories_are_told_by_keys(two, tmp_path, capsys, verb):
    """A number is another issue in each, so it is refused before any work; for one repository, and as a key, it is fine."""
    issues, output = tmp_path / "issues.csv", tmp_path / "out"
    issues.write_text("issue,type\nSHOP-7,Bug\n12,Bug\n13,Story\n")
    options = ["--output", str(output), "--issues", str(issues)]

    assert main([verb, *two, *options]) == 2
    told = capsys.readouterr().err
    assert f"a number is another issue in each repository at --issues {issues}: got '#12'; expected keys" in told
    assert not output.exists()
    assert main([verb, two[0], *options, "--output", str(tmp_path / "one.jsonl")]) == 0

    issues.write_text("issue,type\nSHOP-7,Bug\n")
    assert main([verb, *two, *options]) == 0


@pytest.mark.parametrize("verb", ["mine", "label"])
def test_resume_notices_other_issues(two, tmp_path, capsys, verb):
    """The same faults in another order are the same; one more, a date more, or none makes the tables anew."""
    pytest.importorskip("joblib")
    issues, told = tmp_path / "issues.csv", []
    run = [verb, *two, "--output", str(tmp_path / "out"), "--resume"]

    for text in ("AB-1,Bug,\nAB-2,Bug,\n", "AB-2,Bug,\nAB-3,Story,\nAB-1,Bug,\n", "AB-1,Bug,\n", "AB-1,Bug,2024-05-01\n"):
        issues.write_text("issue,type,reported_at\n" + text)
        assert main([*run, "--issues", str(issues), "--jobs", "2" if text.startswith("AB-2") else "1"]) == 0
        told.append("2 of them kept" in capsys.readouterr().err)
    assert main(run) == 0
    told.append("2 of them kept" in capsys.readouterr().err)

    assert told == [False, True, False, False, False]


@pytest.mark.parametrize("verb", ["mine", "label"])
def test_one_that_fails_is_named_and_the_others_go_on(two, tmp_path, capsys, verb):
    """The exit code says that something is missing, the notice what and why."""
    places = [two[0], str(tmp_path / "nowhere"), two[1]]

    assert main([verb, *places, "--output", str(tmp_path / "out")]) == 2

    told = capsys.readouterr().err
    assert f"failed, {tmp_path / 'nowhere'}: " in told
    assert "2 of 3 tables are there" in told
    assert len(list((tmp_path / "out").glob("*/part.parquet"))) == 2


def test_partition_holds_what_the_single_table_holds(two, tmp_path):
    """One repository of a fleet gets the very bytes that it gets alone."""
    main(["mine", *two, "--output", str(tmp_path / "out")])
    main(["mine", two[0], "--output", str(tmp_path / "one.parquet")])

    assert (tmp_path / "out" / "repository=shop" / "part.parquet").read_bytes() == (tmp_path / "one.parquet").read_bytes()


def test_single_table_is_kept_on_request(two, tmp_path, capsys):
    """One table leaves nothing beside it, unless it is to be resumed."""
    table = tmp_path / "tables" / "one.parquet"
    table.parent.mkdir()
    main(["mine", two[0], "--output", str(table)])
    assert [file.name for file in table.parent.iterdir()] == ["one.parquet"]

    assert main(["mine", two[0], "--output", str(table), "--resume"]) == 0
    assert main(["mine", two[0], "--output", str(table), "--resume"]) == 0

    assert ["kept, " in line for line in capsys.readouterr().err.splitlines()] == [False, False, True]
    assert sorted(file.name for file in table.parent.iterdir()) == ["_one.json", "one.parquet"]


@pytest.mark.parametrize("arguments", [
    pytest.param(["a", "b", "--output", "x.parquet"], id="one table for two"),
    pytest.param(["a", "--output", "x.parquet", "--scheduler", "tcp://127.0.0.1:9"], id="one table and a cluster"),
    pytest.param(["a", "b", "--output", "x", "--jobs", "2", "--scheduler", "tcp://127.0.0.1:9"], id="jobs and a cluster"),
    pytest.param(["--output", "x"], id="no repository"),
    pytest.param(["--output", "x", "--repositories", "nowhere"], id="no list"),
    pytest.param(["a", "b", "--output", "file"], id="a file for a folder"),
    pytest.param(["a", "--output", ""], id="an empty value"),
])
def test_what_makes_no_sense_is_refused(tmp_path, arguments):
    """Before any work, with exit code 2, and nothing is written."""
    (tmp_path / "file").touch()
    place = [str(tmp_path / a) if a in ("a", "b", "x", "x.parquet", "file", "nowhere") else a for a in arguments]

    try:
        code = main(["mine", *place])
    except SystemExit as end:
        code = end.code

    assert code == 2
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file"]


@pytest.mark.parametrize("options", [[], ["--jobs", "2"]], ids=["alone", "two jobs"])
def test_killed_at_any_point_and_resumed_it_gives_the_same_bytes(make_repo, lengthen, tmp_path, contents, options):
    """After kill -9 at random moments and new starts, the folder is that of an uninterrupted run, to the byte and the name."""
    if options:
        pytest.importorskip("joblib")
    places = []
    for number in range(4):
        repo = make_repo(f"repo-{number}")
        lengthen(repo, 250, seed=number)
        places.append(str(repo.path))
    command = [sys.executable, "-m", "riskml", "mine", *places, "--resume", *options, "--output"]
    started = time.monotonic()
    assert subprocess.run([*command, str(tmp_path / "quiet")], check=False, capture_output=True).returncode == 0
    lasted = time.monotonic() - started
    chance = random.Random(len(options))

    killed = tries = 0
    while killed < 4 and tries < 12:
        tries += 1
        with subprocess.Popen([*command, str(tmp_path / "out")], stderr=subprocess.DEVNULL) as run:
            try:
                run.wait(lasted * chance.uniform(0.2, 0.9))
                rmtree(tmp_path / "out")  # done before the time came: once more from the start
            except subprocess.TimeoutExpired:
                run.send_signal(signal.SIGKILL)
                killed += 1
    end = subprocess.run([*command, str(tmp_path / "out")], check=False, capture_output=True, text=True)

    assert end.returncode == 0, end.stderr
    assert killed
    assert contents(tmp_path / "out") == contents(tmp_path / "quiet")


def test_list_comes_from_standard_input(two, tmp_path):
    """``-`` reads the list from a pipe."""
    done = subprocess.run([sys.executable, "-m", "riskml", "mine", "--repositories", "-", "--output", str(tmp_path / "out")],
                          input="\n".join(two), check=False, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    assert len(list(Path(tmp_path / "out").glob("*/part.parquet"))) == 2
