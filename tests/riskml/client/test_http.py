"""The client ends every call in an answer, a refusal in the service's words, or ServiceUnavailable, and within its time."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from riskml.client import Backoff, BreakerSettings, CircuitBreaker, ReportFile, RiskClient
from riskml.errors import Conflict, NotFound, RenderRefused, RiskmlError, ServiceUnavailable, UnknownFeature, UsageError

Script = Callable[[httpx.Request], httpx.Response]


class World:
    """A service that follows a script, and a clock that moves only while the client sleeps."""

    def __init__(self, *script: Script | httpx.Response | Exception) -> None:
        self.script = list(script)
        self.seen: list[httpx.Request] = []
        self.slept: list[float] = []
        self.now = 0.0

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Play the next scene; the last one repeats."""
        request.read()
        self.seen.append(request)
        scene = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(scene, Exception):
            raise scene
        return scene if isinstance(scene, httpx.Response) else scene(request)

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.slept.append(seconds)
        self.now += seconds

    def client(self, **settings: Any) -> RiskClient:
        """Make a client of this world; its chance is always one half."""
        return RiskClient("http://risk.test/", transport=httpx.MockTransport(self.answer), clock=lambda: self.now,
                          wall_clock=lambda: self.now, sleep=self.sleep, chance=lambda: 0.5, **settings)


def ok(document: object | None = None) -> Script:
    """Answer 200 with a document."""
    return lambda _: httpx.Response(200, json={"id": "1"} if document is None else document)


def problem(status: int, code: str, **more: object) -> httpx.Response:
    """Answer a problem of the service."""
    document = {"type": f"urn:riskml:problem:{code}", "title": "t", "status": status, "detail": "in its words", **more}
    return httpx.Response(status, content=json.dumps(document), headers={"content-type": "application/problem+json"})


def test_a_request_is_sent_with_a_key_and_answered():
    """The key makes a retry safe; the caller's own key is kept."""
    world = World(ok())
    with world.client(token="t0k") as client:
        assert client.predict({"repository": "a", "features": {}}) == {"id": "1"}
        client.predict({"repository": "a", "features": {}, "idempotency_key": "mine"})
    first, second = (json.loads(request.content) for request in world.seen)
    assert len(first["idempotency_key"]) == 32
    assert second["idempotency_key"] == "mine"
    assert world.seen[0].headers["authorization"] == "Bearer t0k"
    assert str(world.seen[0].url) == "http://risk.test/predict"


@pytest.mark.parametrize("trouble", [httpx.ConnectError("refused"), httpx.ReadTimeout("slow"), httpx.RemoteProtocolError("cut"),
                                     httpx.Response(503), httpx.Response(502), httpx.Response(504), httpx.Response(429)])
def test_what_may_pass_is_tried_again_with_the_same_key(trouble: Exception | httpx.Response):
    """One trouble, then an answer: the caller notices nothing, and the service sees one request twice."""
    world = World(trouble, ok())
    assert world.client().predict({"repository": "a", "features": {}}) == {"id": "1"}
    assert len({json.loads(request.content)["idempotency_key"] for request in world.seen}) == 1
    assert len(world.seen) == 2


@pytest.mark.parametrize("status", [400, 404, 409, 413, 422, 500, 501])
def test_what_will_not_pass_is_not_tried_again(status: int):
    """A refusal stays a refusal; a fault of the service is not hammered."""
    world = World(httpx.Response(status))
    with pytest.raises(RiskmlError):
        world.client().predict({"repository": "a"})
    assert len(world.seen) == 1


def test_waits_grow_and_are_jittered():
    """Full jitter: half of 0.25, 0.5 and 1 second when chance says one half; then it is given up."""
    world = World(httpx.ConnectError("refused"))
    with pytest.raises(ServiceUnavailable, match="refused"):
        world.client(backoff=Backoff(first_s=0.25)).model()
    assert world.slept == [0.125, 0.25, 0.5]
    assert len(world.seen) == 4


def test_retry_after_is_the_least_wait():
    """The service knows when it will be back; jitter comes on top, so that not all come back at once."""
    world = World(httpx.Response(503, headers={"retry-after": "7"}), ok())
    world.client(backoff=Backoff(first_s=1)).model()
    assert world.slept == [7.5]


def test_a_wait_beyond_the_deadline_is_not_begun():
    """Being told to come back in an hour ends the call at once."""
    world = World(httpx.Response(503, headers={"retry-after": "3600"}))
    with pytest.raises(ServiceUnavailable):
        world.client(deadline_s=60).model()
    assert world.slept == []


def test_an_attempt_gets_no_more_time_than_is_left():
    """The last attempt is bounded by the deadline of the whole call."""
    world = World(httpx.Response(503, headers={"retry-after": "50"}), ok())
    world.client(deadline_s=60, timeout_s=30).model()
    timeouts = [request.extensions["timeout"]["read"] for request in world.seen]
    assert timeouts[0] == 30
    assert timeouts[1] < 10


def test_an_answer_that_trickles_is_cut_off():
    """Bytes that keep coming do not keep the client waiting past its timeout."""
    world = World()

    def trickle() -> Iterator[bytes]:
        for _ in range(100):
            world.now += 1
            yield b" "
    world.script = [lambda _: httpx.Response(200, content=trickle())]
    with pytest.raises(ServiceUnavailable, match="not complete after 5 s"):
        world.client(timeout_s=5, retries=0).model()
    assert world.now < 10


