"""pyszz is run from a checkout that the user names, and a limit ends it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("pyarrow")

from benchmarks.mining_peers_pyszz import pyszz

ROOT = Path(__file__).resolve().parents[2]
SPEAKS_LIKE_IT = '''
import json, sys, time
from pathlib import Path
fixes, options, repositories = sys.argv[1:]
asked = json.loads(Path(fixes).read_text())
for n, fix in enumerate(asked, 1):
    told = f"12:00 :: main - INFO :: {n} of {len(asked)}: {fix['repo_name']} {fix['fix_commit_hash']}"
    print(told, file=sys.stderr, flush=True)
    assert (Path(repositories) / fix["repo_name"] / "m.py").is_file()
    fix["inducing_commit_hash"] = [fix["fix_commit_hash"]] if n == 1 else []
    DOES
Path("out").mkdir()
Path("out/answer.json").write_text(json.dumps(asked))
'''


@pytest.fixture
def checkout(tmp_path):
    """Return a function that makes a program of pyszz's arguments, log and answer, which does something at each fix."""
    def make(does: str = "pass") -> Path:
        folder = tmp_path / "checkout"
        folder.mkdir()
        (folder / "main.py").write_text(SPEAKS_LIKE_IT.replace("DOES", does))
        return folder
    return make


@pytest.fixture
def repository(make_repo):
    """Return a history of two fixes."""
    repo = make_repo("shop")
    for n in range(2):
        repo.commit(f"Fix {n}", {"m.py": f"a = {n}\n"})
    return str(repo.path)


@pytest.fixture
def folder(tmp_path):
    """Return a place for what a run writes."""
    place = tmp_path / "run"
    place.mkdir()
    return place


def test_all_fixes_are_given_and_counted(checkout, repository, folder):
    """It gets every fix and a clone with files; those that point at somebody are counted."""
    run = pyszz(checkout(), sys.executable, repository, "ag", ["a" * 40, "b" * 40, "c" * 40], 60, folder)

    assert (run.fixes, run.pointing) == (3, 1)
    assert 0 < run.cpu < run.wall * 4


def test_limit_ends_it(checkout, repository, folder):
    """A fix that takes too long is ended and counts as done; how many point at somebody is unknown then."""
    run = pyszz(checkout("time.sleep(60 * (n - 1))"), sys.executable, repository, "b", ["a" * 40] * 9, 3, folder)

    assert (run.fixes, run.pointing) == (2, None)
    assert run.wall < 30


def test_failure_is_told(checkout, repository, folder):
    """What it said last is what is told."""
    with pytest.raises(SystemExit, match="srcml is not there"):
        pyszz(checkout("sys.exit('srcml is not there')"), sys.executable, repository, "b", ["a" * 40], 60, folder)


def test_benchmark_compares_with_label(checkout, repository):
    """Each variant stands below riskml's on the same history."""
    command = [sys.executable, "-m", "benchmarks.mining_peers", "--only-pyszz", "--pyszz", str(checkout()), repository]

    told = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout.splitlines()

    assert "2 commits, 2 fixes" in told[0]
    assert [line.split()[0] for line in told[1:]] == ["riskml", "pyszz,", "riskml", "pyszz,"]
    assert all("2 fixes in" in line and "of riskml's" in line for line in told[2::2])


@pytest.mark.parametrize(("options", "reason"), [
    (["--only-pyszz"], "needs --pyszz DIR"), (["--pyszz", "."], "no checkout of pyszz"),
])
def test_what_is_no_checkout_is_refused(options, reason, repository):
    """Without a checkout nothing is measured as if it were pyszz."""
    command = [sys.executable, "-m", "benchmarks.mining_peers", *options, repository]

    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=ROOT)

    assert done.returncode == 2
    assert reason in done.stderr
