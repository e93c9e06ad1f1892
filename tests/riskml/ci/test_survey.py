"""What a repository has is found, and what is not its own is not looked at."""

from __future__ import annotations

from pathlib import Path

import pytest

from riskml.ci.survey import look


def put(root: Path, *names: str) -> None:
    """Create empty files."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


@pytest.mark.parametrize(("mark", "system"), [(".github/CODEOWNERS", "github"), (".gitlab-ci.yml", "gitlab"),
                                              ("Jenkinsfile", "jenkins")])
def test_a_ci_system_is_told_by_its_trace(tmp_path: Path, mark: str, system: str):
    """One file is enough."""
    put(tmp_path, mark)
    assert look(tmp_path).systems == (system,)


def test_reports_are_counted_by_the_glob_that_names_them(tmp_path: Path):
    """Each file once."""
    put(tmp_path, "a/target/surefire-reports/TEST-x.xml", "b/target/surefire-reports/TEST-y.xml", "junit.xml", "coverage.xml",
        "web/coverage/lcov.info", "pom.xml")
    found = look(tmp_path)
    assert found.junit == {"**/target/surefire-reports/TEST-*.xml": 2, "**/junit*.xml": 1}
    assert found.coverage == {"**/coverage.xml": 1, "**/lcov.info": 1}


def test_what_others_wrote_is_not_looked_at(tmp_path: Path):
    """Installed packages, git's own files, and what links lead to."""
    put(tmp_path, "node_modules/x/junit.xml", ".git/junit.xml", ".venv/lib/coverage.xml")
    (tmp_path / "loop").symlink_to(tmp_path)
    found = look(tmp_path)
    assert (found.junit, found.coverage, found.systems) == ({}, {}, ())


def test_every_glob_means_what_the_reader_of_reports_takes_it_for(tmp_path: Path):
    """The globs that are proposed name the same files when they are given to ``--junit``."""
    put(tmp_path, "x/build/test-results/test/TEST-a.xml", "TEST-b.xml", "test-reports/deep/er/c.xml", "d.junit.xml")
    found = look(tmp_path).junit
    assert {glob: len(list(tmp_path.glob(glob))) for glob in found} == found
