"""Repositories that were built to run something, and surroundings that would change an answer: neither gets its way."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from riskml.adapters.git import GitRepository
from riskml.change import Change
from riskml.errors import PathOutside, TooLarge, UnknownRef

NOW = 1_800_000_000
TEXT = "".join(f"line {i}\n" for i in range(1, 41))


@pytest.fixture
def plain(repo):
    """Return a repository with a branch to score, whose history has what configuration likes to meddle with."""
    repo.commit("One", {"a.txt": TEXT, "b.txt": "one\n\ntwo\n", "moved.txt": TEXT + "tail\n", "sub/é.txt": "1\n"})
    repo.git("switch", "-q", "-c", "feature")
    repo.git("mv", "moved.txt", "sub/there.txt")
    repo.commit("Two", {"a.txt": TEXT.replace("line 5\n", "line 5  \nnew\n"), "b.txt": "one\n\n\n  two\n", "sub/é.txt": "2\n"})
    return repo


def everything(path: Path) -> list[Change]:
    """Read all kinds of change there are."""
    repository = GitRepository.open(path)
    return [repository.change("main", "feature"), repository.change(None), repository.commit_change("HEAD"),
            repository.worktree_change(NOW, "main")]  # fmt: skip


def test_nothing_of_a_hostile_repository_runs(plain, tmp_path: Path):
    """Hooks, filters, drivers, monitors, pagers, aliases and helpers of a repository are not started by reading it."""
    expected = everything(plain.path)
    trap = tmp_path / "trap"
    ran = tmp_path / "ran"
    trap.write_text(f"#!/bin/sh\necho \"$0 $*\" >> '{ran}'\ncat\n")
    trap.chmod(0o755)
    plain.write(".git/info/attributes", "* diff=evil filter=evil merge=evil\n")
    hooks = plain.path / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("post-index-change", "post-checkout", "reference-transaction", "pre-commit", "fsmonitor-watchman"):
        (hooks / hook).unlink(missing_ok=True)
        (hooks / hook).symlink_to(trap)
    (tmp_path / "included").write_text(f"[diff]\n\texternal = {trap}\n")
    for key, value in {
        "core.fsmonitor": trap, "core.hooksPath": hooks, "core.pager": trap, "core.editor": trap, "core.sshCommand": trap,
        "core.askPass": trap, "core.gitProxy": trap, "core.alternateRefsCommand": trap, "diff.external": trap,
        "diff.evil.textconv": trap, "diff.evil.command": trap, "filter.evil.clean": trap, "filter.evil.smudge": trap,
        "filter.evil.process": trap, "filter.evil.required": "true", "merge.evil.driver": trap, "credential.helper": trap,
        "gpg.program": trap, "log.showSignature": "true", "alias.log": f"!{trap}", "alias.diff-tree": f"!{trap}",
        "pager.log": trap,
        "include.path": tmp_path / "included", "remote.origin.url": f"ext::{trap}", "remote.origin.promisor": "true",
        "remote.origin.uploadpack": trap, "protocol.ext.allow": "always", "uploadpack.packObjectsHook": trap,
        "core.worktree": "/", "interactive.diffFilter": trap, "sequence.editor": trap,
    }.items():  # fmt: skip
        plain.git("config", key, str(value))
    os.utime(plain.path / "a.txt", (1, 1))  # so that git reads the file again

    found = everything(plain.path)

    assert not ran.exists(), ran.read_text()
    assert found == expected
    plain.git("-c", "core.worktree=" + str(plain.path), "status")
    assert ran.exists(), "the trap is one: git itself steps into it"


def test_missing_objects_are_not_asked_for(plain, tmp_path: Path):
    """A promisor remote that would run a command to fetch what is missing is not asked."""
    ran = tmp_path / "ran"
    blob = plain.git("rev-parse", "HEAD:a.txt")
    (plain.path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    plain.git("config", "remote.origin.url", f"ext::touch {ran}")
    plain.git("config", "remote.origin.promisor", "true")
    plain.git("config", "protocol.ext.allow", "always")
    plain.git("config", "extensions.partialClone", "origin")
    repository = GitRepository.open(plain.path)

    with pytest.raises(UnknownRef):
        repository.resolve(blob)

    assert repository.is_partial
    assert repository.count_lines([blob]) == {}
    assert not ran.exists()


@pytest.mark.parametrize("settings", [
    {"diff.noprefix": "true", "diff.renames": "false", "diff.algorithm": "patience", "diff.context": "9",
     "diff.submodule": "log", "diff.ignoreSubmodules": "all", "diff.wsErrorHighlight": "all", "core.abbrev": "4",
     "log.decorate": "full", "log.date": "relative", "log.follow": "true", "format.pretty": "oneline"},
    {"diff.mnemonicPrefix": "true", "diff.renames": "copies", "diff.renameLimit": "1", "diff.algorithm": "histogram",
     "diff.interHunkContext": "50", "diff.relative": "true", "diff.colorMoved": "zebra", "color.ui": "always",
     "core.quotePath": "false", "core.bigFileThreshold": "1", "log.diffMerges": "remerge", "i18n.logOutputEncoding": "UTF-16"},
    {"diff.indentHeuristic": "false", "diff.suppressBlankEmpty": "true", "diff.orderFile": "order", "diff.wordRegex": ".",
     "core.attributesFile": "attributes", "log.showSignature": "true", "log.showRoot": "false", "core.commitGraph": "false",
     "notes.displayRef": "refs/notes/*", "diff.dirstat": "lines", "core.ignoreStat": "true"},
], ids=("first", "second", "third"))  # fmt: skip
def test_configuration_changes_nothing(plain, settings: dict[str, str], monkeypatch: pytest.MonkeyPatch):
    """No setting, of the repository or of the user, changes a record."""
    plain.git("notes", "add", "-m", "A note")
    plain.write(".git/order", "sub/*\n")
    plain.write(".git/attributes", "* -diff\n")
    expected = everything(plain.path)
    own = plain.home / "gitconfig"
    for key, value in settings.items():
        text = str(plain.path / ".git" / value) if value in ("order", "attributes") else value
        plain.git("config", key, text)
        plain.git("config", "--file", str(own), key, text)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(own))
    monkeypatch.setenv("HOME", str(plain.home))

    assert everything(plain.path) == expected


def test_environment_changes_nothing(plain, monkeypatch: pytest.MonkeyPatch):
    """No variable, such as those that git sets for a hook, leads elsewhere or changes a record."""
    expected = everything(plain.path)
    for name, value in {
        "GIT_DIR": "/nowhere", "GIT_WORK_TREE": "/", "GIT_INDEX_FILE": "/nowhere/index", "GIT_PREFIX": "sub/",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": "/nowhere", "GIT_DIFF_OPTS": "--unified=9", "GIT_EXTERNAL_DIFF": "/bin/false",
        "GIT_PAGER": "/bin/false", "GIT_LITERAL_PATHSPECS": "0", "GIT_ICASE_PATHSPECS": "1", "GIT_GLOB_PATHSPECS": "1",
        "GIT_NAMESPACE": "other", "GIT_CONFIG_PARAMETERS": "'diff.noprefix=true'", "GIT_SHALLOW_FILE": "/nowhere",
        "LC_ALL": "de_DE.UTF-8", "TZ": "Asia/Kathmandu",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)

    assert everything(plain.path) == expected


def test_clone_and_mirror_agree(plain):
    """A bare mirror gives the same records as the working clone, whatever .gitattributes the clone has checked out."""
    plain.commit("Three", {".gitattributes": "*.txt -diff eol=crlf\n"})
    mirror = plain.clone("mirror.git", "--mirror")

    assert GitRepository.open(mirror.path).change("main", "feature") == GitRepository.open(plain.path).change("main", "feature")


def test_replace_refs_and_grafts_do_not_rewrite_history(plain):
    """A replaced commit, or a grafted parent, is read as it was written."""
    expected = GitRepository.open(plain.path).change("main", "feature")
    plain.git("switch", "-q", "--orphan", "other")
    other = plain.commit("Other", {"z": "1\n"})
    plain.git("replace", plain.git("rev-parse", "feature"), other)

    assert GitRepository.open(plain.path).change("main", "feature") == expected


def test_repository_of_somebody_else(plain):
    """A repository that belongs to another user can be read, as it can do nothing."""
    if os.geteuid() != 0:
        pytest.skip("only root can give files to another user")
    expected = everything(plain.path)
    for path in [plain.path, *plain.path.rglob("*")]:
        os.chown(path, 12345, 12345, follow_symlinks=False)

    assert everything(plain.path) == expected


def test_working_tree_that_is_elsewhere_is_not_read(repo, tmp_path: Path):
    """A core.worktree that points outside does not make its files part of a change."""
    repo.commit("One", {"a": "1\n"})
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key").write_text("secret\n")
    repo.git("config", "core.worktree", str(secret))

    assert GitRepository.open(repo.path).worktree_change(NOW).files == ()
    assert GitRepository.open(repo.path / ".git").is_bare


@pytest.mark.parametrize("path", ["../secret", "/etc/passwd", "a/../../secret", "", ".", "./a", "a//b", "a\0b"])
def test_paths_that_lead_out(plain, path: str):
    """A path must name a file inside the tree, in the one way that git writes it."""
    with pytest.raises(PathOutside, match="a path that leads out of the tree"):
        GitRepository.open(plain.path).read_file("HEAD", path)


def test_read_file(plain):
    """A regular file is read as of the commit; links, folders and what is not there are no file."""
    (plain.path / "link").symlink_to("/etc/passwd")
    plain.write("policy.yaml", "new\n")
    plain.commit("Three")
    plain.write("policy.yaml", "dirty\n")
    repository = GitRepository.open(plain.path)

    assert repository.read_file("HEAD", "policy.yaml") == b"new\n"
    assert repository.read_file("main", "policy.yaml") is None
    assert [repository.read_file("HEAD", path) for path in ("link", "sub", "a.tx?", "A.TXT", "none/x")] == [None] * 5
    assert repository.read_file("HEAD", "sub/é.txt") == b"2\n"


def test_read_file_has_a_limit(plain):
    """A file that is too large is refused before it is read."""
    with pytest.raises(TooLarge, match="the file is too large at a"):
        GitRepository.open(plain.path).read_file("HEAD", "a.txt", limit=100)
