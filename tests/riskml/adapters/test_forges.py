"""GitHub and GitLab over HTTP: one comment whatever goes wrong on the way, and requests as the platforms describe them."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from riskml.adapters import github as github_api
from riskml.adapters import gitlab as gitlab_api
from riskml.adapters.forge import Forge
from riskml.ci.comment import OLD, Row, compose, is_live, read
from riskml.ci.converse import mark_stale, speak
from riskml.errors import ServiceUnavailable, UsageError
from riskml.ports import Conversation

SCHEMA = Path(__file__).resolve().parents[3].parent / "shared" / "schemas" / "github-rest-subset.openapi.json"
HEAD = "a" * 40


def row(service: str = "default", kind: str = "canary", at: str = "2026-01-01T00:00:00+00:00", **more: Any) -> Row:
    """Make a row."""
    fields = {"said": f"{kind}, start 1 %", "sha": HEAD, "quiet": kind == "rolling", "section": f"### Release risk: **{kind}**"}
    return Row(service, kind, at=at, **fields | more)


def talk_to(platform: Any, **settings: Any) -> Conversation:
    """Open the platform's merge request 7."""
    quick = {"timeout_s": 2.0, "deadline_s": 30.0, "chance": lambda: 0.01} | settings
    if type(platform).__name__ == "GitHub":
        return github_api.PullRequest(Forge(platform.url, github_api.headers("t0k"), name="GitHub", **quick), "acme/shop#7")
    return gitlab_api.MergeRequest(Forge(platform.url, gitlab_api.headers("t0k"), name="GitLab", **quick), "acme/team/shop!7")


def say(talk: Conversation, *rows: Row, **more: Any) -> str:
    """Speak without waiting long between rounds."""
    return speak(talk, rows, sleep=lambda _: None, chance=lambda: 0.5, **more)


@pytest.fixture(params=["github", "gitlab"])
def platform(request: pytest.FixtureRequest) -> Any:
    """Give each platform in turn."""
    return request.getfixturevalue(request.param)


def test_a_comment_is_posted_once_and_then_edited(platform: Any):
    """A second run of the same class edits in place; the same again sends nothing."""
    talk = talk_to(platform)
    assert say(talk, row(), head=HEAD) == "posted"
    later = row(at="2026-01-02T00:00:00+00:00", said="canary, start 5 %")
    assert say(talk, later, head=HEAD) == "edited"
    assert [c["id"] for c in platform.comments] == [1]
    before = len([a for a in platform.asked if a.method != "GET"])
    assert say(talk, later, head=HEAD) == "same"
    assert len([a for a in platform.asked if a.method != "GET"]) == before


def test_nothing_is_said_of_what_is_nothing_special(platform: Any):
    """Silent without a comment; with one, it is brought up to date in place."""
    talk = talk_to(platform)
    assert say(talk, row(kind="rolling")) == "silent"
    assert platform.bodies == []
    say(talk, row())
    assert say(talk, row(kind="rolling", at="2026-01-02T00:00:00+00:00")) == "edited"
    assert [c["id"] for c in platform.comments] == [1]
    assert say(talk, row(kind="rolling"), when="always") == "outdated"


def test_another_class_of_decision_is_a_new_comment(platform: Any):
    """People are told; what was said stays, folded, and is no longer the one that is edited."""
    talk = talk_to(platform)
    say(talk, row(kind="blue-green"))
    assert say(talk, row(kind="canary", at="2026-01-02T00:00:00+00:00")) == "posted"
    assert [is_live(body) for body in platform.bodies] == [False, True]
    assert platform.bodies[0].startswith(OLD)
    assert "blue-green" in platform.bodies[0]


def test_a_commit_that_is_not_the_head_any_more_is_not_spoken_of(platform: Any):
    """A newer push, or a number that belongs to another merge request: nothing is read, nothing written."""
    platform.head = "b" * 40
    assert say(talk_to(platform), row(), head=HEAD) == "outdated"
    assert platform.bodies == []


def test_an_earlier_run_that_ends_late_changes_nothing(platform: Any):
    """The newest row of a service stays."""
    talk = talk_to(platform)
    say(talk, row(at="2026-01-02T00:00:00+00:00"))
    before = platform.bodies
    assert say(talk, row(at="2026-01-01T00:00:00+00:00", kind="blue-green")) == "outdated"
    assert platform.bodies == before


def test_each_service_has_its_row(platform: Any):
    """The run of one service leaves the others' rows."""
    talk = talk_to(platform)
    say(talk, row("billing"))
    say(talk, row("search", "blue-green"))
    say(talk, row("billing", at="2026-01-02T00:00:00+00:00", said="canary, start 5 %"))
    assert [(r.service, r.said) for r in read(platform.bodies[0])] == [("billing", "canary, start 5 %"),
                                                                     ("search", "blue-green, start 1 %")]
    assert len(platform.bodies) == 1


