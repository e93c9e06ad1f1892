"""``riskml predict`` between two releases: a real repository with a merge, squashed commits, a revert and a migration."""

from __future__ import annotations

import json
from typing import Any

import pytest

from riskml.ci.wire import read_decision
from riskml.cli.predict import FORMATS

LONG = "".join(f"line {n}\n" for n in range(150))  # more than 100 lines are high for the small model


@pytest.fixture
def train(repo: Any) -> Any:
    """Give a repository with the tags ``v1`` and ``v2``: a large change, a merged branch, small ones, one taken back."""
    repo.commit("Start", {"a.py": "x = 1\n", "README.md": "Shop\n"})
    repo.git("tag", "v1")
    repo.commit("Rewrite the core (#1)", {"core.py": LONG})
    repo.git("switch", "-q", "-c", "side")
    repo.commit("Add a cache", {"cache.py": "cache = {}\n"})
    repo.commit("Use it", {"a.py": "x = 2\n"})
    repo.git("switch", "-q", "main")
    repo.commit("Add a log (#2)", {"log.py": "log = []\n"})
    repo.merge("side", message="Merge pull request #3 from ada/side\n\nCache the prices\n")
    bad = repo.commit("Log it all (#4)", {"log.py": "log = [1]\n"})
    repo.git("revert", "--no-edit", bad)
    repo.git("tag", "-a", "-m", "Two", "v2")
    return repo


def test_two_tags_are_a_release(judged, train):
    """The contract's command gives it: each change that was merged, scored by itself, and what they are together."""
    ran = judged("predict", train.path, "--base", "v1", "--head", "v2", "--format", "json")
    found, release = ran.json, ran.json["release"]

    assert (ran.code, ran.err) == (0, "")
    assert found["base"] == train.git("rev-parse", "v1^{commit}")
    assert found["head"] == train.git("rev-parse", "v2^{commit}")
    assert {(c["subject"], c["kind"], c["commits"]) for c in release["ranked"]} == {
        ("Rewrite the core (#1)", "commit", 1), ("Add a log (#2)", "commit", 1), ("Cache the prices (#3)", "merge", 3)}
    assert [(c["subject"], c["by"]) for c in release["cancelled"]] == [("Log it all (#4)", found["head"])]
    well = 1.0
    for change in release["ranked"]:
        well *= 1 - change["probability"]
    assert found["probability"] == pytest.approx(1 - well)
    assert release["expected_harmful"] == pytest.approx(sum(c["probability"] for c in release["ranked"]))
    assert release["ranked"][0]["subject"] == "Rewrite the core (#1)"
    assert "ada" not in ran.out.lower()


def test_what_was_picked_over_to_the_base_is_out_already(judged, train):
    """A maintenance release that took a change over from the main line: it does not count once more."""
    log = train.git("log", "--format=%H", "--grep=Add a log", "main")
    train.git("switch", "-q", "-c", "maintenance", "v1")
    train.git("cherry-pick", log)
    train.git("tag", "v1.1")

    release = judged("predict", train.path, "--base", "v1.1", "--head", "v2", "--format", "json").json["release"]

    assert [c["subject"] for c in release["already_released"]] == ["Add a log (#2)"]
    assert {c["subject"] for c in release["ranked"]} == {"Rewrite the core (#1)", "Cache the prices (#3)"}


def test_each_change_has_the_score_that_it_has_alone(judged, train):
    """Point in time: as ``predict`` says of it against what it was merged into."""
    release = judged("predict", train.path, "--base", "v1", "--head", "v2", "--format", "json").json["release"]

    for change in release["ranked"]:
        alone = judged("predict", train.path, "--base", change["base"], "--head", change["commit"], "--format", "json").json
        assert "release" not in alone
        assert (alone["probability"], alone["lower"]) == (pytest.approx(change["probability"]), pytest.approx(change["lower"]))


def test_holding_back_what_is_risky_is_a_real_score(judged, train):
    """The rest of the release, tagged and judged, scores what the proposal says."""
    found = judged("predict", train.path, "--base", "v1", "--head", "v2", "--format", "json").json
    hold = next(s for s in found["release"]["splits"] if s["kind"] == "hold-back")
    rest, apart = hold["parts"]

    assert [s["subject"] for s in found["release"]["ranked"] if s["commit"] in apart["commits"]] == ["Rewrite the core (#1)"]
    assert found["lower_it"][0]["score"] == rest["score"] < found["score"]
    assert rest["score"] == pytest.approx(1 - (1 - found["probability"]) / (1 - apart["probability"]))
    assert (rest["strategy"], apart["strategy"]) != (found["strategy"], found["strategy"])


