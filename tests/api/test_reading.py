"""Finding again what was answered: assessments, plans, renderings, outcomes."""

from collections.abc import Callable

import pytest
import yaml
from starlette.testclient import TestClient

from api.schemas import AssessmentsOut, OutcomeOut
from riskml.plan import from_json

FEATURES = {"repository": "acme/shop", "features": {"la": 120.0, "nuc": 3.0}}
ROLLED_BACK = {"outcome": "rolled-back", "happened_at": "2026-11-24T10:00:00Z", "stage": "p5", "source": "flagger"}


@pytest.fixture
def answered(client: TestClient) -> dict[str, object]:
    """Assess one change."""
    wire: dict[str, object] = client.post("/predict", json=FEATURES).json()
    return wire


def plan_id(wire: dict[str, object]) -> str:
    """Give the id of the plan of an answer."""
    plan = wire["plan"]
    assert isinstance(plan, dict)
    return str(plan["plan_id"])


def test_an_assessment_is_read_back_word_for_word(client: TestClient):
    """The stored answer is the answer, byte for byte, under the address that the answer gave."""
    answer = client.post("/predict", json=FEATURES)
    assert client.get(answer.headers["location"]).content == answer.content


def test_a_browser_is_sent_to_the_page(client: TestClient, answered: dict[str, object]):
    """The same address serves programs and people."""
    path = f"/assessments/{answered['id']}"
    page = client.get(path, headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}, follow_redirects=False)
    assert (page.status_code, page.headers["location"]) == (303, f"{path}/page")
    assert client.get(path, headers={"accept": "application/json, text/html"}).headers["content-type"] == "application/json"


def test_lists_are_paged_by_a_cursor(client: TestClient):
    """Following ``next`` meets every assessment once, newest first."""
    ids = [client.post("/predict", json=FEATURES).json()["id"] for _ in range(5)]
    seen: list[str] = []
    cursor = None
    while True:
        page = client.get("/assessments", params={"limit": 2} | ({"cursor": cursor} if cursor else {}))
        AssessmentsOut.model_validate_json(page.content)
        seen += [item["id"] for item in page.json()["items"]]
        cursor = page.json()["next"]
        if cursor is None:
            break
    assert seen == sorted(ids, reverse=True)


def test_lists_are_filtered(client: TestClient, answered: dict[str, object]):
    """By repository and by time."""
    assert len(client.get("/assessments", params={"repository": "acme/shop"}).json()["items"]) == 1
    assert client.get("/assessments", params={"repository": "acme/other"}).json()["items"] == []
    assert client.get("/assessments", params={"since": "2999-01-01T00:00:00Z"}).json()["items"] == []
    assert len(client.get("/assessments", params={"since": str(answered["created_at"])}).json()["items"]) == 1


@pytest.mark.parametrize("query", ["limit=0", "limit=1000", "limit=x", "since=yesterday", "since=2026-01-01T00:00:00",
                                   "cursor=';--"])
def test_wrong_parameters_are_named(client: TestClient, query: str):
    """A query that makes no sense is a problem with the parameter's name."""
    answer = client.get(f"/assessments?{query}")
    assert answer.status_code == 422
    assert answer.json()["where"] == query.partition("=")[0]


def test_the_whole_plan_is_kept(client: TestClient, answered: dict[str, object]):
    """The plan reads back as a plan, with its digest intact."""
    plan = from_json(client.get(f"/plans/{plan_id(answered)}").json())
    assert plan.strategy == answered["strategy"]


def test_a_plan_is_rendered_for_a_target(client: TestClient, answered: dict[str, object]):
    """What is printed is what the deploy tool reads."""
    answer = client.get(f"/plans/{plan_id(answered)}/render", params={"target": "argo"})
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert any(document["kind"] == "Rollout" for document in yaml.safe_load_all(answer.text) if document)


@pytest.mark.parametrize(("query", "words"), [
    ("target=flager", "flagger"), ("target=kubernetes", "cannot express"), ("", "target"),
    ("target=argo&shape=round", "unknown option")])
