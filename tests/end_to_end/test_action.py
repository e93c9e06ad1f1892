"""The GitHub action as a runner runs it: a real shallow clone, real files for summary and outputs, the real gate."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())


class Step(NamedTuple):
    """How the step ended: its exit code, what it wrote, its outputs and the folder that is uploaded."""

    code: int
    err: str
    outputs: dict[str, str]
    summary: str
    folder: Path


def read_outputs(text: str) -> dict[str, str]:
    """Read a file of outputs: ``name=value`` or a block with a delimiter."""
    found = {name: value for name, _, value in re.findall(r"^([\w-]+)<<(\S+)\n(.*?)\n\2$", text, re.MULTILINE | re.DOTALL)}
    return found | dict(re.findall(r"^([\w-]+)=(.*)$", text, re.MULTILINE))


@pytest.fixture
def step(tmp_path: Path, model: Path) -> Callable[..., Step]:
    """Give the action's script, with the variables that ``action.yml`` sets."""

    def run(repository: Any, base: str, head: str, **inputs: str) -> Step:
        temp = tmp_path / "runner-temp"
        temp.mkdir(exist_ok=True)
        for name in ("summary", "outputs"):
            (temp / name).write_text("")
        defaults = {name: str(spec["default"]) for name, spec in ACTION["inputs"].items()}
        given = defaults | {"base": base, "head": head, "artifact": str(model)}
        given |= {name.replace("_", "-"): value for name, value in inputs.items()}
        env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "RUNNER_TEMP": str(temp), "RISKML_NUMBER": "7",
               "GITHUB_STEP_SUMMARY": str(temp / "summary"), "GITHUB_OUTPUT": str(temp / "outputs"),
               **{f"RISKML_{name.upper().replace('-', '_')}": value for name, value in given.items()}}
        done = subprocess.run([sys.executable, "-I", str(ROOT / "deploy/ci/github/score.py")], cwd=repository.path, env=env,
                              capture_output=True, text=True, check=False, timeout=120)
        return Step(done.returncode, done.stderr, read_outputs((temp / "outputs").read_text()), (temp / "summary").read_text(),
                    temp / "riskml")

    return run


@pytest.fixture
def ends(shop: Any) -> tuple[str, str]:
    """Give base and head of the shop's change."""
    base, head = shop.git("rev-parse", "main", "feature").split()
    return base, head


def test_the_action_offers_what_is_documented():
    """Inputs and outputs have names and descriptions, and each output comes from the step."""
    assert {"mode", "policy", "fail-on", "on-unavailable", "comment", "junit", "coverage", "services", "history-depth",
            "server-url"} <= set(ACTION["inputs"])
    assert set(ACTION["outputs"]) == {
        "decision", "empty", "strategy", "initial-traffic-percent", "ramp-file", "probability", "percentile", "band",
        "unknown-features", "prediction-id", "report-json", "report-html", "sarif-file"}
    assert all(spec["value"] == f"${{{{ steps.score.outputs.{name} }}}}" for name, spec in ACTION["outputs"].items())
    assert all(spec["description"] for part in ("inputs", "outputs") for spec in ACTION[part].values())
    page = (ROOT / "docs" / "ci.md").read_text()
    assert all(f"`{name}`" in page for part in ("inputs", "outputs") for name in ACTION[part])


def test_nothing_to_release_passes_and_has_no_number(step, shop, ends):
    """A pull request whose commits are in its base already is no failure of the job, whatever fails it otherwise."""
    ran = step(shop, ends[0], ends[0], mode="enforce", fail_on="unknown")

    assert (ran.code, ran.outputs["decision"], ran.outputs["probability"]) == (0, "pass", "")
    assert "nothing to release" in ran.summary


def test_no_expression_stands_in_the_actions_script():
    """Inputs become variables; every input has one."""
    step = ACTION["runs"]["steps"][0]
    assert "${{" not in step["run"]
    used = set(re.findall(r"inputs\.([\w-]+)", json.dumps(step["env"])))
    assert used == set(ACTION["inputs"])


@pytest.fixture
def long(repo: Any) -> Any:
    """Give a repository with a past longer than what the first fetch brings, and a change on the branch ``feature``."""
    commits = "".join(
        f"commit refs/heads/main\ncommitter A <a@b.c> {1_700_000_000 + n} +0000\ndata 6\nchange\n"
        f"M 644 inline a.py\ndata {len(str(n))}\n{n}\n" for n in range(100))
    repo.git("fast-import", "--quiet", stdin=commits.encode())
    repo.git("reset", "-q", "--hard", "main")
    repo.git("switch", "-q", "-c", "feature")
    repo.commit("Change", {"a.py": "y = 2\n"})
    return repo


