"""``riskml predict``: every kind of change, every way to show its decision, every exit code."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from riskml.cli.predict import FORMATS

FAILED = '<testsuite name="s" tests="2" failures="1"><testcase name="a"/><testcase name="b"><failure/></testcase></testsuite>'
PASSED = '<testsuite name="s" tests="2"><testcase name="a"/><testcase name="b"/></testsuite>'


def wire(ran: Any) -> dict[str, Any]:
    """Read the decision of a run that must have gone well and said nothing else."""
    assert (ran.code, ran.err) == (0, "")
    found: dict[str, Any] = ran.json
    return found


def same(one: dict[str, Any], other: dict[str, Any], *keys: str) -> bool:
    """Tell whether two decisions agree in some keys."""
    return all(one[key] == other[key] for key in keys)


def test_a_branch_is_compared_with_where_it_left_main(judged, shop):
    """The merge base is the base, the branch's tip the head, and both are full ids."""
    found = wire(judged("predict", shop.path, "--format", "json"))

    assert found["base"] == shop.git("rev-parse", "main")
    assert found["head"] == shop.git("rev-parse", "feature")
    assert [f["path"] for f in found["files"]] == ["billing/charging.py"]
    assert found["band"] in ("low", "medium")
    assert found["repository"] == "repo"


def read_sarif(text: str) -> None:
    """Read SARIF."""
    assert json.loads(text)["version"] == "2.1.0"


READERS = {
    "text": lambda text: text.index("DECISION"), "json": json.loads, "markdown": lambda text: text.index("|"),
    "html": lambda text: text.index("<!doctype html>"), "sarif": read_sarif, "junit": ET.fromstring,
    "dotenv": lambda text: dict(line.split("=", 1) for line in text.splitlines()),
    "github-output": lambda text: text.index("decision<<"),
    "codequality": json.loads, "ramp": json.loads,
}


@pytest.mark.parametrize("shape", FORMATS)
def test_every_format_reads_back_and_reaches_the_file(judged, shop, tmp_path, shape):
    """Standard output and ``--output`` hold the same kind of text, and a file leaves standard output empty."""
    shown = judged("predict", shop.path, "--format", shape)
    to_file = judged("predict", shop.path, "--format", shape, "--output", tmp_path / "out")

    assert (shown.code, shown.err, to_file.code, to_file.out, to_file.err) == (0, "", 0, "", "")
    for text in (shown.out, (tmp_path / "out").read_text()):
        READERS[shape](text)
        assert text.endswith("\n")
        assert "\x1b" not in text
        assert "ada@" not in text.lower()


def test_a_dirty_tree_is_scored_as_it_lies_and_said_so(judged, shop):
    """Staged, unstaged and new files count; there is no head, and a note tells."""
    shop.write("billing/charging.py", "changed\n")
    shop.write("new.py", "x = 1\n")
    found = wire(judged("predict", shop.path, "--format", "json"))

    assert found["head"] is None
    assert {f["path"] for f in found["files"]} == {"billing/charging.py", "new.py"}
    assert "scored as it lies in the working tree, not committed yet" in found["notes"]


def test_a_named_head_wins_over_a_dirty_tree(judged, shop):
    """Who names a commit gets that commit."""
    shop.write("new.py", "x = 1\n")

    assert wire(judged("predict", shop.path, "--head", "HEAD", "--format", "json"))["head"] == shop.git("rev-parse", "HEAD")


def test_a_merge_is_compared_with_its_first_parent(judged, shop):
    """What the merge brought in is the change."""
    merge = shop.git("rev-list", "--merges", "-1", "main")
    found = wire(judged("predict", shop.path, "--head", merge, "--format", "json"))

    assert found["base"] == shop.git("rev-parse", f"{merge}^1")
    assert [f["path"] for f in found["files"]] == ["billing/refund.py"]


def test_the_first_commit_has_an_empty_past_not_an_unknown_one(judged, shop):
    """Nothing came before it, and that is known."""
    root = shop.git("rev-list", "--max-parents=0", "main")
    found = wire(judged("predict", shop.path, "--head", root, "--format", "json"))

    assert found["base"] is None
    assert "nuc" not in found["unknown"]
    assert {f["path"] for f in found["files"]} == {"README.md", "billing/charge.py"}


