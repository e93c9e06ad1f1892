"""GitHub's ``pull_request`` and GitLab's merge request hook: somebody offers a commit. Only its name is taken from there."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from riskml.errors import InputError
from riskml.parse.hooks.told import payload, text

ForgeName = Literal["github", "gitlab"]

_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_GITHUB = ("opened", "reopened", "synchronize", "ready_for_review")
_GITLAB = ("open", "reopen")


@dataclass(frozen=True, slots=True)
class Offer:
    """A merge request that is open and no draft, with the commit that it offered when this was sent."""

    forge: ForgeName
    repository: str
    number: int
    head: str


def read_github(body: bytes, event: str) -> Offer | None:
    """Read a delivery; ``None`` for other events, for drafts, and where nothing changed that is scored."""
    if event != "pull_request":
        return None
    value = payload(body, "github")
    action = text(value, "action", tool="github")
    changed = _has(value, "changes", "base")  # it goes into another branch now: another change
    open_ = text(value, "pull_request", "state", tool="github") == "open" and not _has(value, "pull_request", "draft")
    if not open_ or not (action in _GITHUB or (action == "edited" and changed)):
        return None
    return _offer("github", value, ("repository", "full_name"), ("pull_request", "number"), ("pull_request", "head", "sha"))


def read_gitlab(body: bytes) -> Offer | None:
    """Read a delivery; ``None`` for other hooks, for drafts, and where nothing changed that is scored."""
    value = payload(body, "gitlab")
    if value.get("object_kind") != "merge_request":
        return None
    about = "object_attributes"
    action = text(value, about, "action", tool="gitlab", optional=True)
    pushed = action == "update" and (
        _has(value, about, "oldrev") or _has(value, "changes", "draft") or _has(value, "changes", "target_branch"))
    draft = _has(value, about, "draft") or _has(value, about, "work_in_progress")
    if text(value, about, "state", tool="gitlab") != "opened" or draft or not (action in _GITLAB or pushed):
        return None
    return _offer("gitlab", value, ("project", "path_with_namespace"), (about, "iid"), (about, "last_commit", "id"))


OFFERS: Mapping[ForgeName, Callable[[bytes, Mapping[str, str]], Offer | None]] = {
    "github": lambda body, headers: read_github(body, headers.get("x-github-event", "")),
    "gitlab": lambda body, _: read_gitlab(body),
}
"""Each forge: from the body and the headers, in lower case, to what is offered."""


def _offer(forge: ForgeName, value: Mapping[str, Any], repository: tuple[str, ...], number: tuple[str, ...],
           head: tuple[str, ...]) -> Offer:
    found = text(value, *number, tool=forge) or ""
    if not (found.isascii() and found.isdigit() and len(found) < 10):
        raise InputError("wrong value", where=f"{forge}: {'.'.join(number)}", got=found, expected="a number")
    sha = text(value, *head, tool=forge) or ""
    if not _SHA.fullmatch(sha):
        raise InputError("wrong value", where=f"{forge}: {'.'.join(head)}", got=sha, expected="a full commit id")
    return Offer(forge, text(value, *repository, tool=forge) or "", int(found), sha)


def _has(value: Mapping[str, Any], *path: str) -> bool:
    """Whether there is something true at a path."""
    here: Any = value
    for name in path:
        here = here.get(name) if isinstance(here, Mapping) else None
    return bool(here)