def test_a_range_of_branches_stays_one_change_unless_asked(judged, train):
    """A merge request of many commits is no release; ``--no-release`` makes one change of two tags, too."""
    branch = judged("predict", train.path, "--base", "v1", "--head", "main", "--format", "json").json
    tags = judged("predict", train.path, "--base", "v1", "--head", "v2", "--no-release", "--format", "json").json
    asked = judged("predict", train.path, "--base", "v1", "--release", "--format", "json").json

    assert "release" not in branch
    assert "release" not in tags
    assert branch["probability"] == tags["probability"] == asked["release"]["one_diff"]["probability"]
    assert len(asked["release"]["ranked"]) == 3


@pytest.mark.parametrize(("base", "head", "expected"), [
    ("v1", "refs/tags/v2", True), ("v1", "HEAD", False), ("v1", "side", False), ("main~2", "v2", False),
    ("origin/v1", "v2", False),
])
def test_only_tags_by_name_make_a_release_unasked(judged, train, base, head, expected):
    """A branch, a relative name or the remote's branch at either end is a merge request's."""
    train.git("update-ref", "refs/remotes/origin/v1", "v1")

    found = judged("predict", train.path, "--base", base, "--head", head, "--format", "json").json

    assert ("release" in found) is expected


def test_a_release_of_two_commits(judged, repo):
    """The smallest one that has something to combine."""
    repo.commit("Start", {"a.py": "x = 1\n"})
    repo.git("tag", "v1")
    repo.commit("One", {"a.py": "x = 2\n"})
    repo.commit("Two", {"b.py": LONG})
    repo.git("tag", "v2")

    ran = judged("predict", repo.path, "--base", "v1", "--head", "v2")

    assert ran.code == 0
    assert "2 changes, of which" in ran.out
    assert "hold back Two" in ran.out


@pytest.mark.parametrize("shape", FORMATS)
def test_every_format_shows_a_release(judged, train, shape):
    """Whatever reads a decision reads one about a release."""
    ran = judged("predict", train.path, "--base", "v1", "--head", "v2", "--format", shape)

    assert (ran.code, ran.err) == (0, "")
    assert ran.out.strip()
    if shape in ("text", "markdown", "html"):
        assert "Rewrite the core" in ran.out
        assert "3 changes" in ran.out


def test_the_gate_works_as_for_a_change(judged, train, tmp_path):
    """High warns, a guardrail that any change of the release meets blocks."""
    policy = tmp_path / "policy.yaml"
    policy.write_text("version: 1\nrules: [{strategy: rolling}]\nguardrails: [{when: {la: '> 100'}, reason: too large}]\n")
    release = ("predict", train.path, "--base", "v1", "--head", "v2", "--fail-on", "high")

    assert judged(*release).code == 10
    blocked = judged(*release, "--policy", policy)
    assert blocked.code == 20
    assert "too large" in blocked.out


def test_a_comment_can_be_made_of_a_release(judged, train):
    """What CI checks of a decision holds for it."""
    out = judged("predict", train.path, "--base", "v1", "--head", "v2", "--format", "json").out

    assert read_decision(out.encode())["release"]["ranked"]
    broken = json.loads(out)
    broken["release"]["ranked"][0]["share"] = "much"
    with pytest.raises(Exception, match=r"release\.ranked\[\]\.share"):
        read_decision(json.dumps(broken).encode())


def test_two_tags_of_one_commit_are_nothing_to_release(judged, train):
    """It is no mistake of a pipeline to ask: the answer passes, and tells no number."""
    ran = judged("predict", train.path, "--base", "v2", "--head", "v2", "--fail-on", "unknown")
    found = json.loads(judged("predict", train.path, "--base", "v2", "--head", "v2", "--format", "json").out)

    assert (ran.code, ran.out.splitlines()[0][:28]) == (0, "DECISION  nothing to release")
    assert (found["empty"], found["probability"], found["release"]["changes"]) == (True, None, 0)
    read_decision(json.dumps(found).encode())


@pytest.mark.parametrize(("args", "said"), [
    (("--base", "v2", "--head", "v1"), "the base is later than the head at --base, --head: got 'v2..v1'; expected the earlier"),
    (("--base", "v1", "--head", "orphan", "--release"), "no common ancestor: got 'v1 and orphan'; expected"),
    (("--release",), "a release of what at --release: got 'no --base'; expected --base REF"),
    (("--release", "--base", "v1", "--diff", "-"), "a release is a range of a repository at --diff: got '-'"),
    (("--release", "--base", "v1", "--server", "http://x"),
     "a release is judged here, change by change, and not by a service at --server: got 'http://x'; expected no --server"),
    (("--base", "v1", "--head", "v2", "--server", "http://x"), "or --no-release to let the service judge base..head as one"),
    (("--release", "--base", "v3"), "got 'v3'"),
])
def test_what_is_no_release_is_refused_in_four_parts(judged, train, args, said):
    """What, where, what was got, what would be right."""
    train.git("switch", "-q", "--orphan", "orphan")
    train.commit("Begin anew", {"b.py": "1\n"})

    ran = judged("predict", train.path, *args)

    assert ran.code == 2
    assert said in ran.err
    assert ran.out == ""
