"""The files that ``riskml init`` writes for each CI system, from the templates that come with riskml."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files

from riskml.ci.survey import System
from riskml.errors import UsageError

POLICY = ".riskml/policy.yaml"

FILES: Mapping[System, Mapping[str, str]] = {
    "github": {".github/workflows/riskml.yml": "github-score.yml",
               ".github/workflows/riskml-comment.yml": "github-comment.yml"},
    "gitlab": {".riskml/gitlab.yml": "gitlab.yml"},
    "jenkins": {".riskml/riskml.groovy": "jenkins.groovy"},
}
"""Where each system's files go, and which template each is made from. None is a file that the system's users write by hand."""

NEXT: Mapping[System, str] = {
    "github": "commit the files to the default branch: the comment's workflow counts only from there",
    "gitlab": "add to .gitlab-ci.yml:  include: [{local: .riskml/gitlab.yml}]",
    "jenkins": "add to a stage of the Jenkinsfile:  script { load('.riskml/riskml.groovy').call() }",
}
"""What is left to do by hand."""

_REQUIREMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+@:/=<>~!,\[\]#-]*(?: @ [A-Za-z0-9._+@:/=#-]+)?")


def ci_files(system: System, *, install: str, whole_history: bool) -> dict[str, str]:
    """Return path and text of every file of a CI system.

    ``install`` is what pip installs in CI. ``whole_history`` fetches all of the history, which the features of the past need;
    without it the clone grows to the merge base, and they are unknown. Raises ``UsageError`` for an ``install`` that a shell
    could read as more than one word.
    """
    if not _REQUIREMENT.fullmatch(install):
        raise UsageError("not a requirement", where="--install", got=install, expected="what pip takes, such as riskml==0.1.0")
    given = {"INSTALL": install, "DEPTH": "full" if whole_history else "auto", "FETCH_DEPTH": "0" if whole_history else "1"}
    return {path: _filled(template, given) for path, template in FILES[system].items()}


def policy_text(default: str) -> str:
    r"""Return the policy to start from: the default one, whose word is only recorded.

    >>> policy_text("version: 1\nrules: []\n").splitlines()[-3:]
    ['version: 1', 'mode: shadow', 'rules: []']
    """
    head = ("# How risky a change must be to be released how. `riskml policy check .riskml/policy.yaml` reads it aloud.\n"
            "# Read from the target branch: no change edits its own judge.\n"
            "# mode: shadow records, advise tells, enforce lets a guardrail hold a release.\n")
    return head + default.replace("version: 1\n", "version: 1\nmode: shadow\n", 1)


def _filled(template: str, given: Mapping[str, str]) -> str:
    text = files("riskml.ci").joinpath("templates", template).read_text(encoding="utf-8")
    for name, value in given.items():
        text = text.replace(f"@{name}@", value)
    return text
