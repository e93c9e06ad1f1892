"""A merge request on GitLab: its notes and the statuses of its commits, over the REST API (v4)."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from riskml.adapters.forge import Forge
from riskml.errors import ServiceUnavailable, UsageError
from riskml.ports import Comment, State

API = "https://gitlab.com/api/v4"

_NAME = re.compile(r"([A-Za-z0-9_][A-Za-z0-9._-]*(?:/[A-Za-z0-9_][A-Za-z0-9._-]*)*)!([1-9][0-9]{0,9})")
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_STATES = {"success": "success", "failure": "failed"}


def headers(token: str) -> dict[str, str]:
    """Return the headers of every request."""
    return {"accept": "application/json", "private-token": token}


class MergeRequest:
    """One merge request, named ``group/project!7`` or ``42!7`` (the project's number). A ``Conversation``."""

    def __init__(self, forge: Forge, name: str) -> None:
        match = _NAME.fullmatch(name)
        if match is None:
            raise UsageError("not a merge request", where="--gitlab", got=name, expected="group/project!7")
        self._forge = forge
        self._project = f"/projects/{quote(match[1], safe='')}"
        self._request = f"{self._project}/merge_requests/{match[2]}"
        self._me: int | None = None

    def head(self) -> str:
        """Ask which commit it offers."""
        found = self._object(self._request)
        if not isinstance(found.get("sha"), str):
            raise ServiceUnavailable("not an answer of GitLab", where=f"GET {self._request}", got=found, expected="sha")
        return str(found["sha"])

    def comments(self) -> list[Comment]:
        """List its comments, oldest first; trusted are those of the token's own user, the only ones it could edit."""
        if self._me is None:
            self._me = int(self._object("/user")["id"])
        found = self._forge.pages(f"{self._request}/notes", {"sort": "asc", "order_by": "created_at"})
        notes = sorted((item for item in found if not item.get("system")), key=lambda item: int(item["id"]))
        return [_comment(item, self._me) for item in notes]

    def post(self, body: str) -> None:
        """Add a comment."""
        if self._forge.ask("POST", f"{self._request}/notes", json={"body": body}) is None:
            raise UsageError("GitLab takes no note there", where=f"POST {self._request}/notes", got=404,
                             expected="an open conversation, and a token that may write to it")

    def edit(self, comment: str, body: str) -> bool:
        """Replace the text of a comment; ``False`` if it is gone."""
        return self._forge.ask("PUT", f"{self._request}/notes/{comment}", json={"body": body}) is not None

    def delete(self, comment: str) -> None:
        """Remove a comment, if it is still there."""
        self._forge.ask("DELETE", f"{self._request}/notes/{comment}")

    def status(self, commit: str, *, name: str, state: State, text: str) -> None:
        """Set the status of a commit: a job of its pipeline, from outside."""
        if not _SHA.fullmatch(commit):
            raise UsageError("not a commit", where="status", got=commit, expected="a full commit id")
        try:
            self._forge.ask("POST", f"{self._project}/statuses/{commit}",
                            json={"state": _STATES[state], "name": name, "description": text[:255]})
        except UsageError as error:
            if "Cannot transition status" not in str(error.got):  # it is set so already
                raise

    def _object(self, path: str) -> dict[str, Any]:
        found = self._forge.ask("GET", path)
        if found is None:
            raise UsageError("GitLab shows nothing there", where=f"GET {path}", got=404,
                             expected="the right project and number, and a token of scope api")
        if not isinstance(found, dict):
            raise ServiceUnavailable("not an answer of GitLab", where=f"GET {path}", got=found, expected="a JSON object")
        return found


def _comment(item: Any, me: int) -> Comment:
    writer = (item.get("author") or {}).get("id")
    return Comment(str(int(item["id"])), str(item.get("body") or ""), str(writer), writer == me)