@pytest.mark.parametrize("options", [("--base", "main", "--head", "main"), ("--base", "HEAD", "--head", "HEAD")])
def test_an_empty_change_is_nothing_to_release(judged, shop, options, tmp_path):
    """It passes whatever fails a job, and no output shows a number as if it had been measured."""
    also = [part for shape in READERS for part in ("--also", f"{shape}={tmp_path / shape}")]
    ran = judged("predict", shop.path, *options, "--fail-on", "unknown", "--format", "json", *also)
    found = wire(ran)
    shown = {shape: (tmp_path / shape).read_text() for shape in READERS}

    assert (ran.code, found["empty"], found["probability"], found["score"], found["files"]) == (0, True, None, None, [])
    assert shown["text"].startswith("DECISION  nothing to release   because the head brings nothing that the base does not")
    assert "### Release risk: **nothing to release**" in shown["markdown"]
    assert "<h1>Nothing to release</h1>" in shown["html"]
    assert "RISKML_DECISION=pass\n" in shown["dotenv"]
    assert {"RISKML_EMPTY=true", "RISKML_STRATEGY=", "RISKML_PROBABILITY="} <= set(shown["dotenv"].splitlines())
    for shape in ("text", "markdown", "junit"):
        assert not re.search(r"0\.\d\d|fewer than 1 in|1 in \d", shown[shape]), shape
    (result,) = json.loads(shown["sarif"])["runs"][0]["results"]
    assert (result["kind"], "rank" in result) == ("notApplicable", False)
    for shape in set(READERS) - {"markdown"}:  # which has no table here
        READERS[shape](shown[shape])


def test_an_empty_change_is_explained_and_planned_as_one(judged, riskml, shop, tmp_path):
    """There is no arithmetic to show, and a plan that is asked for all the same rests on no risk."""
    ends = (shop.path, "--base", "main", "--head", "main")
    told, kept = judged("explain", *ends), tmp_path / "decision.json"
    judged("predict", *ends, "--format", "json", "--output", kept)
    plan = json.loads(riskml("plan", "--assessment", kept, "--target", "json").out)

    assert told.out.startswith("nothing to release")
    assert json.loads(judged("explain", *ends, "--format", "json").out)["probability"] is None
    assert (plan["strategy"], plan["risk"]["score"]) == ("rolling", 0)
    assert not {"factors", "band"} & plan["risk"].keys()
    assert plan["notes"] == ["nothing to release: no risk was measured, and the score 0 stands for none"]


def test_a_policy_decides_of_an_empty_change_what_was_decided(judged, riskml, shop, tmp_path):
    """Not even a freeze holds nothing, neither then nor when the policy is tried on it."""
    policy, kept = tmp_path / "policy.yaml", tmp_path / "decisions.json"
    policy.write_text("version: 1\nmode: enforce\nrules: [{strategy: rolling}]\n"
                      "freeze: [{reason: always, starts: 2020-01-01T00:00:00Z, ends: 2099-01-01T00:00:00Z}]\n")
    found = wire(judged("predict", shop.path, "--base", "main", "--head", "main", "--policy", policy, "--format", "json"))
    kept.write_text(json.dumps([{**found, "expect": {"strategy": found["strategy"], "hold": False}}]))
    tried = riskml("policy", "test", policy, "--assessments", kept)

    assert (found["hold"], tried.code) == (False, 0), tried.err


def test_commits_that_undo_each_other_leave_nothing_to_release(judged, shop):
    """What counts is what the head brings, not how many commits it took."""
    shop.git("switch", "-q", "--create", "there-and-back", "main")
    shop.write("README.md", "# Other\n")
    shop.git("commit", "-q", "-am", "There")
    shop.git("revert", "--no-edit", "HEAD")

    assert wire(judged("predict", shop.path, "--base", "main", "--head", "HEAD", "--format", "json"))["empty"] is True


def test_a_detached_head_works_as_ci_checks_it_out(judged, shop):
    """A CI job has no branch checked out."""
    branch = wire(judged("predict", shop.path, "--format", "json"))
    shop.git("switch", "-q", "--detach", "feature")
    detached = wire(judged("predict", shop.path, "--format", "json"))

    assert same(detached, branch, "head", "base", "score", "files")


def test_a_folder_inside_means_its_repository(judged, shop):
    """Where one stands in the tree makes no difference."""
    inside, outside = (wire(judged("predict", p, "--format", "json")) for p in (shop.path / "billing", shop.path))

    assert (inside["score"], inside["files"]) == (outside["score"], outside["files"])


def test_a_bare_repository_is_judged_like_its_clone(judged, shop):
    """A mirror on a server gives the same answer."""
    bare = shop.path.parent / "shop.git"
    shop.git("clone", "-q", "--bare", str(shop.path), str(bare))
    there = wire(judged("predict", bare, "--base", "main", "--head", "feature", "--format", "json"))
    here = wire(judged("predict", shop.path, "--base", "main", "--head", "feature", "--format", "json"))

    assert same(there, here, "score", "head", "base", "reasons")


