"""What each tool's payloads say, and what becomes of bodies that are none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from riskml.errors import InputError
from riskml.outcome import HAPPENED
from riskml.parse.hooks import READERS
from riskml.parse.hooks import flagger as flagger_hooks
from tests.riskml.parse.hooks.payloads import alert, alertmanager, argo, flagger, github, gitlab

HALF_PAST = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
SHA = "abcdef1234567" + "0" * 27


@pytest.mark.parametrize(("message", "signal", "happened"), [
    ("Advance product.prod canary weight 5", "weight", None),
    ("Routing all traffic to canary product.prod", "switched", None),
    ("New revision detected! Scaling up product.prod", "began", None),
    ("New revision detected! Restarting analysis for product.prod", "restarted", "superseded"),
    ("Promotion of product.prod failed, primary not ready: deadline", "heard", "promotion-stuck"),
    ("Rolling back product.prod progress deadline exceeded deployment not ready", "heard", "deploy-failed"),
    ("Promotion completed! Canary analysis was skipped for product.prod", "heard", "promoted-unverified"),
    ("Rolling back product.prod failed checks threshold reached 5", "heard", None),
    ("Rolling back product.prod manual webhook invoked", "heard", None),
])
def test_what_an_event_of_flagger_says(message: str, signal: str, happened: str | None) -> None:
    """Only what the deploy tool's end does not say by itself is an outcome of its own."""
    (told,) = READERS["flagger"](flagger(message=message, at_ms=1_795_437_000_000), {"hook": "event"})
    assert (told.signal, told.happened) == (signal, happened)
    assert (told.target, told.run, told.plan_id) == ("flagger:prod/product", "85d557f47b", "p-canary")
    assert told.at == datetime.fromtimestamp(1_795_437_000, UTC)
    assert told.weight == (5 if signal == "weight" else None)


@pytest.mark.parametrize(("hook", "phase", "happened"), [
    ("post-rollout", "Succeeded", "promoted"), ("post-rollout", "Failed", "rolled-back"), ("post-rollout", "Progressing", None),
    ("confirm-rollout", "Succeeded", None), ("confirm-rollout", "Failed", None),
])
def test_only_post_rollout_ends_a_run(hook: str, phase: str, happened: str | None) -> None:
    """At confirm-rollout the phase is that of the run before: it is no outcome of this plan."""
    told = flagger_hooks.told(flagger_hooks.read(flagger(phase), hook))
    assert (None if told is None else told.happened) == happened


@pytest.mark.parametrize(("event", "message", "happened", "confidence"), [
    ("completed", None, "promoted", None),
    ("aborted", 'metric "riskml-verdict" assessed Failed due to failed (1) > failureLimit (0)', "rolled-back", None),
    ("aborted", 'metric "x" assessed Error due to consecutiveErrors (5) > consecutiveErrorLimit (4)', "deploy-failed", None),
    ("aborted", "ProgressDeadlineExceeded: ReplicaSet has timed out progressing", "deploy-failed", None),
    ("aborted", "Rollout aborted update to revision 7", "rolled-back", 0.6),
    ("analysis-failed", None, None, None), ("paused", None, None, None),
])
def test_what_argo_says(event: str, message: str | None, happened: str | None, confidence: float | None) -> None:
    """An analysis that could not ask is no harm; a hand on the switch is less sure; an analysis run alone is no outcome."""
    (told,) = READERS["argo"](argo(event, message), {})
    assert (told.happened, told.confidence) == (happened, confidence)


def test_alerts_that_fire_are_incidents_and_their_end_is_nothing() -> None:
    """Resolved is not success; an action of hold is no harm; the query names the plan of alerts that do not."""
    body = alertmanager(
        alert(riskml_plan_id="p-canary", riskml_action="rollback"), alert("resolved", riskml_plan_id="p-canary"),
        alert(riskml_action="hold", riskml_plan_id="p-canary"), alert(commit=SHA, repository="acme/shop"))
    told = READERS["alertmanager"](body, {"plan": "p-other"})
    assert [(t.happened, t.signal, t.plan_id) for t in told] == [
        ("incident", "halt", "p-canary"), (None, "heard", "p-canary"), ("incident", "heard", "p-other")]
    assert (told[2].head, told[2].at) == (SHA, HALF_PAST)


@pytest.mark.parametrize(("state", "environment", "happened"), [
    ("success", "production", "promoted-unverified"), ("failure", "production", "deploy-failed"),
    ("inactive", "production", None), ("in_progress", "production", None), ("success", "staging", None),
    ("success", "Review/pay-42", None),
])
def test_deployments_of_github(state: str, environment: str, happened: str | None) -> None:
    """A deployment that went out was not looked at; what users do not see is no outcome."""
    told = READERS["github"](github(state, environment=environment), {"x-github-event": "deployment_status"})
    assert [t.happened for t in told] == ([] if happened is None else [happened])
    assert READERS["github"](github(state), {"x-github-event": "push"}) == []


@pytest.mark.parametrize(("status", "happened"), [
    ("success", "promoted-unverified"), ("failed", "deploy-failed"), ("canceled", "superseded"), ("running", None)])
def test_deployments_of_gitlab(status: str, happened: str | None) -> None:
    """The full id of the commit comes from its address, the time from its own format."""
    told = READERS["gitlab"](gitlab(status), {})
    assert [(t.happened, t.head, t.at) for t in told] == ([] if happened is None else [(happened, SHA, HALF_PAST)])


BAD = (b"", b"nonsense", b"[]", b"{}", b'{"name": 1e400}', b"[" * 100_000, b'{"alerts": [1]}', b'{"alerts": {}}',
       b'{"name": "\\u0000"}',
       b'{"name": ["x"], "namespace": "y"}', b'{"deployment_status": {"state": []}}', b'{"object_kind": "deployment"}',
       b'{"event": "exploded", "name": "a", "namespace": "b"}', b"\xff\xfe")


@pytest.mark.parametrize("tool", READERS)
@pytest.mark.parametrize("body", BAD, ids=range(len(BAD)))
def test_a_body_that_is_none_is_refused_or_says_nothing(tool: str, body: bytes) -> None:
    """Never a crash, never an outcome."""
    about = {"hook": "post-rollout", "x-github-event": "deployment_status"}
    try:
        told = READERS[tool](body, about)
    except InputError:
        return
    assert [t.happened for t in told] == []


def test_every_outcome_of_a_tool_is_one_that_labels_know() -> None:
    """No tool has a word of its own."""
    words = [h for _, _, h in flagger_hooks.MESSAGES if h] + list(flagger_hooks.ENDS.values())
    assert set(words) <= set(HAPPENED)
