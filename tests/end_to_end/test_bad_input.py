"""What is wrong is refused in one line that says what, where, what was got and what would be right; never a traceback."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

BOMB = '<?xml version="1.0"?><!DOCTYPE z [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><testsuite name="&b;"/>'
EXTERNAL = '<?xml version="1.0"?><!DOCTYPE z [<!ENTITY x SYSTEM "file:///etc/passwd">]><testsuite name="&x;"/>'


def refused(ran: Any, code: int, *words: str) -> str:
    """Check that a run refused in one line with all these words, and printed no result."""
    assert (ran.code, ran.out) == (code, ""), ran
    assert ran.err.startswith("riskml: ")
    assert ran.err.count("\n") == 1, ran.err
    assert "Traceback" not in ran.err
    for word in words:
        assert word in ran.err
    said: str = ran.err
    return said


def named(tmp_path: Path, content: str | bytes, name: str = "file") -> Path:
    """Write a file."""
    file = tmp_path / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def test_no_repository(judged, tmp_path):
    """A folder without one, and a folder that is none."""
    refused(judged("predict", tmp_path), 2, "no git repository here", f"got '{tmp_path}'", "expected a folder inside a git")
    refused(judged("predict", tmp_path / "none"), 2, "no such folder", "expected a folder inside a git repository")


def test_a_repository_without_a_commit(judged, repo):
    """There is nothing to score yet."""
    refused(judged("predict", repo.path), 2, "the repository has no commit yet", "got 'HEAD'")


@pytest.mark.parametrize(("ref", "words"), [
    ("feature-x", ("no commit has this name", "close to it: feature")),
    ("--all", ("a name that git would read as an option",)),
    ("-x", ("a name that git would read as an option",)),
    ("main..feature", ("a range where one commit is wanted",)),
    ("HEAD:README.md", ("a name of a file",)),
    ("a\nb", ("control characters",)),
    ("HEAD~99", ("no commit has this name",)),
])
@pytest.mark.parametrize("option", ["--head", "--base"])
def test_names_that_are_no_commit(judged, shop, option, ref, words):
    """Whatever git would make of it."""
    refused(judged("predict", shop.path, f"{option}={ref}"), 2, *words, "expected a branch, a tag or a commit id")


def test_an_ambiguous_id(judged, repo):
    """Which of two commits is meant cannot be guessed."""
    commits = (f"commit refs/heads/main\ncommitter A <a@b> {n} +0000\ndata 0\n" for n in range(2000))
    repo.git("fast-import", "--quiet", stdin="".join(commits).encode())
    shas = sorted(repo.git("rev-list", "main").splitlines())
    twin = next(one[:4] for one, other in pairwise(shas) if one[:4] == other[:4])

    refused(judged("predict", repo.path, "--head", twin), 2, "more than one object has this name", f"got '{twin}'")


@pytest.mark.parametrize("option", ["--head", "--base", "--diff", "--policy", "--service", "--artifact", "--state"])
def test_an_empty_value_is_not_taken_for_the_default(riskml, shop, option):
    """A variable of CI that is not set must not quietly score something else."""
    ran = riskml("predict", shop.path, option, "")

    assert (ran.code, ran.out) == (2, "")
    assert f"argument {option}: the value is empty" in ran.err


def test_two_changes_at_once(judged, shop, tmp_path):
    """``--head`` would have no effect beside ``--diff``."""
    diff = named(tmp_path, "")
    refused(judged("predict", shop.path, "--diff", diff, "--head", "main"), 2, "either --head or --diff")


def test_a_shallow_clone_without_a_merge_base(judged, shop):
    """The command that brings the missing history is in the message."""
    shop.git("switch", "-q", "main")
    shop.commit("Main goes on", {"README.md": "More\n"})
    clone = shop.clone("shallow", "--depth=1", "--no-single-branch")
    said = refused(judged("predict", clone.path, "--base", "origin/main", "--head", "origin/feature"), 2,
                   "shallow clone", "got 'origin/main and origin/feature'", "git fetch --deepen")
    assert "fetch-depth: 0" in said


def test_a_shallow_clone_with_a_merge_base_knows_no_past(judged, shop):
    """What happened before is unknown, which is said, and is not low."""
    clone = shop.clone("shallow", "--depth=3", "--branch=feature")
    ran = judged("predict", clone.path, "--base", "HEAD~1", "--format", "json")

    assert (ran.code, ran.json["band"]) == (0, "unknown")
    assert "nuc" in ran.json["unknown"]
    assert any("shallow" in note and "unknown" in note for note in ran.json["notes"])
    assert judged("predict", clone.path, "--base", "HEAD~1", "--fail-on", "unknown").code == 30


def object_file(repo: Any, name: str) -> Path:
    """Return where git keeps a loose object."""
    sha = repo.git("rev-parse", name)
    found: Path = repo.path / ".git" / "objects" / sha[:2] / sha[2:]
    found.chmod(0o644)
    return found


def test_a_missing_object(judged, shop):
    """Its id, and how to get it."""
    object_file(shop, "feature:billing/charging.py").unlink()
    sha = shop.git("rev-parse", "feature:billing/charging.py")
    ran = judged("predict", shop.path, "--base", "main", "--head", "feature")
    refused(ran, 2, "git cannot read an object", sha, "git fsck")


@pytest.mark.parametrize("damage", [lambda _: b"", lambda _: b"not zlib", lambda data: data[:len(data) // 2]])
def test_a_corrupt_object(judged, shop, damage):
    """Empty, overwritten, or cut short."""
    file = object_file(shop, "feature:billing/charging.py")
    file.write_bytes(damage(file.read_bytes()))
    sha = shop.git("rev-parse", "feature:billing/charging.py")
    ran = judged("predict", shop.path, "--base", "main", "--head", "feature")
    refused(ran, 2, "git cannot read an object", sha, "git fsck")


@pytest.mark.parametrize(("diff", "words"), [
    ("hello\n", ("line 1", "got 'hello'", "diff --git")),
    ("diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1,2 +1,2 @@\n-x\n", ("line",)),
    ("diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-x\n+y\n+z\n", ("line",)),
    ("diff --cc a\n--- a/a\n+++ b/a\n@@@ -1 -1 +1 @@@\n--x\n++y\n", ("line",)),
    (b"\x00\xff\xfe", ("line 1",)),
])
def test_a_diff_that_is_none(judged, shop, tmp_path, diff, words):
    """Other text, a truncated one, counts that do not add up, a combined one, bytes."""
    refused(judged("predict", shop.path, "--diff", named(tmp_path, diff)), 2, *words, "expected")


@pytest.mark.parametrize("path", ["../../etc/passwd", "/etc/passwd", "a/../../b"])
def test_a_diff_of_a_path_outside(judged, shop, tmp_path, path):
    """Git writes no such path, so whoever did means harm."""
    diff = f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n@@ -1 +1 @@\n-x\n+y\n"
    ran = judged("predict", shop.path, "--diff", named(tmp_path, diff))
    refused(ran, 2, "a path that git cannot write", f"got '{path}'", "expected a path inside the repository")


def test_a_diff_without_end_is_not_read_to_its_end(judged, shop):
    """Reading stops at the limit."""
    refused(judged("predict", shop.path, "--diff", "/dev/zero"), 2, "the diff is too large", "/dev/zero", "at most")


@pytest.mark.parametrize("option", ["--policy", "--service"])
def test_settings_without_end_are_not_read_to_their_end(judged, shop, option):
    """A device is no policy."""
    refused(judged("predict", shop.path, option, "/dev/zero"), 2, "too large", "/dev/zero", "at most")


@pytest.mark.parametrize(("option", "content", "words"), [
    ("--junit", BOMB, ("document type declaration is refused",)),
    ("--junit", EXTERNAL, ("document type declaration is refused",)),
    ("--junit", "<testsuite><testcase>", ("XML",)),
    ("--junit", "<html/>", ("not a report of a known format",)),
    ("--junit", "", ()),
    ("--junit", b"\x00\x01", ()),
    ("--junit", "SF:a.py\nDA:1,1\nend_of_record\n", ("lcov", "--coverage")),
    ("--coverage", BOMB.replace("testsuite", "coverage"), ("document type declaration is refused",)),
    ("--coverage", "<testsuite/>", ("junit", "--junit")),
    ("--coverage", "{}", ()),
])
def test_reports_that_are_none(judged, shop, tmp_path, option, content, words):
    """Hostile, malformed, empty, or of the other kind: the file is named."""
    file = named(tmp_path, content, "report.xml")
    refused(judged("predict", shop.path, option, file), 2, "report.xml", *words)


def test_a_glob_that_finds_nothing(judged, shop):
    """No report is not the same as no ``--junit``."""
    refused(judged("predict", shop.path, "--junit", "none/*.xml"), 2, "no report found", "got 'none/*.xml'")


@pytest.mark.parametrize(("option", "content", "words"), [
    ("--policy", "version: 1\nrules:\n  - wen: {score: '> 0.7'}\n    strategy: rolling\n", ("wen", "when")),
    ("--policy", "version: 2\nrules: [{strategy: rolling}]\n", ("version",)),
    ("--policy", "version: 1\nrules: [{strategy: yolo}]\n", ("yolo", "canary")),
    ("--policy", "{version: 1, rules: [{when: {moon: '> 1'}, strategy: full}]}", ("moon",)),
    ("--policy", "{", ("YAML",)),
    ("--policy", b"\xff\xfe\x00", ("not UTF-8",)),
    ("--service", "impact: 2\n", ("impact", "2")),
    ("--service", "name: x\nimpakt: 0.5\n", ("impakt", "impact")),
    ("--service", "- 1\n", ("object",)),
])
def test_settings_that_make_no_sense(judged, shop, tmp_path, option, content, words):
    """The file, the key, the value and the legal ones."""
    file = named(tmp_path, content, "settings.yaml")
    refused(judged("predict", shop.path, option, file), 2, "settings.yaml", "expected", *words)


@pytest.mark.parametrize("option", ["--policy", "--service", "--diff"])
def test_files_that_cannot_be_read(judged, shop, tmp_path, option):
    """One that is not there, and one that is a folder."""
    refused(judged("predict", shop.path, option, tmp_path / "none"), 2, "No such file or directory", f"got '{tmp_path}/none'")
    refused(judged("predict", shop.path, option, tmp_path), 2, "Is a directory", "expected a readable file")


def test_the_repositorys_own_policy_that_makes_no_sense(judged, shop):
    """It is named with the commit that it was read at; the change that repairs it can name another policy."""
    shop.git("switch", "-q", "main")
    broken = shop.commit("Policy", {".riskml/policy.yaml": "version: 1\nrules: [{strategy: yolo}]\n"})
    shop.git("switch", "-q", "-c", "repair")
    shop.commit("Repair", {".riskml/policy.yaml": "version: 1\nrules: [{strategy: full}]\n"})
    refused(judged("predict", shop.path), 2, ".riskml/policy.yaml at " + broken[:12], "yolo")


def damaged(model: Path, tmp_path: Path, file: str, old: str, new: str) -> Path:
    """Copy a model and alter one of its files."""
    copy = tmp_path / "damaged"
    copy.mkdir()
    for part in model.iterdir():
        text = part.read_text()
        (copy / part.name).write_text(text.replace(old, new) if part.name == file else text)
    return copy


def test_a_model_that_was_altered(riskml, shop, model, tmp_path):
    """The hash of the file is not the recorded one."""
    other = damaged(model, tmp_path, "model.txt", "leaf_value=-2", "leaf_value=-9")
    refused(riskml("predict", shop.path, "--artifact", other), 4, "model.txt")
    refused(riskml("model", "verify", other), 4, "model.txt")


def test_a_model_from_the_future(riskml, shop, model, tmp_path):
    """What this version cannot read, it does not guess at."""
    protocol = json.loads((model / "manifest.json").read_text())["protocol"]
    other = damaged(model, tmp_path, "manifest.json", f'"protocol": {protocol}', '"protocol": 99')
    refused(riskml("predict", shop.path, "--artifact", other), 4, "99")


def test_a_model_of_features_that_nobody_computes(riskml, shop, remodel):
    """The feature is named."""
    refused(riskml("predict", shop.path, "--artifact", remodel(features=("la", "nuc", "moon_phase"))), 4, "moon_phase")


def test_a_model_of_another_feature_set(riskml, shop, remodel):
    """The numbers would mean something else."""
    refused(riskml("predict", shop.path, "--artifact", remodel(feature_set=99)), 4, "99")


def test_a_folder_without_a_model(riskml, shop, tmp_path):
    """What a model consists of is told."""
    refused(riskml("predict", shop.path, "--artifact", tmp_path), 4, "manifest.json", "calibration.json")


def test_a_state_folder_that_is_none(judged, shop, tmp_path):
    """Exit code 5, before anything is mined."""
    refused(judged("predict", shop.path, "--state", named(tmp_path, "")), 5, "cannot keep the mined history", "--no-state")


def test_an_output_that_cannot_be_written(judged, shop, tmp_path):
    """The path is named."""
    refused(judged("predict", shop.path, "--output", tmp_path / "none" / "x"), 2, "cannot write the output", "none/x")


@pytest.mark.parametrize(("args", "words"), [
    (("predict", "--format", "yaml"), ("--format", "yaml", "sarif")),
    (("predict", "--fial-on", "high"), ("--fial-on",)),
    (("predict", "--fail", "high"), ("--fail",)),
    (("frobnicate",), ("frobnicate", "predict")),
    (("plan",), ("--score",)),
    (("plan", "--score", "a"), ("--score", "'a'")),
    (("plan", "--score", "0.1", "--plan", "x"), ("not allowed with",)),
    (("mine", ".", "--output", "x.csv", "--since", "yesterday"), ("--since", "yesterday", "2024-01-31")),
    (("mine", ".", "--output", "x.csv", "--jobs", "many"), ("--jobs",)),
    (("model", "eat"), ("eat", "verify")),
])
def test_options_that_do_not_exist(riskml, args, words):
    """Exit code 2, with the usage; an abbreviation is none, as it would change its meaning with the next release."""
    ran = riskml(*args)

    assert (ran.code, ran.out) == (2, "")
    assert all(word in ran.err for word in words)


@pytest.mark.parametrize(("options", "code", "words"), [
    (("--output", "x.xlsx"), 2, ("x.xlsx", ".parquet")),
    (("--output", "/dev/null/x.csv"), 2, ("/dev/null/x.csv",)),
    (("--output", "x.csv", "--rev", "none"), 2, ("got 'none'",)),
    (("--output", "x.csv", "--jobs", "0"), 2, ("--jobs", "got 0")),
])
def test_mining_what_cannot_be_mined(riskml, shop, options, code, words):
    """Refused before the work where possible."""
    refused(riskml("mine", shop.path, *options), code, *words)


def test_several_repositories_in_one_file(riskml, shop, tmp_path):
    """Several tables need a folder, and a folder that can be made."""
    refused(riskml("mine", shop.path, shop.path, "--output", tmp_path / "x.csv"), 2, "expected a folder")
    ran = riskml("mine", shop.path, shop.path, "--output", "/dev/null/tables")
    refused(ran, 2, "cannot make the folder", "/dev/null/tables")
    ran = riskml("mine", shop.path, tmp_path / "none", "--output", tmp_path / "tables")
    assert (ran.code, ran.out) == (2, "")
    assert "none: failed" in ran.err
    assert "no such folder" in ran.err
    assert "1 of 2 tables are there" in ran.err, "the other one goes on"


def test_no_git(process, shop, model):
    """Without git nothing works, and that is said."""
    ran = process("predict", shop.path, "--artifact", model, env={"PATH": "/nothing"})
    refused(ran, 2, "git cannot be started", "expected git 2.31 or later")


def test_every_refusal_of_the_library_has_a_code_of_its_own():
    """Whatever class of the tree is raised, one exit code fits, and it is never that of an answer."""
    from riskml.cli.main import EXIT_CODES
    from riskml.errors import RiskmlError

    def tree(kind: type) -> list[type]:
        return [kind, *(k for child in kind.__subclasses__() for k in tree(child))]

    for kind in tree(RiskmlError):
        assert next(code for of, code in EXIT_CODES if issubclass(kind, of)) in (2, 3, 4, 5)
