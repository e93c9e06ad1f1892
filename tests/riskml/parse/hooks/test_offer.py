"""What a forge says of a merge request: which deliveries are an offer, and what is refused by its path."""

from __future__ import annotations

from typing import Any

import pytest

from riskml.errors import InputError
from riskml.parse.hooks.offer import OFFERS, Offer
from tests.riskml.parse.hooks.payloads import merge_request, pull_request

HEAD = "a" * 40


def github(**more: Any) -> Offer | None:
    """Read a delivery of GitHub's."""
    return OFFERS["github"](pull_request(**more), {"x-github-event": "pull_request"})


@pytest.mark.parametrize("action", ["opened", "reopened", "synchronize", "ready_for_review"])
def test_githubs_actions_that_offer_a_commit(action: str):
    """Opened, opened again, pushed to, no draft any more."""
    assert github(action=action) == Offer("github", "acme/shop", 7, HEAD)


@pytest.mark.parametrize("more", [
    {"action": "labeled"}, {"action": "closed"}, {"action": "edited"}, {"draft": True}, {"state": "closed"},
])
def test_what_is_no_offer_on_github(more: dict[str, Any]):
    """Labels, titles, drafts and what is closed change nothing that is scored."""
    assert github(**more) is None


def test_another_base_is_another_change():
    """Only an edit that moves the pull request to another branch counts."""
    assert github(action="edited", changes={"base": {"ref": {"from": "main"}}}) is not None
    assert github(action="edited", changes={"title": {"from": "x"}}) is None
    assert OFFERS["github"](pull_request(), {"x-github-event": "pull_request_review"}) is None


@pytest.mark.parametrize(("more", "is_offer"), [
    ({"action": "open"}, True), ({"action": "reopen"}, True), ({"action": "update", "oldrev": "c" * 40}, True),
    ({"action": "update"}, False), ({"action": "update", "changes": {"labels": {}}}, False),
    ({"action": "update", "changes": {"draft": {"previous": True, "current": False}}}, True),
    ({"action": "update", "changes": {"target_branch": {"previous": "main", "current": "next"}}}, True),
    ({"action": "merge", "state": "merged"}, False), ({"action": "open", "draft": True}, False),
    ({"action": "open", "work_in_progress": True}, False), ({"action": "approved"}, False),
])
def test_gitlabs_hooks_that_offer_a_commit(more: dict[str, Any], is_offer: bool):
    """An update is an offer if commits came, the draft ended or the target moved."""
    found = OFFERS["gitlab"](merge_request(**more), {})
    assert found == (Offer("gitlab", "acme/team/shop", 7, HEAD) if is_offer else None)


def test_a_deployment_is_no_offer():
    """Other hooks are for others to read."""
    assert OFFERS["gitlab"](b'{"object_kind": "deployment"}', {}) is None


@pytest.mark.parametrize(("body", "where"), [
    (pull_request(head="main"), "pull_request.head.sha"), (pull_request(head=None), "pull_request.head.sha"),
    (pull_request(number=-7), "pull_request.number"), (pull_request(number="7/../8"), "pull_request.number"),
    (pull_request(repository=["x"]), "repository.full_name"), (b"[]", "the body"), (b"{", "the body"),
])
def test_what_cannot_be_an_offer_is_refused_by_its_path(body: bytes, where: str):
    """A wrong kind, a missing value, a body that is no object."""
    with pytest.raises(InputError, match=where):
        OFFERS["github"](body, {"x-github-event": "pull_request"})