def test_what_cannot_be_rendered_is_said(client: TestClient, answered: dict[str, object], query: str, words: str):
    """An unknown target, one that would lose something, a missing one, an unknown option."""
    answer = client.get(f"/plans/{plan_id(answered)}/render?{query}")
    assert answer.status_code == 422
    assert words in answer.text


def test_a_refusal_to_render_names_the_reason_and_who_can(client: TestClient, answered: dict[str, object]):
    """A canary is nothing for a plain Deployment; the code, the path and the nearest target are their own keys."""
    problem = client.get(f"/plans/{plan_id(answered)}/render", params={"target": "kubernetes"}).json()
    assert (problem["target"], problem["reason"]) == ("kubernetes", "unsupported_strategy")
    assert problem["nearest"]


@pytest.mark.parametrize("path", ["/assessments/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/plans/p-1", "/plans/p-1/render?target=json",
                                  "/nowhere", "/assessments/' OR 1=1 --"])
def test_what_is_not_there_is_a_problem(client: TestClient, path: str):
    """404, as a problem document."""
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_other_methods_are_refused_as_problems(client: TestClient):
    """405 with what is allowed."""
    answer = client.get("/predict")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_outcome_of_a_plan_finds_its_change(client: TestClient, answered: dict[str, object]):
    """The deploy tool knows the plan only; the outcome is tied to the assessment, with what it says of harm."""
    answer = client.post(f"/plans/{plan_id(answered)}/outcome", json=ROLLED_BACK)
    assert answer.status_code == 201
    OutcomeOut.model_validate_json(answer.content)
    kept = answer.json()
    assert (kept["assessment_id"], kept["plan_id"], kept["harm"]) == (answered["id"], plan_id(answered), True)
    assert kept["repository"] == "acme/shop"


def test_an_outcome_of_a_commit_finds_its_newest_assessment(client: TestClient):
    """Repository and head are enough; without an assessment the outcome waits, unmatched."""
    commit = {"sha": "a" * 40, "authored_at": "2026-11-23T08:00:00Z"}
    diff = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n"
    wire = client.post("/predict", json={"repository": "acme/shop", "diff": diff, "commits": [commit]}).json()
    about = ROLLED_BACK | {"repository": "acme/shop"}
    assert client.post("/outcomes", json=about | {"head": "a" * 40}).json()["assessment_id"] == wire["id"]
    unmatched = client.post("/outcomes", json=about | {"head": "b" * 40})
    assert (unmatched.status_code, unmatched.json()["assessment_id"]) == (201, None)


def test_a_repeated_outcome_is_kept_once(client: TestClient, answered: dict[str, object]):
    """Deploy tools send again; the second time answers 200 with the first row."""
    body = ROLLED_BACK | {"idempotency_key": "flagger-1"}
    first = client.post(f"/plans/{plan_id(answered)}/outcome", json=body)
    again = client.post(f"/plans/{plan_id(answered)}/outcome", json=body)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.content == again.content


@pytest.mark.parametrize(("body", "status"), [
    (ROLLED_BACK, 422), (ROLLED_BACK | {"plan_id": "p-9"}, 404), (ROLLED_BACK | {"assessment_id": "nope"}, 404),
    (ROLLED_BACK | {"repository": "a", "head": "a" * 40, "outcome": "exploded"}, 422),
    (ROLLED_BACK | {"repository": "a", "head": "main"}, 422),
    (ROLLED_BACK | {"repository": "a", "head": "a" * 40, "happened_at": "2026-11-24T10:00:00"}, 422),
])
def test_outcomes_of_nothing_or_of_no_known_kind_are_refused(client: TestClient, body: dict[str, object], status: int):
    """An outcome that cannot be tied to a change would never become a label."""
    assert client.post("/outcomes", json=body).status_code == status


def test_two_services_on_one_store_see_the_same(serve: Callable[..., TestClient]):
    """Replicas share nothing but the store."""
    one, two = serve(), serve()
    wire = one.post("/predict", json=FEATURES).json()
    assert two.get(f"/assessments/{wire['id']}").json() == wire
