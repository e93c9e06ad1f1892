"""Writes every page that code can write; ``--check`` only compares, and names what drifted."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent))


def cli_page() -> str:
    """Write the help of every verb, as the terminal shows it."""
    from riskml.cli.main import COMMANDS, build_parser

    os.environ["COLUMNS"] = "100"  # argparse wraps its help to the terminal
    parts = ["# Commands", "", "Generated from the commands' own help by `make docs`.", ""]
    for verb in COMMANDS:
        text = io.StringIO()
        with contextlib.suppress(SystemExit), contextlib.redirect_stdout(text):
            build_parser([verb]).parse_args([verb, "--help"])
        parts += [f"## riskml {verb}", "", "```text", text.getvalue().rstrip(), "```", ""]
    parts += ["## Exit codes", "", EXIT_CODES]
    return "\n".join(parts)


EXIT_CODES = """| code | meaning |
|---|---|
| 0 | pass: also every decision under `--fail-on never`, the default |
| 2 | what was asked for makes no sense as asked; the message says why |
| 3 | the service is unavailable and `--on-unavailable fail` was given |
| 4 | the model artifact must not be used |
| 5 | the store or state cannot be used |
| 10 | warn: the band is high (`--fail-on high`); `verdict`: hold; `policy check`: warnings |
| 20 | block: a guardrail holds the release (`--fail-on block`); `verdict`: rollback; `policy test`: not as expected |
| 30 | unknown: too little is known to name a band (`--fail-on unknown`), or the service is away (`--on-unavailable warn`) |
"""


def features_page() -> str:
    """Write the feature table."""
    from riskml.features.page import page

    return page()


def openapi_page() -> str:
    """Write the service's OpenAPI document."""
    from api.openapi import document

    return document()


def policy_page() -> str:
    """Write the page of the policy's keys, strategies and checks."""
    from riskml.policy.page import page

    return page()


def target_pages() -> dict[str, Callable[[], str]]:
    """Return the writers of the pages of deploy targets; they show the sample plans that the tests use."""
    from riskml.plan import from_json
    from riskml.render import RENDERERS
    from riskml.render.page import index, page

    names = ("full", "rolling", "blue-green", "canary", "canary-fine", "canary-internal", "feature-flag", "dark", "dark-part")
    folder = DOCS.parent / "tests" / "golden" / "plans"
    plans = {name: from_json(json.loads((folder / f"{name}.json").read_text(encoding="utf-8"))) for name in names}
    return {"targets/index.md": partial(index, plans)} | {f"targets/{t}.md": partial(page, t, plans) for t in RENDERERS}


def ci_files() -> dict[str, Callable[[], str]]:
    """Return the writers of the files for CI systems, as `riskml init` writes them where all of the history is fetched."""
    from importlib.metadata import version

    from riskml.ci.files import ci_files as files

    def text(system: str, path: str) -> str:
        return files(system, install=f"riskml=={version('riskml')}", whole_history=True)[path]

    return {
        "../deploy/ci/github/riskml.yml": partial(text, "github", ".github/workflows/riskml.yml"),
        "../deploy/ci/github/riskml-comment.yml": partial(text, "github", ".github/workflows/riskml-comment.yml"),
        "../deploy/ci/gitlab/templates/riskml.yml": partial(text, "gitlab", ".riskml/gitlab.yml"),
        "../deploy/ci/jenkins/vars/riskml.groovy": partial(text, "jenkins", ".riskml/riskml.groovy"),
    }


PAGES: dict[str, Callable[[], str]] = {
    "cli.md": cli_page, "features.md": features_page, "openapi.json": openapi_page, "policy.md": policy_page, **target_pages(),
    **ci_files(),
}
"""Every generated page: its name under ``docs`` and the function that writes it."""


def main(check: bool) -> int:
    """Write or compare all pages. Returns 1 when ``check`` found a difference."""
    drifted = []
    for name, write in PAGES.items():
        path, text = DOCS / name, write().rstrip() + "\n"
        if check and (not path.exists() or path.read_text(encoding="utf-8") != text):
            drifted.append(name)
        elif not check:
            path.write_text(text, encoding="utf-8")
    if drifted:
        sys.stderr.write(f"docs that no longer match the code: {', '.join(drifted)}; run `make docs`\n")
    return 1 if drifted else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