@pytest.mark.parametrize(("answer", "kind"), [
    (problem(422, "unknown-feature", where="features", got="lag", expected="la"), UnknownFeature),
    (problem(404, "not-found"), NotFound),
    (problem(409, "conflict"), Conflict),
    (problem(422, "usage-error"), UsageError),
])
def test_a_problem_becomes_the_refusal_it_was_made_from(answer: httpx.Response, kind: type[RiskmlError]):
    """The same class, the same words, the same parts as if the library had refused here."""
    with pytest.raises(kind) as refusal:
        World(answer).client().predict({"repository": "a"})
    assert str(refusal.value) == "in its words"
    assert refusal.value.where == json.loads(answer.content).get("where")


def test_a_refusal_to_render_keeps_its_reason_and_who_can():
    """What the deploy tool cannot say, why, and which one can."""
    answer = problem(422, "render-refused", reason="unsupported_strategy", target="kubernetes", nearest="argo", expected="argo")
    with pytest.raises(RenderRefused) as refusal:
        World(answer).client().render("p-1", "kubernetes")
    assert (refusal.value.reason, refusal.value.target, refusal.value.nearest) == ("unsupported_strategy", "kubernetes", "argo")


@pytest.mark.parametrize(("answer", "kind", "words"), [
    (problem(503, "store-unwritable"), ServiceUnavailable, "503 in its words"),
    (httpx.Response(500, text="oops"), ServiceUnavailable, "500 oops"),
    (problem(422, "invented-later"), UsageError, "422 in its words"),
    (httpx.Response(404, text="<html>nothing here"), UsageError, "404 <html>"),
    (httpx.Response(401), UsageError, "a token that it knows"),
    (httpx.Response(302, headers={"location": "https://sso.test/"}), UsageError, "https://sso.test/"),
    (httpx.Response(200, text="<html>welcome"), ServiceUnavailable, "is something else at this address?"),
    (httpx.Response(200, json=[1]), ServiceUnavailable, "is something else at this address?"),
    (httpx.Response(422, content=b"{", headers={"content-type": "application/problem+json"}), UsageError, "422"),
])
def test_other_answers_are_told_as_what_they_are(answer: httpx.Response, kind: type[RiskmlError], words: str):
    """Proxies, faults, later versions and strangers: each in words, with the address."""
    with pytest.raises(kind, match=words) as refusal:
        World(answer).client(retries=0).model()
    assert type(refusal.value) is kind
    assert "http://risk.test" in str(refusal.value)


def test_a_service_that_keeps_failing_is_left_alone_for_a_while():
    """After the breaker opens, a call fails at once, unsent, and says when another try makes sense."""
    world = World(httpx.ConnectError("refused"))
    breaker = CircuitBreaker(BreakerSettings(window=4, minimum_calls=4, wait_s=30), clock=lambda: world.now)
    client = world.client(retries=0, breaker=breaker)
    for _ in range(4):
        with pytest.raises(ServiceUnavailable):
            client.model()
    with pytest.raises(ServiceUnavailable, match="another try in 30 s"):
        client.model()
    assert len(world.seen) == 4
    world.script, world.now = [ok()], 31.0
    assert client.model() == {"id": "1"}


def test_refusals_do_not_open_the_breaker():
    """A thousand wrong requests are the caller's fault, not the service's."""
    world = World(problem(422, "usage-error"))
    client = world.client()
    for _ in range(50):
        with pytest.raises(UsageError):
            client.model()
    assert client.breaker.state == "CLOSED"


def test_reports_travel_beside_the_request():
    """Multipart with one JSON part and one part a report."""
    world = World(ok())
    world.client().predict({"repository": "a", "diff": ""}, [ReportFile("junit", "TEST-a.xml", b"<testsuite/>")])
    content = world.seen[0].content
    assert b'name="request"' in content
    assert b'name="junit"; filename="TEST-a.xml"' in content
    assert b"<testsuite/>" in content


def test_pages_are_walked():
    """All assessments, whatever the size of a page."""
    world = World(ok({"items": [{"id": "3"}, {"id": "2"}], "next": "2"}), ok({"items": [{"id": "1"}], "next": None}))
    assert [a["id"] for a in world.client().assessments(repository="a", page=2)] == ["3", "2", "1"]
    assert world.seen[1].url.params["cursor"] == "2"
    assert "since" not in world.seen[0].url.params


def test_ids_cannot_leave_their_place_in_the_path():
    """An id with slashes asks for that id."""
    world = World(ok())
    world.client().assessment("../model?x")
    assert world.seen[0].url.raw_path == b"/assessments/..%2Fmodel%3Fx"


def test_outcomes_and_batches_carry_keys_too():
    """Every write can be sent again."""
    world = World(ok({"items": []}))
    world.client().outcome({"outcome": "promoted"})
    world.client().predict_batch([{"repository": "a"}, {"repository": "b"}])
    assert "idempotency_key" in json.loads(world.seen[0].content)
    assert len({item["idempotency_key"] for item in json.loads(world.seen[1].content)["items"]}) == 2


@pytest.mark.parametrize("url", ["risk.test", "ftp://risk.test", "http://", "http://u:p@risk.test", "http://risk.test/?a=b"])
def test_addresses_that_make_no_sense_are_refused(url: str):
    """Before anything is sent; a password in the address is not repeated."""
    with pytest.raises(UsageError, match="address of a service") as refusal:
        RiskClient(url)
    assert "u:p" not in str(refusal.value)


def test_a_base_path_is_kept():
    """A service behind a prefix."""
    world = World(ok())
    client = RiskClient("http://risk.test/riskml/", transport=httpx.MockTransport(world.answer))
    client.model()
    assert str(world.seen[0].url) == "http://risk.test/riskml/model"
