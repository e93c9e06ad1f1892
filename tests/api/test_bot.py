"""The bot: whatever comes, twice, out of order or forged, and whatever the platform answers, it ends in one comment."""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.settings import Settings
from riskml.adapters.store import DeliveryRow
from riskml.errors import UsageError
from riskml.render.escape import code
from tests.api.bots import HARMLESS, RISKY, SECRET, BotWorld, wait_for
from tests.forges import HEAD, Asked, Fault, GitHub, GitLab

NEXT = "d" * 40
SCHEMA = Path(__file__).resolve().parents[2].parent / "shared" / "schemas" / "github-rest-subset.openapi.json"


@pytest.fixture(params=[GitHub, GitLab], ids=["github", "gitlab"])
def world(request: pytest.FixtureRequest, tmp_path: Path, model: Path) -> Any:
    """Give a forge of either kind, with a risky merge request."""
    platform = request.param()
    platform.patch = RISKY
    yield BotWorld(platform, tmp_path, model)
    platform.close()


@pytest.fixture
def on_github(tmp_path: Path, model: Path) -> Any:
    """Give a GitHub, with a risky pull request."""
    platform = GitHub()
    platform.patch = RISKY
    yield BotWorld(platform, tmp_path, model)
    platform.close()


def test_an_offer_is_acknowledged_at_once_and_spoken_of_once(world: BotWorld):
    """One delivery sent three times: 202 each time, one assessment, one comment, one status of the head."""
    with world.served() as served:
        body = served.offer()
        first, *again = [served.send(body) for _ in range(3)]
        assert first.json()["accepted"] | {"id": ""} == {"id": "", "repository": served.repository, "number": 7, "head": HEAD,
                                                         "fresh": True}
        assert [answer.json()["accepted"] for answer in again] == [first.json()["accepted"] | {"fresh": False}] * 2
        assert served.result(first).result == "posted"
        assert served.heads() == [HEAD]
        assert [(commit, status["state"]) for commit, status in served.platform.statuses] == [(HEAD, "success")]
        (kept,) = httpx.get(f"{served.url}/assessments").json()["items"]
        assert (kept["repository"], kept["head"], kept["strategy"]) == (served.repository, HEAD, "canary")
        assert "nuc" in kept["unknown"], "no mirror: the past is unknown, and said to be"
        assert served.service is not None
        assert served.service.store.verify_audit().ok


def test_what_is_nothing_special_gets_a_status_and_no_comment(world: BotWorld):
    """Silent by default; a comment that is there is brought up to date."""
    world.platform.patch = HARMLESS
    with world.served() as served:
        assert served.result(served.send(served.offer())).result == "silent"
        assert served.platform.bodies == []
        assert len(served.platform.statuses) == 1


def test_a_push_edits_the_comment_in_place_and_strikes_it_meanwhile(world: BotWorld):
    """While the new commit is scored, what was said of the old one is marked; then there is one comment about the new one."""
    with world.served() as served:
        served.result(served.send(served.offer()))
        world.platform.head = NEXT
        assert served.result(served.send(served.offer())).result == "edited"
        assert served.heads() == [NEXT]
        edits = [asked.body["body"] for asked in world.platform.asked if asked.method in ("PATCH", "PUT")]
        assert "**Stale:**" in edits[0]
        assert "**Stale:**" not in edits[-1]


def test_deliveries_out_of_order_end_at_what_the_platform_offers(world: BotWorld):
    """The newer push is told first, the older one later: its own API says which one counts."""
    world.platform.head = NEXT
    with world.served() as served:
        newer, older = served.send(served.offer(NEXT)), served.send(served.offer(HEAD))
        assert {served.result(newer).result, served.result(older).result} <= {"posted", "same", "edited", "superseded"}
        assert served.heads() == [NEXT]
        assert len(served.platform.comments) == 1