def test_duplicates_are_healed_into_the_oldest(platform: Any):
    """Rows of all copies are kept, the newest of each service."""
    platform.write("a word of somebody")
    for each in (row("billing"), row("search"), row("billing", at="2026-01-03T00:00:00+00:00")):
        platform.write(compose([each]))
    say(talk_to(platform), row("shipping"))
    assert [c["id"] for c in platform.comments] == [1, 2]
    assert [(r.service, r.at[:10]) for r in read(platform.bodies[1])] == [
        ("billing", "2026-01-03"), ("search", "2026-01-01"), ("shipping", "2026-01-01")]


@pytest.mark.parametrize("services", [10, 1])
def test_ten_runs_at_once_end_in_one_comment(platform: Any, services: int):
    """Each with a service of its own: one comment, ten rows. All with the same service: one row, the newest."""
    platform.pause_s = 0.01
    failed: list[BaseException] = []

    def run(number: int) -> None:
        chance = random.Random(number).random
        try:
            mine = row(f"service-{number % services}", at=f"2026-01-01T00:00:{number:02}+00:00")
            speak(talk_to(platform), [mine], sleep=lambda s: threading.Event().wait(s / 2), chance=chance)
        except BaseException as error:  # noqa: BLE001 - told by the test's own assertion
            failed.append(error)

    threads = [threading.Thread(target=run, args=(n,)) for n in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failed == []
    assert len(platform.bodies) == 1
    found = read(platform.bodies[0])
    assert len(found) == services
    assert max(each.at for each in found) == "2026-01-01T00:00:09+00:00"


def test_what_was_said_is_marked_while_a_push_is_scored(platform: Any):
    """The old text is struck and names both commits; the new decision takes the mark away; silence stays silence."""
    talk = talk_to(platform)
    assert mark_stale(talk, "b" * 40) == "silent"
    say(talk, row())
    assert mark_stale(talk, HEAD) == "same"
    assert mark_stale(talk, "b" * 40) == "edited"
    assert "**Stale:**" in platform.bodies[0]
    assert "### ~~Release risk: **canary**~~" in platform.bodies[0]
    say(talk, row(sha="b" * 40, at="2026-01-02T00:00:00+00:00"))
    assert "Stale" not in platform.bodies[0]
    assert "~~" not in platform.bodies[0]
    assert len(platform.bodies) == 1


def test_a_comment_planted_from_outside_is_not_taken_for_ours(github: Any, gitlab: Any):
    """A stranger's copy of our comment is left alone, and ours is posted beside it."""
    planted = compose([row(kind="rolling", said="rolling, all is well")])
    github.write(planted, kind="User", association="FIRST_TIME_CONTRIBUTOR")
    gitlab.write(planted, author=9)
    for platform in (github, gitlab):
        assert say(talk_to(platform), row()) == "posted"
        assert platform.bodies[0] == planted
        assert "all is well" not in platform.bodies[1]


def test_a_copy_that_a_colleague_pasted_is_left_alone(github: Any):
    """It is trusted, but it is not the bot's: neither edited nor deleted."""
    say(talk_to(github), row())
    pasted = github.bodies[0]
    github.write(pasted, kind="User", association="MEMBER")
    assert say(talk_to(github), row(at="2026-01-02T00:00:00+00:00")) == "edited"
    assert github.bodies[1] == pasted


def test_more_than_one_page_of_comments_is_read(platform: Any):
    """Our comment is found behind 250 others."""
    for n in range(250):
        platform.write(f"word {n}")
    platform.write(compose([row()]))
    assert say(talk_to(platform), row(at="2026-01-02T00:00:00+00:00")) == "edited"
    assert len(platform.comments) == 251


PASSING = [
    {"status": 429, "headers": {"retry-after": "0"}}, {"status": 403, "headers": {"retry-after": "0"}},
    {"status": 403, "headers": {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1"}}, {"status": 500}, {"status": 502},
    {"status": 409}, {"cut": "before"}, {"cut": "after"}, {"wait_s": 1.2},
]


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
@pytest.mark.parametrize("trouble", PASSING, ids=str)
def test_trouble_that_passes_leaves_one_comment(platform: Any, fault: Callable[..., Any], trouble: dict[str, Any], method: str):
    """Whatever happens to a read, a post or an edit, once: in the end there is one comment with the newest row."""
    edits = "PUT" if type(platform).__name__ == "GitLab" else "PATCH"
    method = edits if method == "PATCH" else method
    talk = talk_to(platform, timeout_s=1.0)
    if method == edits:
        say(talk, row())
    platform.faults.append(fault(method, **trouble))
    say(talk, row(at="2026-01-02T00:00:00+00:00"))
    assert platform.faults == []
    assert len(platform.bodies) == 1
    assert read(platform.bodies[0])[0].at == "2026-01-02T00:00:00+00:00"


@pytest.mark.parametrize("status", [401, 403, 404, 422])
def test_a_refusal_is_told_in_words(platform: Any, fault: Callable[..., Any], status: int):
    """Not tried again: it would be refused again."""
    platform.faults.append(fault("POST", status=status))
    with pytest.raises(UsageError, match=r"GitHub|GitLab"):
        say(talk_to(platform), row())
    assert len([a for a in platform.asked if a.method == "POST"]) == 1


def test_a_limit_that_outlasts_our_time_is_told(platform: Any, fault: Callable[..., Any]):
    """An hour is not waited for; the message says when to come again."""
    platform.faults.append(fault("*", status=429, headers={"retry-after": "3600"}))
    with pytest.raises(ServiceUnavailable, match="3600 s"):
        say(talk_to(platform), row())


def test_the_wait_that_is_asked_for_is_kept(platform: Any, fault: Callable[..., Any]):
    """Retry-After is the least; jitter comes on top."""
    slept: list[float] = []
    platform.faults.append(fault("*", status=429, headers={"retry-after": "7"}))
    say(talk_to(platform, sleep=slept.append), row())
    assert len(slept) == 1
    assert 7 <= slept[0] < 8


def test_a_limit_without_a_time_is_waited_for_a_minute(platform: Any, fault: Callable[..., Any]):
    """As GitHub asks for; at once would make it worse."""
    slept: list[float] = []
    platform.faults.append(fault("*", status=429))
    say(talk_to(platform, sleep=slept.append, deadline_s=100.0), row())
    assert 60 <= slept[0] < 61


def test_a_platform_that_is_down_ends_in_time(platform: Any, fault: Callable[..., Any]):
    """After the retries it is unavailable, not a traceback."""
    platform.faults += [fault("*", cut="before")] * 50
    with pytest.raises(ServiceUnavailable, match="cannot answer now"):
        say(talk_to(platform, sleep=lambda _: None), row())


def test_a_status_is_set_and_setting_it_again_does_no_harm(platform: Any):
    """Under its name, on the commit."""
    talk = talk_to(platform)
    for _ in range(2):
        talk.status(HEAD, name="riskml/billing", state="success", text="x" * 500)
    assert platform.statuses[0][0] == HEAD
    assert len(platform.statuses[0][1]["description"]) <= 255


def test_no_secret_is_told(platform: Any, fault: Callable[..., Any]):
    """The token is in no message."""
    platform.faults.append(fault("*", status=401))
    with pytest.raises(UsageError) as refused:
        say(talk_to(platform), row())
    assert "t0k" not in str(refused.value)


@pytest.mark.parametrize("name", ["", "acme/shop", "acme/shop#0", "acme/shop#1/../2", "../x#1", "a/..#1", "a/b#1\n", "a/b/c#1",
                                  "acme/shop#1?x=1", "acme/shop#99999999999"])
def test_what_names_no_pull_request_is_refused(name: str):
    """Before anything is sent."""
    with pytest.raises(UsageError, match="--github"):
        github_api.PullRequest(Forge("http://x.test", {}, name="GitHub"), name)


@pytest.mark.parametrize("name", ["", "acme", "a!0", "../x!1", "a/../b!1", "a b!1", "a!1/notes", "!1"])
def test_what_names_no_merge_request_is_refused(name: str):
    """Before anything is sent."""
    with pytest.raises(UsageError, match="--gitlab"):
        gitlab_api.MergeRequest(Forge("http://x.test", {}, name="GitLab"), name)


@pytest.mark.parametrize("url", ["", "ftp://x", "http://", "http://user:pw@x.test", "http://x.test/?a=1", "javascript:1"])
def test_what_is_no_address_is_refused(url: str):
    """And no password of it is told."""
    with pytest.raises(UsageError, match="address") as refused:
        Forge(url, {}, name="GitHub")
    assert "pw" not in str(refused.value)


def test_every_request_to_github_is_one_that_it_describes(github: Any):
    """Paths, parameters and bodies validate against GitHub's own description of its API."""
    core = pytest.importorskip("openapi_core", reason="openapi-core is not installed")
    if not SCHEMA.exists():
        pytest.skip("GitHub's description is not beside this checkout (../shared/schemas)")
    from openapi_core.testing import MockRequest

    talk = talk_to(github)
    say(talk, row(), head=HEAD)
    github.write(compose([row("other")]))
    say(talk, row(at="2026-01-02T00:00:00+00:00"), head=HEAD)
    say(talk, row(at="2026-01-03T00:00:00+00:00"), head=HEAD)
    talk.status(HEAD, name="riskml", state="failure", text="held")
    api = core.OpenAPI.from_dict(json.loads(SCHEMA.read_text()))
    assert {a.method for a in github.asked} == {"GET", "POST", "PATCH", "DELETE"}
    for asked in github.asked:
        api.validate_request(MockRequest(
            "https://api.github.com", asked.method.lower(), asked.path, args=asked.query, headers=asked.headers,
            data=None if asked.body is None else json.dumps(asked.body).encode(), content_type="application/json",
        ))
        assert asked.headers["authorization"] == "Bearer t0k"
