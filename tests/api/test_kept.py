"""A mirror held ready answers as one that is opened anew, whatever was asked before; a posted diff knows its past from it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from math import isnan
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.kept import FRESH_S, Kept
from riskml.adapters.git import GitRepository
from riskml.change import FileDiff
from riskml.features.catalogue import GROUPS
from riskml.local import Workspace

POLICY = "version: 1\nrules:\n  - strategy: canary\n    initial_traffic: 5\n"


@pytest.fixture
def shop(repo: Any) -> Any:
    """Give a repository whose history has fixes, a rename, a binary file, a link and odd names, and a change on top of it."""
    for n in range(8):
        repo.commit(f"Fix bug #{n}" if n % 2 else "Change", {
            "pay.py": f"x = {n}\n" * (n + 1), "with space ü.py": f"y = {n}\n", "old.py": f"z = {n}\nz = 0\nlast",
            "blob.bin": bytes([0, 1, n])})
    (repo.path / "link").symlink_to("pay.py")
    repo.base = repo.commit("Add a policy", {".riskml/policy.yaml": POLICY})
    repo.git("mv", "old.py", "new.py")
    (repo.path / "link").unlink()
    (repo.path / "link").symlink_to("new.py")
    repo.head = repo.commit("Pay faster", {"pay.py": "x = 1\n" * 120, "with space ü.py": "y = 2\n", "added.py": "a = 1\n",
                                           "blob.bin": b"\0\2"})
    return repo


def posted(shop: Any) -> dict[str, Any]:
    """Make the request that CI sends: the diff as git writes it by default, and the commits it consists of."""
    diff = subprocess.run(["git", "diff", shop.base, shop.head], cwd=shop.path, check=True, capture_output=True,
                          env=shop.environment).stdout.decode()
    at = shop.git("show", "-s", "--format=%aI", shop.head)
    return {"repository": "acme/shop", "base": shop.base, "diff": diff,
            "commits": [{"sha": shop.head, "message": "Pay faster", "authored_at": at}]}


def features_of(client: TestClient, body: dict[str, Any]) -> dict[str, float]:
    """Ask, and read what the store has kept."""
    answer = client.post("/predict", json=body)
    assert answer.status_code == 200, answer.text
    row = client.app.state.service.store.assessments(limit=1)[0]  # type: ignore[attr-defined] # what FastAPI calls it
    found: dict[str, float] = json.loads(row.features)
    return found


def test_a_posted_diff_has_every_feature_of_the_commit_itself(serve: Callable[..., TestClient], shop: Any, tmp_path: Path):
    """With a mirror, CI need send only a diff: the vector is that of base and head, the past and the sizes included."""
    client = serve(repositories=f"acme/shop={shop.path}", state=tmp_path / "state")
    by_commit = features_of(client, {"repository": "acme/shop", "base": shop.base, "head": shop.head})
    for _ in range(2):
        assert features_of(client, posted(shop)) == by_commit
    assert by_commit["nuc"] == 33
    assert by_commit["prior_fixes"] == 16
    assert by_commit["lt"] is not None


def test_the_policy_of_the_base_decides_over_a_posted_diff(serve: Callable[..., TestClient], shop: Any, tmp_path: Path):
    """As for a commit of the mirror; asked twice, it is the same."""
    client = serve(repositories=f"acme/shop={shop.path}", state=tmp_path / "state")
    for _ in range(2):
        found = client.post("/predict", json=posted(shop)).json()
        assert (found["strategy"], found["initial_traffic"]) == ("canary", 5)
    before = shop.git("rev-parse", f"{shop.base}~1")
    assert client.post("/predict", json=posted(shop) | {"base": before}).json()["policy"]["name"] == "default"


def test_without_a_mirror_what_a_diff_cannot_tell_is_named(serve: Callable[..., TestClient], shop: Any):
    """No past and no lengths: unknown in the store, named in the answer, and no band low."""
    client = serve()
    found = features_of(client, posted(shop))
    past = [feature.name for group in GROUPS if group.name == "past" for feature in group.features]
    assert {name for name in past if found[name] is not None} == set()
    assert found["relative_churn"] is None
    answer = client.post("/predict", json=posted(shop)).json()
    assert "nuc" in answer["unknown"]
    assert any("no history" in note for note in answer["notes"])


def test_what_is_held_is_what_is_read_anew(shop: Any, tmp_path: Path):
    """Past, recent changes, policy: for every commit, in any order, and again after the history has grown."""
    kept = Kept(shop.path, tmp_path / "kept")
    commits = shop.git("rev-list", "HEAD").split()
    for round_ in range(2):
        for commit in [*commits[3:], *commits[::-1], *commits]:
            fresh = Workspace(GitRepository.open(shop.path), tmp_path / "fresh")
            past, anew = kept.past(commit), fresh.past(commit)
            assert past.view is not None
            assert anew.view is not None
            assert past.view.file("pay.py", 0) == anew.view.file("pay.py", 0)
            assert past.view.missing_cochanges(["pay.py"], 0) == anew.view.missing_cochanges(["pay.py"], 0)
            assert [as_text(v) for v in past.recent] == [as_text(v) for v in anew.recent]
            assert (kept.policy(commit) is None) == (fresh.policy(commit) is None)
        commits.insert(0, shop.commit(f"Fix bug #9{round_}", {"pay.py": "x = 3\n"}))


def as_text(vector: Any) -> dict[str, str]:
    """Make NaN equal to itself."""
    return {name: repr(value) for name, value in vector.items() if not isnan(value)}


def test_lengths_are_those_of_the_base_and_asked_once(shop: Any, tmp_path: Path):
    """By blob or by path; what is no text or missing has none, whatever the name; a link is the line that it holds."""
    kept = Kept(shop.path, tmp_path / "kept")
    blob = shop.git("rev-parse", f"{shop.base}:pay.py")
    files = [FileDiff("pay.py", "pay.py", old_blob=blob), FileDiff("with space ü.py", "with space ü.py"),
             FileDiff("new.py", "old.py", "R"), FileDiff("blob.bin", "blob.bin"), FileDiff("gone.py", "gone.py"),
             FileDiff("a missing", "a missing"), FileDiff("two\nlines", "two\nlines"),
             FileDiff("link", "link", old_mode=0o120000)]
    expected = {"pay.py": 8, "with space ü.py": 1, "new.py": 3, "blob.bin": None, "gone.py": None, "a missing": None,
                "link": 1}
    assert kept.lines_before(files, shop.base) == expected
    assert kept.policy(shop.base) is not None
    (shop.path / ".git" / "objects").rename(shop.path / "away")
    assert kept.lines_before(files, shop.base) == expected


def test_the_default_branch_is_looked_up_again_after_a_while(shop: Any, tmp_path: Path):
    """Its tip moves; a full id never does."""
    now = [0.0]
    kept = Kept(shop.path, tmp_path / "kept", clock=lambda: now[0])
    assert kept.base(None) == shop.git("rev-parse", "HEAD~1"), "HEAD is the default branch's own tip: its last change is meant"
    shop.commit("More", {"pay.py": "x = 9\n"})
    assert kept.base(None) == shop.base
    now[0] += FRESH_S + 1
    assert kept.base(None) == shop.head
    assert kept.base("main") == shop.git("rev-parse", "main")


def test_a_trackers_export_may_come_be_replaced_and_be_spoilt(shop: Any, tmp_path: Path):
    """What it tells counts at once; without it, that part of the past is unknown; half a file unteaches nothing."""
    export = tmp_path / "shop.csv"
    tip = shop.commit("SHOP-4 Count right", {"pay.py": "x = 4\n"})
    kept = Kept(shop.path, tmp_path / "kept", export)

    def repairs() -> Any:
        view = kept.past(tip).view
        assert view is not None
        told = view.reported(["pay.py"], 2_000_000_000)
        return None if told is None else told.repairs

    assert repairs() is None
    export.write_text("issue,type\nSHOP-4,Bug\n")
    assert repairs() == (1,)
    export.write_text("issue,typ")
    assert repairs() == (1,)
    export.write_text("issue,type\nSHOP-4,Story,\n")
    assert repairs() == (0,)
    export.unlink()
    assert repairs() is None


def test_recent_changes_are_compared_by_what_the_tracker_tells_now(shop: Any, tmp_path: Path):
    """Their vectors are remembered by commit, and not beyond the export that made them."""
    export = tmp_path / "shop.csv"
    shop.commit("SHOP-4 Count right", {"pay.py": "x = 4\n"})
    tip = shop.commit("SHOP-5 Count on", {"pay.py": "x = 5\n"})
    kept = Kept(shop.path, tmp_path / "kept", export)

    assert isnan(kept.past(tip).recent[0]["reported_fixes"])
    export.write_text("issue,type\nSHOP-4,Bug\n")
    assert kept.past(tip).recent[0]["reported_fixes"] == 1
    export.unlink()
    assert isnan(kept.past(tip).recent[0]["reported_fixes"])