def test_a_worktree_shares_its_repositorys_state(judged, shop, cache):
    """Two working trees of one repository mine once."""
    wire(judged("predict", shop.path, "--format", "json"))
    shop.git("worktree", "add", "-q", "--detach", str(shop.path.parent / "second"), "feature")
    wire(judged("predict", shop.path.parent / "second", "--format", "json"))

    assert len(list(cache.iterdir())) == 1


def test_a_posted_diff_is_judged_on_top_of_the_base(judged, shop, tmp_path):
    """The diff of the branch, posted, has the features that the branch has, but for what only commits tell."""
    patch = tmp_path / "change.patch"
    patch.write_text(shop.git("diff", "main", "feature") + "\n")
    posted = wire(judged("predict", shop.path, "--diff", patch, "--base", "main", "--format", "json"))
    branch = wire(judged("predict", shop.path, "--format", "json"))

    assert posted["head"] is None
    assert posted["base"] == branch["base"]
    assert [f["path"] for f in posted["files"]] == ["billing/charging.py"]
    assert posted["probability"] == branch["probability"]


def test_a_diff_comes_from_standard_input_too(process, shop, model):
    """``git diff | riskml predict --diff -``."""
    patch = shop.git("diff", "main", "feature").encode() + b"\n"
    ran = process("predict", shop.path, "--diff", "-", "--base", "main", "--format", "json", "--artifact", model, stdin=patch)

    assert [f["path"] for f in wire(ran)["files"]] == ["billing/charging.py"]


def test_failed_tests_hold_the_release(judged, shop, tmp_path):
    """The built-in guardrail: a failed test is held whatever the score, the first stage waits, and the reason is told."""
    report = tmp_path / "report.xml"
    report.write_text(FAILED)
    found = wire(judged("predict", shop.path, "--junit", report, "--format", "json"))

    assert found["hold"] is True
    assert found["plan"]["hold"] == ["tests failed"]
    assert found["plan"]["stages"][0]["approval"] == "manual"
    assert any(r["feature"] == "tests_failed" and r["value"] == 1 for r in found["reasons"])
    report.write_text(PASSED)
    passed = wire(judged("predict", shop.path, "--junit", report, "--format", "json"))
    assert (passed["hold"], passed["plan"]["hold"]) == (False, [])
    assert passed["probability"] < found["probability"]
    assert "tests_run" not in passed["unknown"]


def test_no_report_is_unknown_and_not_a_pass(judged, shop):
    """What was not given is named in ``unknown`` and in a note."""
    found = wire(judged("predict", shop.path, "--format", "json"))

    assert {"tests_run", "coverage_changed_lines", "tests_failed"} <= set(found["unknown"])
    assert "no test report was given: whether tests pass is unknown" in found["notes"]


def test_coverage_of_a_namesake_is_not_taken_for_the_changed_files(riskml, shop, tmp_path):
    """All files of the tree are candidates, so that coverage of ``tools/setup.py`` says nothing of ``setup.py``."""
    shop.commit("Tools", {"tools/setup.py": "a = 1\nb = 2\n"})
    shop.git("branch", "-f", "main")
    shop.commit("Set up", {"setup.py": "x = 1\ny = 2\n"})
    report = tmp_path / "lcov.info"
    report.write_text("SF:/ci/build/tools/setup.py\nDA:1,1\nDA:2,1\nend_of_record\n")
    other = riskml("features", shop.path, "--coverage", report)
    report.write_text("SF:/ci/build/setup.py\nDA:1,1\nDA:2,0\nend_of_record\n")
    own = riskml("features", shop.path, "--coverage", report)

    assert other.json["features"]["coverage_changed_lines"] is None
    assert own.json["features"]["coverage_changed_lines"] == pytest.approx(0.5)


def test_what_a_report_could_not_tell_becomes_a_note(judged, shop, tmp_path):
    """Coverage that fits two files, or none, is told and not guessed at."""
    report = tmp_path / "lcov.info"
    report.write_text("SF:/elsewhere/no_such.py\nDA:1,1\nend_of_record\n")
    found = wire(judged("predict", shop.path, "--coverage", report, "--format", "json"))

    assert any("not in the repository" in note and "no_such.py" in note for note in found["notes"])


POLICY = "version: 1\nrules:\n  - when: {score: '> 0.9'}\n    strategy: blue-green\n  - strategy: {strategy}\n"


def policy(strategy: str) -> str:
    """Write a policy that releases everything that is not very risky in one way."""
    return POLICY.replace("{strategy}", strategy)


def test_a_given_policy_decides(judged, shop, tmp_path):
    """``--policy`` wins over the repository's own."""
    file = tmp_path / "policy.yaml"
    file.write_text(policy("full"))

    assert wire(judged("predict", shop.path, "--policy", file, "--format", "json"))["strategy"] == "full"


