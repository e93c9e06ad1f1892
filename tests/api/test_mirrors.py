"""Changes of repositories that the service keeps: base and head, and history behind a posted diff."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from api.mirrors import Mirrors
from riskml.errors import NotFound, UsageError

Repository = Any
"""The ``TinyRepository`` of tests/conftest.py."""


@pytest.fixture
def shop(make_repo: Callable[..., Repository]) -> Repository:
    """Build a repository with fixes in its past, a branch with a change, and a policy of its own on main."""
    repo = make_repo("shop")
    for n in range(4):
        repo.commit(f"fix: pay {n}", {"pay.py": "x\n" * (n + 1), "README.md": "shop\n"})
    repo.git("checkout", "-q", "-b", "feature")
    repo.commit("feat: pay more", {"pay.py": "y\n" * 150})
    repo.git("checkout", "-q", "main")
    return repo


@pytest.fixture
def client(serve: Callable[..., TestClient], shop: Repository, tmp_path: Path) -> TestClient:
    """Serve with a mirror of the repository."""
    return serve(repositories=f"acme/shop={shop.path}", state=tmp_path / "state")


def test_a_range_is_judged_with_its_history(client: TestClient, shop: Repository):
    """Base and head by name: the files, the past of the files, the ids of both ends; nothing about the past is unknown."""
    answer = client.post("/predict", json={"repository": "acme/shop", "base": "main", "head": "feature"})
    assert answer.status_code == 200
    wire = answer.json()
    assert (wire["base"], wire["head"]) == (shop.git("rev-parse", "main"), shop.git("rev-parse", "feature"))
    assert wire["repository"] == "acme/shop"
    assert wire["files"] == [{"path": "pay.py", "share": 1.0}]
    assert "nuc" not in wire["unknown"]
    assert wire["strategy"] == "canary"


def test_the_base_may_be_left_out(client: TestClient):
    """The default branch is what changes go into."""
    both = client.post("/predict", json={"repository": "acme/shop", "base": "main", "head": "feature"}).json()
    alone = client.post("/predict", json={"repository": "acme/shop", "head": "feature"}).json()
    assert alone["base"] == both["base"]
    assert alone["probability"] == both["probability"]


def test_a_posted_diff_gets_the_history_of_its_mirror(client: TestClient, shop: Repository):
    """The same change sent as a diff is judged as the same change."""
    diff = shop.git("diff", "main...feature") + "\n"
    commit = {"sha": shop.git("rev-parse", "feature"), "message": "feat: pay more", "authored_at": "2023-11-15T03:13:20Z"}
    posted = client.post("/predict", json={"repository": "acme/shop", "base": "main", "diff": diff, "commits": [commit]}).json()
    ranged = client.post("/predict", json={"repository": "acme/shop", "base": "main", "head": "feature"}).json()
    assert "nuc" not in posted["unknown"]
    assert posted["probability"] == ranged["probability"]
    assert posted["head"] == ranged["head"]


def test_what_is_pushed_is_seen_without_a_restart(client: TestClient, shop: Repository):
    """The next request mines what is new."""
    client.post("/predict", json={"repository": "acme/shop", "head": "feature"})
    new = shop.commit("fix: more", {"pay.py": "z\n"})
    shop.git("checkout", "-q", "-b", "later")
    head = shop.commit("feat: later", {"pay.py": "zz\n"})
    shop.git("checkout", "-q", "main")
    wire = client.post("/predict", json={"repository": "acme/shop", "base": "main", "head": "later"}).json()
    assert (wire["base"], wire["head"]) == (new, head)


def test_the_repositorys_own_policy_holds_as_of_the_base(client: TestClient, shop: Repository):
    """What stands at the base decides; a change cannot edit its own judge; a policy asked for by name comes first."""
    shop.commit("chore: policy", {".riskml/policy.yaml": "version: 1\nrules: [{strategy: blue-green, stage: 2}]\n"})
    shop.git("checkout", "-q", "-b", "sly")
    shop.commit("feat: sly", {".riskml/policy.yaml": "version: 1\nrules: [{strategy: rolling}]\n", "pay.py": "q\n" * 200})
    shop.git("checkout", "-q", "main")
    wire = client.post("/predict", json={"repository": "acme/shop", "base": "main", "head": "sly"}).json()
    assert wire["strategy"] == "blue-green"
    older = client.post("/predict", json={"repository": "acme/shop", "base": "main", "head": "feature"}).json()
    assert older["strategy"] == "canary"


@pytest.mark.parametrize("change", [{"head": "nowhere"}, {"head": "feature", "base": "--upload-pack=x"},
                                    {"head": "main..feature"}])
def test_refs_that_mean_nothing_are_refused(client: TestClient, change: dict[str, str]):
    """Unknown names, options in disguise and ranges are refused as refs."""
    answer = client.post("/predict", json={"repository": "acme/shop"} | change)
    assert answer.status_code == 422
    assert answer.json()["type"] == "urn:riskml:problem:unknown-ref"


def test_an_unknown_repository_names_the_ones_there_are(client: TestClient):
    """404 with the nearest keys."""
    answer = client.post("/predict", json={"repository": "acme/shp", "head": "main"})
    assert answer.status_code == 404
    assert "acme/shop" in answer.json()["expected"]


def test_a_directory_of_bare_repositories_serves_them_by_their_place(serve: Callable[..., TestClient], shop: Repository,
                                                                     tmp_path: Path):
    """``ROOT/acme/shop.git`` answers to ``acme/shop``."""
    root = tmp_path / "git"
    (root / "acme").mkdir(parents=True)
    subprocess.run(["git", "clone", "-q", "--bare", str(shop.path), str(root / "acme" / "shop.git")], check=True)
    client = serve(repositories=str(root), state=tmp_path / "state")
    assert client.post("/predict", json={"repository": "acme/shop", "base": "main", "head": "feature"}).status_code == 200
    assert client.post("/predict", json={"repository": "acme/none", "head": "main"}).status_code == 404


@pytest.mark.parametrize("key", ["../secret", "acme/../../secret", "/etc", "a//b", ".", "..", "", "a\x00b", "-x"])
def test_a_key_never_leads_out_of_the_directory(tmp_path: Path, key: str):
    """Keys are names, not paths."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "HEAD").write_text("")
    (tmp_path / "root").mkdir()
    mirrors = Mirrors(root=tmp_path / "root")
    assert mirrors.find(key) is None
    with pytest.raises(NotFound):
        mirrors.get(key)


@pytest.mark.parametrize(("text", "words"), [("a=/nowhere", "/nowhere"), ("a=", "not KEY=PATH"), ("../a=/tmp", "not KEY=PATH"),
                                             ("/nowhere/at/all", "no such directory"), ("a=/,a=/", "each key once")])
def test_a_setting_that_makes_no_sense_is_refused(text: str, words: str):
    """At the start, by name."""
    with pytest.raises(UsageError, match=words):
        Mirrors.read(text)
