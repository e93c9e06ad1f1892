"""README.md tells the truth: its examples run, its commands exist, its links lead somewhere."""

import doctest
import re
import shlex
from pathlib import Path

import pytest

from riskml.cli.main import COMMANDS, build_parser

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
COMMAND_LINES = [line.split("#")[0].strip() for block in BLOCKS for line in block.splitlines()]
RISKML_LINES = [line for line in COMMAND_LINES if line.startswith("riskml ")]
PAGES = [ROOT / "README.md", ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_the_python_examples_run() -> None:
    """What the README shows is what Python prints."""
    result = doctest.testfile(str(ROOT / "README.md"), module_relative=False)

    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize("line", RISKML_LINES)
def test_every_command_line_is_understood(line: str) -> None:
    """The parser takes each ``riskml`` line as it stands."""
    arguments = shlex.split(line)[1:]

    assert build_parser(tuple(COMMANDS)).parse_args(arguments).verb == arguments[0]


def test_make_targets_exist() -> None:
    """Each ``make`` target that is named is in the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"make ([a-z-]+)", README))

    assert {"demo", "test"} <= named
    assert all(re.search(rf"^{target}:", makefile, re.MULTILINE) for target in named)


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link names a file or folder of the project."""
    prose = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", prose)
    missing = [target for target in targets if not (page.parent / target).exists()]

    assert missing == []
