"""POST /predict: three forms, one answer, one stored row, and refusals that name the key."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from api.schemas import AssessmentOut

DIFF = "diff --git a/pay.py b/pay.py\n--- a/pay.py\n+++ b/pay.py\n@@ -1,2 +1,2 @@\n same\n-old\n+new\n"
BIG = "".join(f"+line {n}\n" for n in range(200))
BIG_DIFF = f"diff --git a/pay.py b/pay.py\nnew file mode 100644\n--- /dev/null\n+++ b/pay.py\n@@ -0,0 +1,200 @@\n{BIG}"
FEATURES = {"repository": "acme/shop", "features": {"la": 120.0, "nuc": 3.0}}
JUNIT = (b'<testsuite name="s"><testcase name="a" classname="c" time="0.5"/>'
         b'<testcase name="b" classname="c"><failure message="x"/></testcase></testsuite>')


def rows(tmp_path: Path) -> int:
    """Count the assessments in the store."""
    return int(sqlite3.connect(tmp_path / "riskml.db").execute("SELECT count(*) FROM assessments").fetchone()[0])


def test_features_are_scored_explained_and_planned(client: TestClient):
    """The founding promise: a score above 0.7 goes out as a canary from one percent, with its reasons and its rule."""
    answer = client.post("/predict", json=FEATURES)
    assert answer.status_code == 200
    wire = answer.json()
    assert (wire["band"], wire["strategy"], wire["initial_traffic"]) == ("high", "canary", 1)
    assert wire["score"] == wire["probability"] == pytest.approx(0.8808, abs=1e-4)
    assert wire["plan"]["rules_fired"] == ["score > 0.7"]
    assert wire["reasons"][0]["feature"] == "la"
    assert wire["reasons"][0]["direction"] == "raises"
    AssessmentOut.model_validate_json(answer.content)


def test_a_diff_is_read_and_what_is_not_known_is_said(client: TestClient):
    """Without history the past is unknown, which is not low."""
    wire = client.post("/predict", json={"repository": "acme/shop", "diff": DIFF}).json()
    assert wire["band"] == "unknown"
    assert "nuc" in wire["unknown"]
    assert wire["files"] == [{"path": "pay.py", "share": 1.0}]


def test_a_large_diff_with_commits_gives_its_head(client: TestClient):
    """Commits beside a diff tell the head and the time; the size of the change decides the plan."""
    commit = {"sha": "a" * 40, "message": "feat: pay", "authored_at": "2026-11-23T08:00:00+01:00", "author": "Ada <a@b.org>"}
    wire = client.post("/predict", json={"repository": "acme/shop", "diff": BIG_DIFF, "commits": [commit]}).json()
    assert wire["head"] == "a" * 40
    assert wire["strategy"] == "canary"


def test_no_person_is_kept_or_answered(client: TestClient, tmp_path: Path):
    """Names and addresses of authors end in the process."""
    commit = {"sha": "a" * 40, "message": "m", "authored_at": "2026-11-23T08:00:00Z", "author": "Ada Lovelace <ada@b.org>"}
    answer = client.post("/predict", json={"repository": "acme/shop", "diff": DIFF, "commits": [commit]})
    assert b"ada" not in answer.content.lower()
    for name in ("riskml.db", "riskml.db-wal"):
        content = (tmp_path / name).read_bytes().lower() if (tmp_path / name).exists() else b""
        assert b"lovelace" not in content
        assert b"ada@" not in content


def test_the_context_of_the_service_scales_the_score(client: TestClient):
    """Impact lowers, weak detection raises; probability stays what it is."""
    wire = client.post("/predict", json=FEATURES | {"service": {"name": "checkout", "impact": 0.5}}).json()
    assert wire["score"] == pytest.approx(wire["probability"] / 2)
    assert wire["strategy"] == "blue-green"
    assert wire["stage"] == 2
    assert "initial_traffic" not in wire


def test_tests_as_json_and_as_junit_give_the_same_features(client: TestClient):
    """A report file beside the request is read as `riskml features` would have."""
    inline = [{"cases": [{"suite": "c", "name": "a", "outcome": "passed", "duration_s": 0.5},
                         {"suite": "c", "name": "b", "outcome": "failed"}]}]
    one = client.post("/predict", json={"repository": "acme/shop", "diff": DIFF, "tests": inline}).json()
    two = client.post("/predict", files=[("request", (None, json.dumps({"repository": "acme/shop", "diff": DIFF}))),
                                         ("junit", ("TEST-s.xml", JUNIT))]).json()
    for wire in (one, two):
        assert "tests_run" not in wire["unknown"]
        assert wire["plan"]["hold"]  # a failed test holds, whatever the score
    assert one["probability"] == two["probability"]


def test_coverage_files_are_matched_to_the_changed_lines(client: TestClient):
    """LCOV of the changed file makes its coverage known."""
    lcov = b"SF:/builds/shop/pay.py\nDA:1,1\nDA:2,0\nend_of_record\n"
    wire = client.post("/predict", files=[("request", (None, json.dumps({"repository": "acme/shop", "diff": DIFF}))),
                                          ("coverage", ("lcov.info", lcov))]).json()
    assert "coverage_changed_lines" not in wire["unknown"]


@pytest.mark.parametrize(("body", "where", "words"), [
    ({"repository": "a"}, "the body", "diff, features"),
    ({"diff": DIFF}, "repository", "missing key"),
    (FEATURES | {"diff": DIFF}, "features", "either diff or features"),
    ({"repository": "a", "base": "main"}, "head", "nothing to assess"),
    (FEATURES | {"commits": [{"sha": "a" * 40, "authored_at": "2026-01-01T00:00:00Z"}]}, "commits", "only beside diff"),
    (FEATURES | {"fetures": 1}, "fetures", "features"),
    (FEATURES | {"service": {"impct": 0.5}}, "service.impct", "impact"),
    (FEATURES | {"service": {"impact": 0}}, "service.impact", "greater than 0"),
    (FEATURES | {"service": {"impact": "0.5"}}, "service.impact", "number"),
    (FEATURES | {"service": {"stateful": 1}}, "service.stateful", "boolean"),
    (FEATURES | {"policy": "defualt"}, "policy", "default"),
    ({"repository": "a", "features": {"lag": 1}}, "features", "la"),
    ({"repository": "a", "features": {"la": -1}}, "features.la", "0"),
    ({"repository": "a", "features": {"la": True}}, "features.la", "number"),
    ({"repository": "a", "diff": "not a diff"}, "line 1", "diff"),
    ({"repository": "a", "diff": DIFF, "tests": [{"cases": 1}]}, "tests[0].cases", "list"),
    ({"repository": "a", "diff": DIFF, "commits": [{"sha": "a" * 40, "authored_at": "2026-01-01T00:00:00"}]},
     "commits[0].authored_at", "timezone"),
])
def test_anything_else_is_a_problem_that_names_the_key(client: TestClient, body: dict[str, object], where: str, words: str):
    """422, where it is, and what would be right; nothing is stored."""
    answer = client.post("/predict", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert {"type", "title", "status", "detail", "instance"} <= problem.keys()
    assert problem["instance"] == "/predict"
    assert problem["status"] == 422
    assert where in problem["where"]
    assert words in problem["detail"]
    assert client.get("/assessments").json()["items"] == []


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"repository": NaN}', b"[" * 5000])
def test_bodies_that_are_no_object_are_refused(client: TestClient, body: bytes):
    """No JSON, other JSON, other bytes: 422 in words, never a crash."""
    answer = client.post("/predict", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert answer.json()["where"]


@pytest.mark.parametrize("name", ["NaN", "Infinity", "1e999"])
def test_numbers_that_json_does_not_have_are_refused(client: TestClient, name: str):
    """Unknown is written null; infinity is no measurement."""
    body = f'{{"repository": "a", "features": {{"la": {name}}}}}'.encode()
    answer = client.post("/predict", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == 422
    assert json.loads(answer.text, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))["where"] == "features.la"


def test_a_missing_key_is_named(client: TestClient):
    """What is expected is the key, in words of ours."""
    problem = client.post("/predict", json={"features": {}}).json()
    assert (problem["title"], problem["where"], problem["expected"]) == ("missing key", "repository", "a key 'repository'")


def test_several_deviations_are_all_listed(client: TestClient):
    """One round trip shows every mistake."""
    problem = client.post("/predict", json={"repository": 1, "fetures": {}, "policy": 2}).json()
    assert [each["where"] for each in problem["errors"]] == ["repository", "policy", "fetures"]


def test_other_content_types_are_refused(client: TestClient):
    """Forms and compressed bodies are not guessed at."""
    assert client.post("/predict", content=b"a=1", headers={"content-type": "text/plain"}).status_code == 415
    assert client.post("/predict", content=b"x", headers={"content-encoding": "gzip"}).status_code == 415


def test_an_unknown_repository_is_not_found(client: TestClient):
    """A service that keeps no mirror of the repository says which it has."""
    answer = client.post("/predict", json={"repository": "acme/shop", "base": "main", "head": "a" * 40})
    assert answer.status_code == 404
    assert answer.json()["where"] == "repository"


@pytest.mark.parametrize(("parts", "where"), [
    ([("junit", ("a.xml", JUNIT))], "request"),
    ([("request", (None, "{}")), ("request", (None, "{}"))], "request"),
    ([("request", (None, json.dumps(FEATURES))), ("junitt", ("a.xml", JUNIT))], "junitt"),
    ([("request", (None, json.dumps(FEATURES))), ("coverage", ("a.xml", JUNIT))], "a.xml"),
    ([("request", (None, json.dumps(FEATURES | {"tests": []}))), ("junit", ("a.xml", JUNIT))], "tests"),
    ([("request", (None, json.dumps(FEATURES))), ("junit", ("a.xml", b"<!DOCTYPE x [<!ENTITY a 'b'>]><testsuite/>"))], "a.xml"),
])
def test_multipart_that_makes_no_sense_names_the_part(client: TestClient, parts: list[object], where: str):
    """Missing, doubled, misnamed, misplaced and hostile parts are refused by name."""
    answer = client.post("/predict", files=parts)  # type: ignore[arg-type] # httpx accepts this shape
    assert answer.status_code == 422
    assert where in answer.json()["where"]


def test_broken_multipart_is_refused(client: TestClient):
    """A body that does not hold what its boundary promises."""
    answer = client.post("/predict", content=b"--x\r\nnonsense", headers={"content-type": "multipart/form-data; boundary=x"})
    assert answer.status_code == 422


def test_a_body_over_the_limit_is_refused_whether_announced_or_not(client: TestClient):
    """413 by the length that is announced, and by the bytes that arrive when none is."""
    big = json.dumps({"repository": "a", "diff": "x" * (1 << 20)}).encode()
    announced = client.post("/predict", content=big)
    streamed = client.post("/predict", content=(big[i:i + 65536] for i in range(0, len(big), 65536)))
    for answer in (announced, streamed):
        assert answer.status_code == 413
        assert answer.json()["type"] == "urn:riskml:problem:too-large"
        assert answer.headers["connection"] == "close"


def test_the_same_key_gives_the_same_bytes_and_one_row(client: TestClient, tmp_path: Path):
    """A retry is answered with what was answered, also when its JSON is laid out otherwise."""
    first = client.post("/predict", json=FEATURES | {"idempotency_key": "ci-1"})
    again = client.post("/predict", content=json.dumps({"idempotency_key": "ci-1"} | FEATURES, indent=3).encode())
    assert again.content == first.content
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert rows(tmp_path) == 1


def test_the_same_key_with_another_body_is_a_conflict(client: TestClient):
    """409, and the key is named."""
    client.post("/predict", json=FEATURES | {"idempotency_key": "ci-1"})
    answer = client.post("/predict", json={"repository": "acme/shop", "features": {"la": 1.0}, "idempotency_key": "ci-1"})
    assert answer.status_code == 409
    assert answer.json()["where"] == "idempotency_key"


def test_the_reports_belong_to_the_body_of_a_key(client: TestClient):
    """The same request with another report is another request."""
    request = ("request", (None, json.dumps({"repository": "a", "diff": DIFF, "idempotency_key": "k"})))
    first = client.post("/predict", files=[request, ("junit", ("a.xml", JUNIT))])
    same = client.post("/predict", files=[request, ("junit", ("a.xml", JUNIT))])
    other = client.post("/predict", files=[request, ("junit", ("a.xml", JUNIT.replace(b"0.5", b"0.6")))])
    assert (first.status_code, same.status_code, other.status_code) == (200, 200, 409)
    assert first.content == same.content


def test_a_key_outlives_the_model_that_answered_it(serve: Callable[..., TestClient]):
    """After a restart the answer is still the stored one."""
    first = serve().post("/predict", json=FEATURES | {"idempotency_key": "k"})
    again = serve().post("/predict", json=FEATURES | {"idempotency_key": "k"})
    assert first.content == again.content


def test_requests_without_a_key_are_separate(client: TestClient, tmp_path: Path):
    """Two pushes of the same content are two assessments."""
    ids = {client.post("/predict", json=FEATURES).json()["id"] for _ in range(3)}
    assert len(ids) == 3
    assert rows(tmp_path) == 3


def test_percentiles_come_from_the_repository_itself(client: TestClient):
    """After fifty answers the service knows where a change stands; other repositories do not count."""
    for n in range(60):
        wire = client.post("/predict", json={"repository": "acme/shop", "features": {"la": float(n), "nuc": 3.0}}).json()
    assert wire["percentile"] is not None
    assert client.post("/predict", json=FEATURES).json()["percentile"] > 95
    assert client.post("/predict", json=FEATURES | {"repository": "acme/other"}).json()["percentile"] is None


def test_percentiles_survive_a_restart(serve: Callable[..., TestClient]):
    """What was answered before the restart still counts."""
    client = serve()
    for n in range(60):
        client.post("/predict", json={"repository": "acme/shop", "features": {"la": float(n), "nuc": 3.0}})
    assert serve().post("/predict", json=FEATURES).json()["percentile"] > 95


def test_policies_of_the_service_are_chosen_by_name(serve: Callable[..., TestClient], tmp_path: Path):
    """A file in the policy directory answers to its name, and says so in the answer."""
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "careful.yaml").write_text(
        "{version: 1, rules: [{when: {la: '> 100'}, strategy: canary, initial_traffic: 5}, {strategy: rolling}]}")
    client = serve(policies=tmp_path / "policies")
    wire = client.post("/predict", json=FEATURES | {"policy": "careful"}).json()
    assert (wire["initial_traffic"], wire["policy"]["name"]) == (5, "careful")


def test_a_batch_answers_each_item_for_itself(client: TestClient, tmp_path: Path):
    """Good and bad items stand in their order, each with the status it would have had alone."""
    answer = client.post("/predict/batch", json={"items": [FEATURES, {"repository": "a"}, FEATURES | {"idempotency_key": "k"},
                                                           17, {"repository": "a", "features": {"lag": 1}}]})
    assert answer.status_code == 200
    items = answer.json()["items"]
    assert [item["status"] for item in items] == [200, 422, 200, 422, 422]
    assert items[0]["assessment"]["strategy"] == "canary"
    assert items[4]["problem"]["instance"] == "/predict/batch#items[4]"
    assert rows(tmp_path) == 2


@pytest.mark.parametrize("body", [{"items": []}, {"items": [FEATURES] * 3}, {}, {"items": [FEATURES], "x": 1}])
def test_a_batch_is_bounded_and_closed(serve: Callable[..., TestClient], body: dict[str, object]):
    """Empty, too many, missing and unknown are refused as a whole."""
    assert serve(batch_items=2).post("/predict/batch", json=body).status_code == 422
