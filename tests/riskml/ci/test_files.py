"""The files of each CI system: valid, least privileged, and without a way from a change's words into a script."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from riskml.ci.files import FILES, NEXT, POLICY, ci_files, policy_text
from riskml.ci.survey import MARKS
from riskml.errors import UsageError
from riskml.features.catalogue import NAMES
from riskml.policy.policy import default_text, load_policy

ROOT = Path(__file__).resolve().parents[3]
GITHUB = ci_files("github", install="riskml==1", whole_history=True)
ALLOWED = {"github.event.pull_request.number", "github.event.pull_request.base.sha", "github.event.pull_request.head.sha",
           "github.event.workflow_run.id", "github.event.workflow_run.head_sha", "runner.temp", "github.token",
           "github.event.workflow_run.pull_requests[0].number", "steps.score.outputs.decision", "steps.score.outputs.strategy",
           "steps.score.outputs.initial-traffic-percent"}


def workflow(name: str) -> dict[str, Any]:
    """Read a workflow; YAML 1.1 takes the key ``on`` for true."""
    document = yaml.safe_load(GITHUB[f".github/workflows/{name}.yml"])
    return {("on" if key is True else key): value for key, value in document.items()}


def test_every_system_that_is_found_has_files_and_a_next_step():
    """The tables of systems agree."""
    assert set(FILES) == set(NEXT) == {system for system, _ in MARKS}


def test_nothing_is_left_to_fill_in():
    """No placeholder survives."""
    for system in FILES:
        for text in ci_files(system, install="riskml==1", whole_history=False).values():
            assert not re.search(r"@[A-Z_]+@", text)


def test_the_depth_follows_the_history():
    """All of it is fetched where it is small, else what the merge base needs."""
    for system in FILES:
        whole, part = ("".join(ci_files(system, install="x", whole_history=w).values()) for w in (True, False))
        assert whole != part
        assert re.search(r"full", whole)
        assert re.search(r"auto", part)


def test_the_scorer_may_only_read():
    """It runs for forks, beside the change's own files: no secret, no right to write, no code of the change."""
    found = workflow("riskml")
    assert found["on"] == "pull_request"
    assert found["permissions"] == {"contents": "read"}
    assert "secrets." not in GITHUB[".github/workflows/riskml.yml"]
    steps = found["jobs"]["score"]["steps"]
    assert [i for i, s in enumerate(steps) if "pip" in s.get("run", "")] < [i for i, s in enumerate(steps) if "checkout" in
                                                                         s.get("uses", "")]


def test_the_commenter_never_touches_the_change():
    """It holds a token that writes, so it checks nothing out and runs nothing but riskml."""
    found = workflow("riskml-comment")
    assert set(found["on"]) == {"workflow_run"}
    assert found["on"]["workflow_run"]["workflows"] == [workflow("riskml")["name"]]
    steps = found["jobs"]["comment"]["steps"]
    assert not any("checkout" in s.get("uses", "") for s in steps)
    words = {line.split()[0] for s in steps if "run" in s for line in s["run"].replace("\\\n", " ").splitlines()}
    assert words == {"python", "riskml", "set", "for"}
    assert found["permissions"] == {"actions": "read", "pull-requests": "write", "statuses": "write"}


@pytest.mark.parametrize("name", ["riskml", "riskml-comment"])
def test_no_expression_stands_in_a_script(name: str):
    """Values reach scripts as variables; and only ids, numbers and paths of the runner are used at all."""
    for job in workflow(name)["jobs"].values():
        assert not any("${{" in step.get("run", "") for step in job["steps"])
    used = re.findall(r"\$\{\{ *(.+?) *\}\}", GITHUB[f".github/workflows/{name}.yml"].replace("never ${{ }} inside", ""))
    assert set(used) <= ALLOWED


def test_python_never_looks_into_the_change_for_modules():
    """``python -m`` would import a ``pip.py`` of the working tree; ``-I`` does not."""
    for system in FILES:
        for text in ci_files(system, install="riskml==1", whole_history=True).values():
            assert not re.search(r"python3? +-m", text)