def test_a_push_while_scoring_is_spoken_of_and_what_was_scored_before_is_not(world: BotWorld):
    """The head moves after its diff was fetched, and nobody tells: the same try goes on with the new commit."""
    platform, answer = world.platform, world.platform.answer

    def moving(asked: Asked) -> tuple[int, Any]:
        found = answer(asked)
        if isinstance(found[1], bytes) and platform.head == HEAD:
            platform.head = NEXT
        return found

    platform.answer = moving  # type: ignore[method-assign] # the forge of the test, not ours
    with world.served() as served:
        end = served.result(served.send(served.offer(HEAD)))
        assert (end.result, end.head) == ("posted", NEXT)
        assert served.heads() == [NEXT]
        assert {commit for commit, _ in platform.statuses} == {NEXT}


@pytest.mark.parametrize("how", ["closed", "draft"])
def test_a_merge_request_that_is_not_open_any_more_is_left_alone(world: BotWorld, how: str):
    """It was open when this was sent; by now it is closed, or a draft again."""
    world.platform.open, world.platform.draft = how != "closed", how == "draft"
    with world.served() as served:
        assert served.result(served.send(served.offer())).result == "closed"
        assert served.platform.bodies == []
        assert served.platform.statuses == []


FAULTS = {
    "403 to read": Fault("GET", 403), "404 to read": Fault("GET", 404), "409 to write": Fault("POST", 409),
    "403 to write": Fault("POST", 403), "404 to write": Fault("POST", 404), "422 to write": Fault("POST", 422),
    "429 to read": Fault("GET", 429, {"retry-after": "0"}), "429 to write": Fault("POST", 429, {"retry-after": "0"}),
    "limit to write": Fault("POST", 403, {"retry-after": "0", "x-ratelimit-remaining": "0"}),
    "500 to read": Fault("GET", 500), "500 to write": Fault("POST", 500), "502 to write": Fault("POST", 502),
    "slow to read": Fault("GET", wait_s=1.5), "slow to write": Fault("POST", wait_s=1.5),
    "cut to read": Fault("GET", cut="before"), "cut before writing": Fault("POST", cut="before"),
    "cut after writing": Fault("POST", cut="after"),
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_whatever_the_platform_answers_it_ends_in_one_comment(world: BotWorld, fault: Fault):
    """Refused, away, slow, limited or cut off, before or after the work was done: tried again until it is said, once."""
    world.platform.faults += [fault] * 2
    with world.served() as served:
        assert served.result(served.send(served.offer())).result in ("posted", "edited", "same")
        assert served.heads() == [HEAD]
        assert len(served.platform.comments) == 1
        assert len(served.platform.statuses) >= 1


def test_nobody_who_predicts_waits_for_a_platform(world: BotWorld):
    """The platform takes a second for everything, for more deliveries than there are threads; answers go on."""
    world.platform.pause_s = 1.0
    with world.served() as served:
        took = []
        for n in range(12):
            began = time.monotonic()
            assert served.send(served.offer(number=7 + n) if isinstance(world.platform, GitHub) else served.offer(
                iid=7 + n)).status_code == 202
            took.append(time.monotonic() - began)
            began = time.monotonic()
            answer = httpx.post(f"{served.url}/predict", json={"repository": "acme/other", "features": {"la": 3.0}})
            assert answer.status_code == 200
            took.append(time.monotonic() - began)
        assert max(took) < 5, "GitHub and GitLab wait 10 s"
        assert sorted(took)[len(took) // 2] < 0.5


def test_what_was_accepted_and_not_said_is_said_after_a_restart(world: BotWorld):
    """The platform is away, the service ends and starts again, with no delivery in between."""
    with world.served(waits_s=(3600.0,), github_api="http://127.0.0.1:9", gitlab_api="http://127.0.0.1:9") as served:
        accepted = served.send(served.offer())
        wait_for(lambda: "riskml_bot_unfinished 1" in httpx.get(f"{served.url}/metrics").text)
    assert world.platform.bodies == []
    with world.served() as served:
        assert served.result(accepted).result == "posted"
        assert served.heads() == [HEAD]


def test_what_was_given_up_is_tried_again_when_somebody_sends_it_again(world: BotWorld):
    """A day of failures is an end; the same delivery, sent again by a person, is a new beginning."""
    now = [datetime(2026, 11, 23, 12, tzinfo=UTC)]
    world.platform.faults += [Fault("GET", 401)] * 2
    with world.served(clock=lambda: now[0], waits_s=(0.5,)) as served:
        body = served.offer()
        first = served.send(body)
        wait_for(lambda: world.platform.asked)
        now[0] += timedelta(days=2)
        given_up = served.result(first)
        assert given_up.result == "gave-up"
        assert "401" in json.loads(given_up.document)["why"]
        again = served.send(body)
        assert again.json()["accepted"]["fresh"]
        assert served.result(again).result == "posted"


def test_what_was_refused_is_tried_again_when_it_is_sent_again(world: BotWorld):
    """A broken policy at the base ends a delivery, every time; once it is mended, the forge's "redeliver" finds it so."""
    world.platform.tree = {".riskml/policy.yaml": b"version: 1\nrules: nonsense\n"}
    with world.served() as served:
        body = served.offer()
        for _ in range(2):
            tried = served.send(body)
            assert tried.json()["accepted"]["fresh"]
            assert served.result(tried).result == "refused"
        world.platform.tree = {}
        again = served.send(body)
        assert again.json()["accepted"]["fresh"]
        assert served.result(again).result == "posted"
        assert not served.send(body).json()["accepted"]["fresh"]


def test_the_policy_and_the_services_are_those_of_the_base(world: BotWorld):
    """An enforced policy holds what it holds, in red; a described service has a row and a status each."""
    world.platform.tree = {
        ".riskml/policy.yaml": b"version: 1\nmode: enforce\nrules:\n  - strategy: canary\n    initial_traffic: 1\n"
                               b"guardrails:\n  - when: {la: '> 100'}\n    reason: too much at once\n",
        ".riskml/services/billing.yaml": b"impact: 0.5\n", ".riskml/services/shop.json": b'{"impact": 1.0}',
        ".riskml/services/README.md": b"no service"}
    with world.served() as served:
        assert served.result(served.send(served.offer())).result == "posted"
        (body,) = served.platform.bodies
        assert "billing" in body
        assert "shop" in body
        assert sorted((s.get("context") or s["name"], s["state"]) for _, s in served.platform.statuses) == [
            ("riskml/billing", world_red(world)), ("riskml/shop", world_red(world))]


def world_red(world: BotWorld) -> str:
    """Return the forge's own word for red."""
    return "failure" if isinstance(world.platform, GitHub) else "failed"


@pytest.mark.parametrize("text", [b"version: 1\nrulez: []\n", b"\xff", b"version: 99\n"])
def test_a_policy_that_cannot_be_read_is_an_end_and_says_why(world: BotWorld, text: bytes):
    """Another try would read the same: nothing is said that rests on another policy."""
    world.platform.tree = {".riskml/policy.yaml": text}
    with world.served() as served:
        end = served.result(served.send(served.offer()))
        assert end.result == "refused"
        assert f".riskml/policy.yaml at {'b' * 12}" in json.loads(end.document)["why"]
        assert served.platform.bodies == []


def test_a_forged_delivery_is_refused_and_kept_nowhere(world: BotWorld):
    """A wrong signature or token, or none: 401, and nothing is asked of the platform."""
    with world.served() as served:
        for headers in ({"x-hub-signature-256": "sha256=" + "0" * 64, "x-gitlab-token": "another secret entirely"},
                        {"x-hub-signature-256": "", "x-gitlab-token": ""}):
            assert served.send(served.offer(), **headers).status_code == 401
        assert served.platform.asked == []
        assert served.service is not None
        assert served.service.store.page(DeliveryRow) == []


def test_a_repository_that_is_not_listed_is_left_alone(world: BotWorld):
    """The allow-list decides, patterns included; the answer says why nothing is done."""
    with world.served(bot_repositories="other/*,acme/shopping") as served:
        answer = served.send(served.offer())
        assert answer.status_code == 200
        assert "RISKML_BOT_REPOSITORIES" in answer.json()["ignored"]
        assert served.platform.asked == []


def test_without_its_settings_there_is_no_bot(world: BotWorld):
    """Off by default: the delivery is heard, and nothing comes of it."""
    with world.served(bot_repositories=None) as served:
        answer = served.send(served.offer())
        assert (answer.status_code, answer.json()) == (200, {"outcomes": []})
        assert served.platform.asked == []


def test_a_bot_without_a_token_stops_the_start(tmp_path: Path, model: Path):
    """An allow-list alone cannot speak: the settings that are missing are named."""
    from api.app import create_app

    with pytest.raises(UsageError, match="RISKML_GITHUB_API_TOKEN_FILE"):
        create_app(Settings(store=f"sqlite:///{tmp_path}/riskml.db", artifact=model, bot_repositories="acme/*"))


def test_a_check_has_notes_at_the_riskiest_lines(on_github: BotWorld):
    """A token of an app writes a check run instead of a status; sent again, it stays one."""
    assert isinstance(on_github.platform, GitHub)
    on_github.platform.may_check = True
    with on_github.served() as served:
        assert served.result(served.send(served.offer())).result == "posted"
        (check,) = on_github.platform.checks
        assert (check["name"], check["head_sha"], check["conclusion"]) == ("riskml", HEAD, "success")
        (note,) = check["output"]["annotations"]
        assert (note["path"], note["start_line"], note["end_line"], note["annotation_level"]) == ("pay.py", 2, 151, "warning")
        assert on_github.platform.statuses == []


def test_every_request_of_the_bot_is_one_that_github_describes(on_github: BotWorld):
    """Paths, parameters and bodies validate against GitHub's description, as far as it is kept beside this checkout."""
    core = pytest.importorskip("openapi_core", reason="openapi-core is not installed")
    if not SCHEMA.exists():
        pytest.skip("GitHub's description is not beside this checkout (../shared/schemas)")
    from openapi_core.testing import MockRequest

    assert isinstance(on_github.platform, GitHub)
    on_github.platform.may_check = True
    with on_github.served() as served:
        served.result(served.send(served.offer()))
    api = core.OpenAPI.from_dict(json.loads(SCHEMA.read_text()))
    checked = set()
    for asked in on_github.platform.asked:
        if "/contents/" in asked.path or asked.path.endswith("/commits") or "/commits/" in asked.path:
            continue  # not part of the kept description
        api.validate_request(MockRequest(
            "https://api.github.com", asked.method.lower(), asked.path, args=asked.query, headers=asked.headers,
            data=None if asked.body is None else json.dumps(asked.body).encode(), content_type="application/json"))
        checked.add((asked.method, asked.path.rpartition("/")[2]))
    assert {("GET", "7"), ("POST", "comments"), ("POST", "check-runs")} <= checked


def test_no_name_of_a_person_gets_into_what_is_said_or_kept(world: BotWorld):
    """The platform tells who wrote the commits; neither comment, status nor store has it."""
    world.platform.messages = ["Pay faster"]
    with world.served() as served:
        served.result(served.send(served.offer()))
    said = json.dumps([world.platform.bodies, [status for _, status in world.platform.statuses]])
    kept = (world.folder / "riskml.db").read_bytes()
    assert "Ada" not in said
    assert b"Ada" not in kept
    assert SECRET.encode() not in kept
    assert code(HEAD[:12]) in said
