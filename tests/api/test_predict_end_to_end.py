"""The whole way with the bundled model: a real process, the real client, a real repository, three forms of one change."""

import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from riskml.client import ReportFile, RiskClient
from riskml.errors import ArtifactCorrupt, NotFound, RenderRefused, UnknownFeature, UnknownRef
from riskml.features.catalogue import extract
from riskml.features.feature import Evidence
from riskml.local import Workspace
from riskml.model.artifact import bundled_path
from riskml.plan import from_json

ROOT = Path(__file__).resolve().parents[2]
Repository = Any
"""The ``TinyRepository`` of tests/conftest.py."""


@pytest.fixture
def shop(make_repo: Callable[..., Repository]) -> Repository:
    """Build a repository with a past and a branch."""
    repo = make_repo("shop")
    for n in range(12):
        charge = f"def charge():\n    return {n}\n" * (n + 1)
        repo.commit(f"fix: rounding {n}" if n % 3 else "feat: pay", {"billing/charge.py": charge})
    repo.git("checkout", "-q", "-b", "feature")
    body = "def pay(order):\n    if order.total > 0:\n        try:\n            send(order)\n        except IOError:\n"
    repo.commit("feat: pay in rates", {"billing/charge.py": body * 30, "billing/rates.py": body * 10})
    repo.git("checkout", "-q", "main")
    return repo


@pytest.fixture
def client(shop: Repository, tmp_path: Path) -> Iterator[RiskClient]:
    """Start the service with the bundled model and a mirror, and connect to it."""
    try:
        bundled_path()
    except ArtifactCorrupt as error:
        pytest.skip(str(error))
    clean = {key: value for key, value in os.environ.items() if not key.startswith("RISKML_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "api", "--port", "0"], cwd=ROOT, text=True, stderr=subprocess.PIPE,
        env=clean | {"RISKML_STORE": f"sqlite:///{tmp_path}/riskml.db", "RISKML_STATE": str(tmp_path / "state"),
                     "RISKML_REPOSITORIES": f"acme/shop={shop.path}"})
    assert process.stderr is not None
    try:
        url = next((found[0] for line in process.stderr if (found := re.search(r"http://127\.0\.0\.1:\d+", line))), None)
        assert url, "the service did not start"
        threading.Thread(target=process.stderr.read, daemon=True).start()
        with RiskClient(url) as opened:
            yield opened
    finally:
        process.terminate()
        process.wait(timeout=40)


def test_one_change_in_three_forms_is_one_risk(client: RiskClient, shop: Repository, tmp_path: Path):
    """Base and head, a posted diff, and features computed here: the same probability, to the last digit."""
    from riskml.adapters.git import GitRepository

    ranged = client.predict({"repository": "acme/shop", "base": "main", "head": "feature"})
    workspace = Workspace(GitRepository.open(shop.path), tmp_path / "own")
    change = workspace.change("main", "feature", now=0)
    vector = extract(Evidence(change, workspace.past(change.base).view))
    sent = client.predict({"repository": "acme/shop", "head": change.head,
                           "features": {name: value for name, value in vector.items() if value == value}})
    commit = {"sha": change.head, "message": change.message, "authored_at": shop.git("log", "-1", "--format=%cI", "feature")}
    diff = shop.git("diff", "--full-index", "main...feature") + "\n"
    posted = client.predict({"repository": "acme/shop", "base": "main", "diff": diff, "commits": [commit]})
    assert ranged["probability"] == sent["probability"] == posted["probability"]
    assert 0 < ranged["lower"] <= ranged["probability"] <= ranged["upper"] < 1
    assert ranged["base_rate"] == client.model()["base_rate"]
    assert {f["path"] for f in ranged["files"]} == {"billing/charge.py", "billing/rates.py"}
    assert sum(f["share"] for f in ranged["files"]) == pytest.approx(1)


def test_reports_are_taken_into_account(client: RiskClient):
    """A failing test holds the release, whatever its score."""
    junit = b'<testsuite name="s"><testcase name="a"><failure/></testcase></testsuite>'
    wire = client.predict({"repository": "acme/shop", "head": "feature"}, [ReportFile("junit", "TEST.xml", junit)])
    assert "tests_run" not in wire["unknown"]
    assert wire["plan"]["hold"]


def test_the_loop_from_answer_to_outcome(client: RiskClient):
    """Answer, plan, rendering, outcome: each found by what the one before said."""
    wire = client.predict({"repository": "acme/shop", "head": "feature"})
    assert client.assessment(wire["id"]) == wire
    plan = from_json(client.plan(wire["plan"]["plan_id"]))
    assert plan.subject.commit_sha == wire["head"]
    assert wire["plan"]["plan_id"] in client.render(plan.plan_id, "json")
    outcome = client.outcome({"repository": "acme/shop", "head": wire["head"], "outcome": "promoted",
                              "happened_at": "2026-11-24T10:00:00Z"})
    assert outcome["assessment_id"] == wire["id"]
    assert [a["id"] for a in client.assessments(repository="acme/shop", page=1)] == [wire["id"]]


def test_refusals_arrive_as_the_librarys_own(client: RiskClient):
    """The class and the words that the library would have raised here."""
    with pytest.raises(UnknownRef, match="nowhere"):
        client.predict({"repository": "acme/shop", "head": "nowhere"})
    with pytest.raises(UnknownFeature, match="lag"):
        client.predict({"repository": "acme/shop", "features": {"lag": 1}})
    with pytest.raises(NotFound, match="acme/shop"):
        client.predict({"repository": "acme/shp", "head": "main"})
    wire = client.predict({"repository": "acme/shop", "features": {"la": 1}})
    cannot = "flagger" if wire["strategy"] == "rolling" else "kubernetes"
    with pytest.raises(RenderRefused) as refusal:
        client.render(wire["plan"]["plan_id"], cannot)
    assert refusal.value.target == cannot


def test_a_batch_of_forms(client: RiskClient):
    """Forms may be mixed; a wrong one does not spoil the others."""
    items = client.predict_batch([{"repository": "acme/shop", "head": "feature"}, {"repository": "acme/shop"},
                                  {"repository": "acme/shop", "features": {"la": 3}}])
    assert [item["status"] for item in items] == [200, 422, 200]
