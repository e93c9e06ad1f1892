"""What a repository has that riskml can use: its CI system, and the reports that its tests leave behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

System = Literal["github", "gitlab", "jenkins"]

MARKS: tuple[tuple[System, str], ...] = (("github", ".github"), ("gitlab", ".gitlab-ci.yml"), ("jenkins", "Jenkinsfile"))
"""A CI system, and the file or folder that tells that it is used."""

JUNIT = ("**/target/surefire-reports/TEST-*.xml", "**/target/failsafe-reports/TEST-*.xml",
         "**/build/test-results/**/TEST-*.xml", "**/junit*.xml",
         "**/test-results/**/*.xml", "**/test-reports/**/*.xml", "**/TESTS-*.xml", "**/*.junit.xml")
COVERAGE = ("**/coverage.xml", "**/cobertura*.xml", "**/lcov.info", "**/*.lcov", "**/jacoco*.xml", "**/coverage.json")

_NEVER = frozenset((".git", ".hg", ".svn", "node_modules", ".venv", "venv", ".tox", ".nox", ".gradle", "site-packages",
                    "__pycache__", "vendor", ".mypy_cache", ".terraform"))
_MOST = 300_000  # files; a tree that is larger is looked at in part


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found: CI systems, and globs of reports that name at least one file, each with the number of files."""

    systems: tuple[System, ...]
    junit: dict[str, int]
    coverage: dict[str, int]
    looked_at_all: bool = True


def look(root: Path) -> Survey:
    """Look at a working tree. Each report counts for the first glob that names it; links are not followed."""
    junit: dict[str, int] = {}
    coverage: dict[str, int] = {}
    seen = 0
    for path in _files(root):
        seen += 1
        if seen > _MOST:
            break
        for globs, found in ((JUNIT, junit), (COVERAGE, coverage)):
            glob = next((g for g in globs if matches(path, g)), None)
            if glob is not None:
                found[glob] = found.get(glob, 0) + 1
                break
    return Survey(tuple(system for system, mark in MARKS if (root / mark).exists()), junit, coverage, seen <= _MOST)


def matches(path: str, glob: str) -> bool:
    """Whether a glob that begins with ``**/`` names a path, in the sense of ``glob.glob(…, recursive=True)``.

    >>> matches("a/build/test-results/test/TEST-a.B.xml", "**/build/test-results/**/TEST-*.xml")
    True
    >>> matches("junit.xml", "**/junit*.xml"), matches("junit/old.xml", "**/junit*.xml")
    (True, False)
    """
    return _fits(path.split("/"), glob.split("/"))


def _fits(parts: list[str], pattern: list[str]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_fits(parts[i:], pattern[1:]) for i in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _fits(parts[1:], pattern[1:])


def _files(root: Path) -> Iterator[str]:
    for folder, names, files in os.walk(root):
        names[:] = sorted(name for name in names if name not in _NEVER)
        place = Path(folder).relative_to(root).as_posix()
        prefix = "" if place == "." else f"{place}/"
        yield from (f"{prefix}{name}" for name in sorted(files) if name.endswith((".xml", ".info", ".lcov", ".json")))