def gitlab() -> tuple[dict[str, Any], dict[str, Any]]:
    """Read the component: its inputs and its job, with the defaults filled in."""
    text = ci_files("gitlab", install="riskml==1", whole_history=False)[".riskml/gitlab.yml"]
    spec = next(yaml.safe_load_all(text))["spec"]["inputs"]
    filled = re.sub(r"\$\[\[ inputs\.([a-z-]+) \]\]", lambda m: str(spec[m[1]]["default"]), text.split("\n---\n")[1])
    return spec, yaml.safe_load(filled)


def test_the_component_needs_no_token():
    """Reasons reach the merge request as reports; the comment waits for a token."""
    spec, jobs = gitlab()
    job = jobs["riskml"]
    assert set(job["artifacts"]["reports"]) == {"codequality", "junit", "dotenv"}
    assert job["rules"] == [{"if": '$CI_PIPELINE_SOURCE == "merge_request_event"'}]
    assert 'if [ -n "${RISKML_GITLAB_TOKEN:-}" ]' in job["script"][1]
    assert all("default" in value for value in spec.values())


STUB = """#!/bin/sh
printf '%s\\n' "$@" >> {log}
echo -- >> {log}
case "$*" in *riskml-out/decision.json*) mkdir -p riskml-out; echo '{{}}' > riskml-out/decision.json;; esac
exit ${{STUB_EXIT:-0}}
"""


def run_script(tmp_path: Path, script: str, **env: str) -> tuple[int, list[list[str]]]:
    """Run a script with a stand-in for riskml and python; return its exit code, and the arguments of each call."""
    tools = tmp_path / "bin"
    tools.mkdir()
    log = tmp_path / "log"
    log.touch()
    for name in ("riskml", "python", "python3"):
        (tools / name).write_text(STUB.format(log=log))
        (tools / name).chmod(0o755)
    work = tmp_path / "work"
    work.mkdir()
    variables = {"PATH": f"{tools}:/usr/bin:/bin", "HOME": str(tmp_path), **env}
    done = subprocess.run(["sh", "-e", "-c", script], cwd=work, env=variables, capture_output=True, text=True, check=False)
    return done.returncode, [call.splitlines() for call in log.read_text().split("--\n")[:-1]]


HOSTILE = "$(touch pwned);`touch pwned`' \" && touch pwned #"


COMPONENT = {"RISKML_JUNIT": "", "RISKML_COVERAGE": "", "RISKML_DEPTH": "auto", "RISKML_FAIL_ON": "never",
             "CI_MERGE_REQUEST_DIFF_BASE_SHA": "a", "CI_COMMIT_SHA": "b", "CI_MERGE_REQUEST_PROJECT_PATH": "acme/shop",
             "CI_MERGE_REQUEST_IID": "7"}


@pytest.mark.parametrize("code", [0, 10, 20, 30])
def test_the_component_ends_with_the_code_of_the_gate(tmp_path: Path, code: int):
    """Also when there is something to say before it ends."""
    script = gitlab()[1]["riskml"]["script"][1]
    assert run_script(tmp_path, script, **COMPONENT, STUB_EXIT=str(code), RISKML_GITLAB_TOKEN="t")[0] == code


def test_the_component_passes_on_every_glob(tmp_path: Path):
    """Globs reach riskml as they are, and a hostile name stays one argument."""
    script = "\n".join(gitlab()[1]["riskml"]["script"])
    hostile = {"RISKML_JUNIT": "**/TEST-*.xml b/*.xml", "RISKML_COVERAGE": "c.xml", "CI_MERGE_REQUEST_DIFF_BASE_SHA": HOSTILE}
    ended, calls = run_script(tmp_path, script, **COMPONENT | hostile)
    predict = next(call for call in calls if call[0] == "predict")
    assert ended == 0
    assert {"--junit=**/TEST-*.xml", "--junit=b/*.xml", "--coverage=c.xml"} <= set(predict)
    assert predict[predict.index("--base") + 1] == HOSTILE
    assert not (tmp_path / "work" / "pwned").exists()
    assert not any(call[0] == "comment" for call in calls)


def test_the_component_comments_when_there_is_a_token(tmp_path: Path):
    """The merge request is named by its project and number."""
    script = "\n".join(gitlab()[1]["riskml"]["script"])
    _, calls = run_script(tmp_path, script, **COMPONENT, RISKML_GITLAB_TOKEN="t")
    comment = next(call for call in calls if call[0] == "comment")
    assert comment[comment.index("--gitlab") + 1] == "acme/shop!7"