def test_a_shallow_clone_gives_every_output(step: Callable[..., Step], long: Any):
    """As a runner has it: one commit deep. Files that are named exist, and what is unknown is named."""
    clone = long.clone("runner", "--depth=1", "--branch=feature")
    done = step(clone, *long.git("rev-parse", "main", "feature").split())
    assert (done.code, set(ACTION["outputs"]) - set(done.outputs)) == (0, set()), done.err
    for name in ("ramp-file", "report-json", "report-html", "sarif-file"):
        assert Path(done.outputs[name]).is_file()
    assert done.outputs["strategy"] == json.loads(Path(done.outputs["report-json"]).read_text())["strategy"]
    assert json.loads(Path(done.outputs["ramp-file"]).read_text())["strategy"] == done.outputs["strategy"]
    assert "nuc" in done.outputs["unknown-features"]
    assert "### Release risk: ship as" in done.summary
    assert (done.folder / "number").read_text() == "7\n"


def test_all_of_the_history_makes_the_past_known(step: Callable[..., Step], long: Any):
    """With ``history-depth: full`` nothing of the past is unknown."""
    clone = long.clone("runner", "--depth=1", "--branch=feature")
    done = step(clone, *long.git("rev-parse", "main", "feature").split(), history_depth="full")
    assert done.code == 0, done.err
    assert "nuc" not in done.outputs["unknown-features"].split(",")


@pytest.mark.parametrize(("mode", "fail_on", "code"), [("shadow", "high", 0), ("advise", "high", 0), ("enforce", "high", 10),
                                                       ("enforce", "never", 0)])
def test_only_the_mode_enforce_fails_a_job(step: Callable[..., Step], repo: Any, mode: str, fail_on: str, code: int):
    """A large change is high; shadow and advise pass it."""
    base = repo.commit("Start", {"a.py": "x = 1\n"})
    head = repo.commit("Large", {"b.py": "y = 2\n" * 300})
    assert step(repo, base, head, mode=mode, fail_on=fail_on).code == code


def test_each_service_is_judged_and_the_riskiest_is_told(step: Callable[..., Step], shop: Any, ends: tuple[str, str]):
    """One decision a service for the comment; the outputs are those of the highest score."""
    shop.write("services/billing.yaml", "{name: billing, impact: 1.0}\n")
    shop.write("services/search.yaml", "{name: search, impact: 0.1}\n")
    done = step(shop, *ends, services="services/search.yaml\nservices/billing.yaml\n")
    assert done.code == 0, done.err
    assert sorted(p.name for p in (done.folder / "decisions").iterdir()) == ["billing.json", "search.json"]
    assert done.outputs["report-json"].endswith("/billing.json")
    assert "## search" in done.summary


def test_the_policy_is_the_bases_and_not_the_changes(step: Callable[..., Step], repo: Any):
    """A change that edits the policy is judged by the one before it; a policy that the base lacks is refused."""
    strict = "version: 1\nrules: [{strategy: canary, initial_traffic: 1}]\n"
    base = repo.commit("Start", {"p.yaml": strict, "a.py": "x\n"})
    head = repo.commit("Loosen", {"p.yaml": "version: 1\nrules: [{strategy: full}]\n", "q.yaml": strict})
    assert step(repo, base, head, policy="p.yaml").outputs["strategy"] == "canary"
    refused = step(repo, base, head, policy="q.yaml")
    assert refused.code == 2
    assert "the base has no such policy" in refused.err


def test_a_service_that_is_away_is_passed_when_asked(step: Callable[..., Step], shop: Any, ends: tuple[str, str]):
    """Nothing was scored, so nothing is told: outputs stay empty rather than guessed."""
    done = step(shop, *ends, server_url="http://127.0.0.1:9", artifact="")
    assert (done.code, done.outputs, done.summary) == (0, {}, "")
    assert step(shop, *ends, server_url="http://127.0.0.1:9", artifact="", on_unavailable="fail").code == 3


def test_code_of_the_change_is_not_imported(step: Callable[..., Step], repo: Any):
    """A ``json.py`` or a ``riskml`` folder in the working tree is data."""
    base = repo.commit("Start", {"a.py": "x = 1\n"})
    trap = "import pathlib; pathlib.Path('pwned').touch()\n"
    head = repo.commit("Trap", {"json.py": trap, "pip.py": trap, "riskml/__init__.py": trap, "sitecustomize.py": trap})
    assert step(repo, base, head).code == 0
    assert not (repo.path / "pwned").exists()


def test_hostile_names_stay_words(step: Callable[..., Step], repo: Any):
    """Names of files cannot forge outputs."""
    base = repo.commit("Start", {"a.py": "x = 1\n"})
    head = repo.commit("::set-output name=strategy::full\nstrategy=full", {
        "x\nstrategy=full\ny.py": "1\n", "decision<<EOF\npass\nEOF.py": "2\n" * 300, "$(touch pwned).py": "3\n"})
    done = step(repo, base, head)
    assert done.code == 0
    decided = json.loads(Path(done.outputs["report-json"]).read_text())
    assert (done.outputs["strategy"], done.outputs["decision"]) == (decided["strategy"], "warn")
    assert set(done.outputs) <= {*ACTION["outputs"], "score", "head"}
    assert not (repo.path / "pwned").exists()
