"""The workflows that ``riskml init`` writes, run as GitHub runs them: a real clone, the real command, a stand-in API."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from riskml.ci.files import ci_files
from tests.forges import GitHub

ROOT = Path(__file__).resolve().parents[2]
FILES = ci_files("github", install="riskml==1", whole_history=False)
SCORE = next(s["run"] for s in yaml.safe_load(FILES[".github/workflows/riskml.yml"])["jobs"]["score"]["steps"]
             if s.get("id") == "score")
COMMENT_STEPS = yaml.safe_load(FILES[".github/workflows/riskml-comment.yml"])["jobs"]["comment"]["steps"]
STALE = next(s["run"] for s in COMMENT_STEPS if "--stale" in s.get("run", ""))
COMMENT = COMMENT_STEPS[-1]["run"]


class Runner(NamedTuple):
    """A runner with a pull request: ``run`` executes the script of a step, and returns what it wrote."""

    github: GitHub
    run: Callable[..., str]


@pytest.fixture
def github() -> Iterator[GitHub]:
    """Give a GitHub with the repository ``acme/shop`` and its pull request 7."""
    platform = GitHub()
    yield platform
    platform.close()


@pytest.fixture
def runner(repo: Any, model: Path, tmp_path: Path, github: GitHub) -> Runner:
    """Give a runner that cloned the change one commit deep; names in the change are hostile."""
    base = repo.commit("Start", {"a.py": "x = 1\n"})
    repo.git("switch", "-q", "-c", "feature")
    head = repo.commit("::set-output name=strategy::full", {"b<img src=x>.py": "y\n" * 300, "$(touch pwned).py": "1\n"})
    clone = repo.clone("clone", "--depth=1", "--branch=feature")
    github.head = head
    tools = tmp_path / "bin"
    tools.mkdir()
    shim = f'[ "$1" = predict ] && set -- "$@" --artifact {model}\nexec {sys.executable} -I -m riskml.cli.main "$@"\n'
    (tools / "riskml").write_text(f"#!/bin/sh\n{shim}")
    (tools / "riskml").chmod(0o755)
    env = {"PATH": f"{tools}:/usr/bin:/bin", "HOME": str(tmp_path), "RUNNER_TEMP": str(tmp_path / "temp"), "BASE": base,
           "HEAD": head, "NUMBER": "7", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"), "GITHUB_TOKEN": "t0k",
           "GITHUB_OUTPUT": str(tmp_path / "outputs"), "GITHUB_REPOSITORY": "acme/shop", "GITHUB_API_URL": github.url}

    def run(script: str, **more: str) -> str:
        done = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", script], cwd=clone.path, env=env | more,
                              capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        assert not (clone.path / "pwned").exists()
        return done.stdout

    return Runner(github, run)


def test_a_change_is_scored_said_marked_and_said_again(runner: Runner, tmp_path: Path):
    """From the clone to the comment, with one comment at the end, and nothing of the change alive in it."""
    runner.run(SCORE)
    assert "### Release risk: ship as" in (tmp_path / "summary").read_text()
    assert re.search(r"^strategy<<\S+\ncanary$", (tmp_path / "outputs").read_text(), re.MULTILINE)
    assert "posted" in runner.run(COMMENT)
    assert "<img" not in runner.github.bodies[0]
    runner.run(STALE, HEAD="c" * 40)
    assert "**Stale:**" in runner.github.bodies[0]
    runner.run(SCORE)
    assert "edited" in runner.run(COMMENT)
    assert len(runner.github.bodies) == 1
    assert "Stale" not in runner.github.bodies[0]
    told = [(sha, status["context"], status["state"]) for sha, status in runner.github.statuses]
    assert told == [(runner.github.head, "riskml", "success")] * 2


def test_a_number_of_another_pull_request_is_not_believed(runner: Runner, tmp_path: Path):
    """The artifact may name any number; where the head is another commit, nothing is said."""
    runner.run(SCORE)
    runner.github.head = "d" * 40
    assert "outdated" in runner.run(COMMENT)
    assert (runner.github.bodies, runner.github.statuses) == ([], [])
    assert (tmp_path / "temp" / "riskml" / "number").read_text() == "7\n"


def test_a_forged_decision_cannot_get_out_of_its_place(runner: Runner, tmp_path: Path):
    """Whatever a job uploads: markup is text, and a commit that was not scored is refused."""
    runner.run(SCORE)
    file = tmp_path / "temp" / "riskml" / "decisions" / "default.json"
    text = file.read_text()
    file.write_text(text.replace("adds 301 lines", "</details><!-- riskml:end --><img src=x onerror=alert(1)> @everyone"))
    runner.run(COMMENT)
    assert "<img" not in runner.github.bodies[0]
    assert runner.github.bodies[0].count("<!-- riskml:end -->") == 1
    assert "@everyone" not in runner.github.bodies[0]
    file.write_text(text.replace(runner.github.head, "e" * 40))
    with pytest.raises(AssertionError, match="another commit"):
        runner.run(COMMENT)