def test_the_jenkins_step_hands_branches_to_the_shell_only(tmp_path: Path):
    """Its script has no Groovy expression, and a hostile target branch stays one argument."""
    text = ci_files("jenkins", install="riskml==1", whole_history=True)[".riskml/riskml.groovy"]
    script = text.split("script: '''")[1].split("''')")[0].replace("\\\\", "\\")
    script = script.replace("riskml-out/venv/bin/", "")
    ended, calls = run_script(tmp_path, script, RISKML_JUNIT="**/*.xml", RISKML_COVERAGE="", RISKML_DEPTH="auto",
                              RISKML_FAIL_ON="block", RISKML_INSTALL="riskml==1", CHANGE_TARGET=HOSTILE)
    predict = next(call for call in calls if call[0] == "predict")
    assert ended == 0
    assert predict[predict.index("--base") + 1] == f"origin/{HOSTILE}"
    assert not (tmp_path / "work" / "pwned").exists()
    assert "unstable(" in text


def test_the_github_script_writes_summary_outputs_and_artifact(tmp_path: Path):
    """With hostile values in every variable, they stay values."""
    step = next(s for s in workflow("riskml")["jobs"]["score"]["steps"] if s.get("id") == "score")
    temp = tmp_path / "temp"
    temp.mkdir()
    for name in ("summary.md", "outputs"):
        (temp / name).write_text(f"{name}\n")
    ended, calls = run_script(tmp_path, step["run"], BASE=HOSTILE, HEAD="b", NUMBER="7", RUNNER_TEMP=str(temp),
                              GITHUB_STEP_SUMMARY=str(tmp_path / "s"), GITHUB_OUTPUT=str(tmp_path / "o"))
    assert ended == 0
    assert calls[0][calls[0].index("--base") + 1] == HOSTILE
    assert ((tmp_path / "s").read_text(), (tmp_path / "o").read_text()) == ("summary.md\n", "outputs\n")
    assert (temp / "riskml" / "number").read_text() == "7\n"


def test_the_commenter_says_what_is_in_the_artifact(tmp_path: Path):
    """Each file is a service; hostile names of files and numbers stay arguments."""
    step = workflow("riskml-comment")["jobs"]["comment"]["steps"][-1]
    decisions = tmp_path / "temp" / "riskml" / "decisions"
    decisions.mkdir(parents=True)
    hostile = "$(touch pwned)`touch pwned`;\" x"
    for name in ("billing", hostile):
        (decisions / f"{name}.json").write_text("{}")
    (decisions.parent / "number").write_text("7; touch pwned $(touch pwned)\n")
    (decisions.parent / "when").write_text("$(touch pwned)\n")
    env = {"RUNNER_TEMP": str(tmp_path / "temp"), "HEAD": "h", "GITHUB_REPOSITORY": "acme/shop"}
    ended, calls = run_script(tmp_path, step["run"], **env)
    assert ended == 0
    assert {f"{name}={decisions / name}.json" for name in ("billing", hostile)} <= set(calls[0])
    assert calls[0][-1] == "acme/shop#7; touch pwned $(tou"
    assert not (tmp_path / "work" / "pwned").exists()


def test_the_policy_is_the_default_one_in_shadow_mode():
    """It validates, decides as the default does, and binds nothing."""
    policy = load_policy(policy_text(default_text()), name=POLICY, features=NAMES)
    assert policy.text.mode == "shadow"
    assert [r.strategy for r in policy.text.rules] == [r.strategy for r in load_policy(default_text(), name="d",
                                                                                      features=NAMES).text.rules]


@pytest.mark.parametrize("install", ["riskml==1.0", "git+https://git.example.org/riskml@v1", "riskml @ https://x.test/r.whl"])
def test_what_pip_takes_can_be_installed(install: str):
    """A version, a repository, a file."""
    assert install in ci_files("github", install=install, whole_history=True)[".github/workflows/riskml.yml"]


@pytest.mark.parametrize("install", ["", "riskml; rm -rf /", 'x" $(id)', "a\nb", "--index-url http://evil.test x", "$HOME",
                                     "a`b`"])
def test_what_a_shell_could_read_as_more_is_refused(install: str):
    """Nothing but a requirement gets into a script."""
    with pytest.raises(UsageError, match="--install"):
        ci_files("github", install=install, whole_history=True)