def test_a_change_does_not_edit_its_own_judge(judged, shop):
    """The policy is read at the base; that the change edits it is told; the next change is judged by the new one."""
    shop.git("switch", "-q", "main")
    shop.commit("Policy", {".riskml/policy.yaml": policy("blue-green")})
    shop.git("switch", "-q", "-c", "sneaky")
    shop.commit("Release at once", {".riskml/policy.yaml": policy("full"), "a.py": "x = 1\n"})
    sneaky = wire(judged("predict", shop.path, "--format", "json"))
    shop.git("switch", "-q", "main")
    shop.merge("sneaky")
    shop.git("switch", "-q", "-c", "later")
    shop.commit("Later", {"a.py": "x = 2\n"})
    later = wire(judged("predict", shop.path, "--format", "json"))

    assert sneaky["strategy"] == "blue-green"
    assert sneaky["policy"]["name"] == ".riskml/policy.yaml"
    assert any("edits .riskml/policy.yaml" in n and "judged" in n and "at its base" in n for n in sneaky["notes"])
    assert later["strategy"] == "full"
    assert not any(".riskml" in n for n in later["notes"])
    assert sneaky["policy"]["version"] != later["policy"]["version"]


def test_a_first_policy_counts_from_the_next_change_on(judged, shop):
    """The change that brings the policy is judged by the founding rule."""
    shop.commit("Policy", {".riskml/policy.yaml": policy("full")})
    found = wire(judged("predict", shop.path, "--format", "json"))

    assert found["policy"]["name"] == "default"
    assert any("edits .riskml/policy.yaml" in n for n in found["notes"])


def test_a_service_moves_the_score_and_not_the_probability(judged, shop, tmp_path):
    """Impact halves the score; the probability is the model's."""
    file = tmp_path / "service.yaml"
    file.write_text("name: checkout\nimpact: 0.5\n")
    found = wire(judged("predict", shop.path, "--service", file, "--format", "json"))

    assert found["score"] == pytest.approx(found["probability"] / 2)


def fail_on(judged: Any, shop: Any, *options: object) -> tuple[int, ...]:
    """Run once with each level of ``--fail-on``."""
    levels = ("never", "block", "high", "unknown")
    return tuple(judged("predict", shop.path, *options, "--fail-on", level).code for level in levels)


def test_fail_on_turns_a_decision_into_an_exit_code(judged, shop, tmp_path):
    """0 pass, 10 high, 20 held, 30 unknown, and only as far as asked for."""
    assert fail_on(judged, shop) == (0, 0, 0, 0)
    report = tmp_path / "r.xml"
    report.write_text(FAILED)
    assert fail_on(judged, shop, "--junit", report) == (0, 20, 20, 20)
    shop.commit("Big", {"big.py": "".join(f"x{n} = {n}\n" for n in range(300))})
    assert fail_on(judged, shop) == (0, 0, 10, 10)


def test_a_policy_that_only_advises_does_not_block(judged, shop, tmp_path):
    """In mode ``advise`` the reasons of a hold are shown, and no job fails."""
    report, file = tmp_path / "r.xml", tmp_path / "p.yaml"
    report.write_text(FAILED)
    file.write_text("mode: advise\n" + policy("rolling"))
    ran = judged("predict", shop.path, "--junit", report, "--policy", file, "--fail-on", "block", "--format", "json")

    assert ran.code == 0
    assert ran.json["plan"]["hold"] == ["tests failed"]


def test_one_judgement_can_be_written_in_several_formats(judged, shop, tmp_path):
    """``--also`` writes the same decision, by its id."""
    also = [f"--also={shape}={tmp_path}/a.{shape}" for shape in ("markdown", "json")]
    ran = judged("predict", shop.path, "--format", "json", *also)

    assert json.loads((tmp_path / "a.json").read_text()) == wire(ran)
    assert "|" in (tmp_path / "a.markdown").read_text()


@pytest.mark.parametrize("variables", [
    {"GIT_DIR": "/nowhere"}, {"GIT_WORK_TREE": "/tmp"}, {"GIT_INDEX_FILE": "/nowhere"}, {"GIT_TRACE": "1"},
    {"GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "core.bare", "GIT_CONFIG_VALUE_0": "true"},
    {"GIT_EXTERNAL_DIFF": "false"}, {"GIT_CEILING_DIRECTORIES": "/"},
], ids=lambda variables: next(iter(variables)))
def test_a_hook_may_run_it(process, shop, model, variables):
    """Git sets variables for its hooks; none of them changes what is scored."""
    plain = process("predict", shop.path, "--artifact", model, "--format", "json")
    hooked = process("predict", shop.path, "--artifact", model, "--format", "json", env=variables)

    assert same(wire(hooked), wire(plain), "base", "head", "score", "files", "reasons", "notes")
