"""Every webhook gives exactly one outcome of the right change, on both databases: twice, late, out of order, or forged."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.api.conftest import World, make_world, model  # noqa: F401 - fixtures
from tests.riskml.parse.hooks.payloads import alert, alertmanager, argo, flagger, github, gitlab

SECRET = "a secret of GitHub and of GitLab"
RESTARTED = "New revision detected! Restarting analysis for product.prod"
SKIPPED = "Promotion completed! Canary analysis was skipped for product.prod"
FAILED = 'metric "riskml-verdict" assessed Failed due to failed (1) > failureLimit (0)'


@pytest.fixture
def world(make_world: Callable[..., World], url: str, tmp_path: Path) -> World:  # noqa: F811 - the fixture
    """Start a service on an empty store of either kind, with the secrets of both forges."""
    (tmp_path / "secret").write_text(SECRET + "\n")
    return make_world(store=url, github_secret_file=tmp_path / "secret", gitlab_token_file=tmp_path / "secret")


def send(world: World, path: str, body: bytes, **headers: str) -> httpx.Response:
    """Post a webhook with what its tool proves itself by."""
    if path == "github":
        digest = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-GitHub-Event": "deployment_status", "X-Hub-Signature-256": f"sha256={digest}"} | headers
    if path == "gitlab":
        headers = {"X-Gitlab-Token": SECRET, "X-Gitlab-Event": "Deployment Hook"} | headers
    return world.client.post(f"/webhooks/{path}", content=body, headers={"content-type": "application/json"} | headers)


ENDS = [
    ("flagger/post-rollout", flagger("Succeeded"), "promoted"),
    ("flagger/post-rollout", flagger("Failed"), "rolled-back"),
    ("flagger/event", flagger(message="Promotion of product.prod failed, primary not ready: x"), "promotion-stuck"),
    ("flagger/event", flagger(message="Rolling back product.prod progress deadline exceeded x"), "deploy-failed"),
    ("flagger/event", flagger(message="New revision detected! Restarting analysis for product.prod"), "superseded"),
    ("argo", argo("completed"), "promoted"),
    ("argo", argo("aborted", FAILED), "rolled-back"),
    ("alertmanager", alertmanager(alert(riskml_plan_id="p-canary", riskml_action="rollback")), "incident"),
    ("alertmanager", alertmanager(alert(commit="abcdef1234567" + "0" * 27, repository="acme/shop")), "incident"),
    ("github", github("success"), "promoted-unverified"),
    ("github", github("success", repository="fork/shop"), "promoted-unverified"),
    ("github", github("failure", payload={"riskml_plan_id": "p-canary"}, sha="0" * 40), "deploy-failed"),
    ("gitlab", gitlab("success"), "promoted-unverified"),
]


@pytest.mark.parametrize(("path", "body", "happened"), ENDS, ids=[f"{path}-{h}" for path, _, h in ENDS])
def test_one_webhook_is_one_outcome_however_often_it_is_sent(world: World, path: str, body: bytes, happened: str) -> None:
    """Retries change nothing; the outcome is tied to the assessment by plan or commit, with its source and confidence."""
    first, again = send(world, path, body), send(world, path, body)
    assert (first.status_code, again.status_code) == (200, 200), first.text
    assert first.json() == again.json()
    (outcome,) = first.json()["outcomes"]
    assert (outcome["outcome"], outcome["assessment_id"], outcome["repository"]) == (happened, world.assessment_id, "acme/shop")
    assert outcome["source"] == path.partition("/")[0]
    assert 0 < outcome["confidence"] <= 1
    assert world.outcomes() == [happened]
    assert world.store.verify_audit().ok


def label(world: World) -> tuple[bool | None, str]:
    """Ask for the label of the change, a month later."""
    world.clock.forward(days=30)
    found = world.client.get(f"/assessments/{world.assessment_id}/label").json()
    return found["harm"], found["why"]


def test_failed_does_not_mean_rolled_back_when_the_promotion_got_stuck(world: World) -> None:
    """Flagger says Failed and routes all traffic to the new version: no label, whichever message comes first."""
    send(world, "flagger/post-rollout", flagger("Failed"))
    assert send(world, "flagger/event", ENDS[2][1]).status_code == 200
    assert label(world) == (None, "censored: promotion-stuck")


def test_failed_is_harm_when_nothing_explains_it(world: World) -> None:
    """The checks failed: the change did harm."""
    send(world, "flagger/event", flagger(message="Rolling back product.prod failed checks threshold reached 5"))
    send(world, "flagger/post-rollout", flagger("Failed"))
    assert label(world) == (True, "rolled-back")


def test_a_restarted_run_is_censored_and_its_stages_begin_anew(world: World) -> None:
    """Another revision under the same plan: neither its promotion nor the first run labels the change."""
    for weight in (1, 10):
        send(world, "flagger/event", flagger(message=f"Advance product.prod canary weight {weight}", at_ms=ms(world)))
        world.clock.forward(minutes=5)
    assert progress(world)["stage"] == "p10"
    send(world, "flagger/event", flagger(message=RESTARTED, at_ms=ms(world)))
    assert (progress(world)["stage"], progress(world)["run"]) == (None, 1)
    world.clock.forward(minutes=5)
    send(world, "flagger/post-rollout", flagger("Succeeded", checksum="other"))
    assert label(world)[0] is None


def test_the_plan_that_a_new_plan_replaced_is_superseded(world: World) -> None:
    """The manifest changed with the image: the old plan's run is censored, the new one's is not."""
    old = flagger(message="Advance product.prod canary weight 1", at_ms=ms(world))
    send(world, "flagger/event", old)
    world.clock.forward(minutes=5)
    body = {"repository": "acme/shop", "head": "b" * 40, "features": {"la": 500.0}}
    new = world.client.post("/predict", json=body).json()
    plan_id = new["plan"]["plan_id"]
    restart = flagger(plan_id=plan_id, message=RESTARTED, at_ms=ms(world))
    for _ in range(2):
        send(world, "flagger/event", restart)
    assert world.outcomes() == ["superseded"]
    assert world.client.get(f"/plans/{plan_id}/progress").json()["run"] == 0
    send(world, "flagger/event", old)
    assert world.store.outcomes(assessment_id=new["id"]) == [], "a late message of the old plan replaces nothing"


def test_a_release_without_analysis_was_not_verified(make_world: Callable[..., World], url: str) -> None:  # noqa: F811
    """Succeeded after skipAnalysis: promoted, and nobody looked; event and end together are one outcome."""
    world = make_world("full", store=url)
    send(world, "flagger/event", flagger(plan_id=world.plan_id, message=SKIPPED))
    send(world, "flagger/post-rollout", flagger("Succeeded", plan_id=world.plan_id))
    assert world.outcomes() == ["promoted-unverified"]


def test_an_alert_switches_the_release_off_and_its_end_changes_nothing(world: World) -> None:
    """Alertmanager is the fastest way back: the next verdict is rollback, resolved or not."""
    about = {"riskml_plan_id": world.plan_id, "riskml_action": "rollback"}
    send(world, "alertmanager", alertmanager(alert(**about)))
    send(world, "alertmanager", alertmanager(alert("resolved", **about)))
    assert world.verdict("p1")["verdict"] == "rollback"
    assert world.outcomes() == ["incident"]


def test_late_messages_keep_their_own_time(world: World) -> None:
    """When it happened and when it was told are two things; a time in the future is not believed."""
    world.clock.forward(days=2)
    (late,) = send(world, "alertmanager", alertmanager(alert(riskml_plan_id=world.plan_id))).json()["outcomes"]
    assert (late["happened_at"], late["created_at"]) == ("2026-11-23T12:30:00Z", "2026-11-25T12:00:00Z")
    ahead = alertmanager(alert(riskml_plan_id=world.plan_id, at="2031-01-01T00:00:00Z"))
    assert send(world, "alertmanager", ahead).json()["outcomes"][0]["happened_at"] == "2026-11-25T12:00:00Z"


def test_what_cannot_be_tied_waits_until_it_is_settled(world: World) -> None:
    """No plan and no known commit: the list; settled once, for one change, and the label follows."""
    (told,) = send(world, "github", github("failure", sha="9" * 40)).json()["outcomes"]
    world.clock.forward(seconds=1)
    send(world, "alertmanager", alertmanager(alert(service="product")))
    assert told["assessment_id"] is None
    waiting = world.client.get("/outcomes/unmatched").json()
    assert [o["source"] for o in waiting["items"]] == ["github", "alertmanager"]
    assert waiting["next"] is None
    incident = waiting["items"][1]["id"]
    settle = f"/outcomes/unmatched/{incident}/settle"
    first = world.client.post(settle, json={"plan_id": world.plan_id})
    again = world.client.post(settle, json={"assessment_id": world.assessment_id})
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["settles"] == incident
    assert [o["source"] for o in world.client.get("/outcomes/unmatched").json()["items"]] == ["github"]
    assert label(world) == (True, "incident")


def test_an_outcome_is_settled_with_one_change_only(world: World) -> None:
    """Another change is a conflict; one that does not wait, or a plan that is none, is refused."""
    send(world, "alertmanager", alertmanager(alert(service="product")))
    id_ = world.client.get("/outcomes/unmatched").json()["items"][0]["id"]
    other = world.client.post("/predict", json={"repository": "acme/shop", "features": {"la": 1.0}}).json()["id"]
    settle = f"/outcomes/unmatched/{id_}/settle"
    assert world.client.post(settle, json={}).status_code == 422
    assert world.client.post(settle, json={"plan_id": "p-9"}).status_code == 404
    settled = world.client.post(settle, json={"assessment_id": world.assessment_id}).json()
    assert world.client.post(settle, json={"assessment_id": other}).status_code == 409
    assert world.client.post(f"/outcomes/unmatched/{settled['id']}/settle", json={"assessment_id": other}).status_code == 422


def test_an_outcome_that_comes_before_its_assessment_finds_it(world: World) -> None:
    """Out of order: the list empties by itself, and the label counts it."""
    send(world, "alertmanager", alertmanager(alert(commit="c" * 40, repository="acme/shop")))
    assert len(world.client.get("/outcomes/unmatched").json()["items"]) == 1
    made = world.client.post("/predict", json={"repository": "acme/shop", "head": "c" * 40, "features": {"la": 5.0}}).json()
    assert world.client.get("/outcomes/unmatched").json()["items"] == []
    assert world.client.get(f"/assessments/{made['id']}/label").json()["harm"] is True


@pytest.mark.parametrize(("path", "body", "headers", "status"), [
    ("github", github(), {"X-Hub-Signature-256": "sha256=" + "0" * 64}, 401),
    ("github", github(), {"X-Hub-Signature-256": ""}, 401),
    ("gitlab", gitlab(), {"X-Gitlab-Token": "guessed"}, 401),
    ("flagger/rollback", flagger(plan_digest="0" * 64), {}, 403),
    ("flagger/post-rollout", flagger("Failed", plan_digest="0" * 64), {}, 403),
])
def test_a_forged_webhook_is_refused_and_leaves_nothing(world: World, path: str, body: bytes, headers: dict[str, str],
                                                       status: int) -> None:
    """A wrong signature, token or digest: a problem document, and no row."""
    answer = send(world, path, body, **headers)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert world.outcomes() == []
    assert world.store.steps(world.plan_id) == []


def ms(world: World) -> int:
    """Tell the time as Flagger does."""
    return int(world.clock.now.timestamp() * 1000)


def progress(world: World) -> dict[str, object]:
    """Ask how far the release has come."""
    return world.client.get(f"/plans/{world.plan_id}/progress").json()
