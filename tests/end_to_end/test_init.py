"""``riskml init`` on real repositories: it looks, replays, writes once, and takes back what it wrote."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def risky(repo: Any) -> Any:
    """Give a repository in which every change of more than 100 lines is reverted: 12 of 60, and a long calm after."""
    for n in range(48):
        repo.commit(f"Small {n}", {f"s{n}.py": "x\n"})
        if n % 4 == 0:
            repo.commit(f"Large {n}", {f"l{n}.py": "y\n" * 300})
            repo.git("revert", "--no-edit", "HEAD")
    repo.now += 100 * 86_400
    repo.commit("Last", {"s.py": "z\n"})
    return repo


def test_it_looks_replays_and_writes(riskml: Callable[..., Any], model: Path, risky: Any):
    """One command gives a policy in shadow mode, the CI's files, and what the model would have caught."""
    risky.write(".github/CODEOWNERS", "* @acme/all\n")
    risky.write("build/junit.xml", '<testsuite name="s"><testcase classname="c" name="n"/></testsuite>')
    ran = riskml("init", risky.path, "--artifact", model)
    assert ran.code == 0
    assert "git history: 73 commits, full clone" in ran.out
    assert "caught 60% of the 12 that were later reverted (most lines added instead: 60%)" in ran.out
    assert "--junit '**/junit*.xml' names 1 file, 1 test" in ran.out
    assert "! coverage: no report here: what it would say is unknown (`riskml predict --coverage` names one)" in ran.out
    assert "CI installs riskml==" in ran.out
    written = {".riskml/policy.yaml", ".github/workflows/riskml.yml", ".github/workflows/riskml-comment.yml"}
    assert all((risky.path / name).is_file() and f"wrote        {name}" in ran.out for name in written)
    assert "mode: shadow" in (risky.path / ".riskml/policy.yaml").read_text()
    assert "fetch-depth: 0" in (risky.path / ".github/workflows/riskml.yml").read_text()


def test_again_changes_nothing_and_undo_leaves_what_was_there(riskml: Callable[..., Any], model: Path, shop: Any):
    """Running twice is running once; undo leaves the tree as it was."""
    shop.write(".gitlab-ci.yml", "test: {script: [make]}\n")
    before = shop.git("status", "--porcelain", "--untracked-files=all")
    assert riskml("init", shop.path, "--artifact", model).code == 0
    assert "already there" in riskml("init", shop.path, "--artifact", model).out
    assert (shop.path / ".gitlab-ci.yml").read_text() == "test: {script: [make]}\n"
    gone = riskml("init", shop.path, "--undo")
    assert "removed .riskml/gitlab.yml" in gone.out
    assert shop.git("status", "--porcelain", "--untracked-files=all") == before
    assert "nothing was written here" in riskml("init", shop.path, "--undo").out


def test_a_users_file_is_left_alone_and_told(riskml: Callable[..., Any], shop: Any):
    """Neither over it nor away with it."""
    shop.write(".riskml/policy.yaml", "version: 1\nrules: [{strategy: full}]\n")
    ran = riskml("init", shop.path, "--no-backtest", "--ci", "jenkins")
    assert ".riskml/policy.yaml was left alone" in ran.out
    riskml("init", shop.path, "--undo")
    assert (shop.path / ".riskml/policy.yaml").read_text().startswith("version: 1\nrules")


def test_a_dry_run_writes_nothing(riskml: Callable[..., Any], shop: Any):
    """It says what it would do."""
    ran = riskml("init", shop.path, "--dry-run", "--no-backtest", "--ci", "github")
    assert "would write  .github/workflows/riskml.yml" in ran.out
    assert not (shop.path / ".riskml").exists()
    assert not (shop.path / ".github").exists()


def test_a_shallow_clone_is_told_and_gets_files_that_deepen(riskml: Callable[..., Any], model: Path, shop: Any):
    """What became of past changes is unknown there, not nothing."""
    clone = shop.clone("shallow", "--depth=1")
    ran = riskml("init", clone.path, "--artifact", model, "--ci", "github")
    assert "a shallow clone; what became of past changes is unknown" in ran.out
    assert "--deepen auto" in (clone.path / ".github/workflows/riskml.yml").read_text()


def test_a_repository_without_commits_or_ci_is_told_what_to_do(riskml: Callable[..., Any], model: Path, repo: Any):
    """The policy is written, and the generic way is shown."""
    ran = riskml("init", repo.path, "--artifact", model)
    assert ran.code == 0
    assert "no commit yet" in ran.out
    assert "--also dotenv=riskml.env" in ran.out
    assert (repo.path / ".riskml/policy.yaml").exists()


def test_a_bare_repository_is_refused(riskml: Callable[..., Any], make_repo: Callable[..., Any]):
    """There is no place for files in it."""
    assert riskml("init", make_repo("bare", bare=True).path).code == 2


def test_no_person_is_named(riskml: Callable[..., Any], model: Path, shop: Any):
    """Neither on the terminal nor in what is written."""
    ran = riskml("init", shop.path, "--artifact", model, "--ci", "github", "--ci", "gitlab", "--ci", "jenkins")
    texts = [p.read_text() for folder in (".riskml", ".github") for p in (shop.path / folder).rglob("*") if p.is_file()]
    assert not any(name in text for text in (ran.out, ran.err, *texts) for name in ("Ada", "Grace", "example.org"))
