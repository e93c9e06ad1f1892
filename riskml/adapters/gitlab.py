"""A merge request on GitLab: its notes, its change, and the statuses of its commits, over the REST API (v4)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

from riskml.adapters.forge import Forge
from riskml.change import Commit
from riskml.errors import ServiceUnavailable, UsageError
from riskml.ports import Comment, Note, Offered, State

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

    def offered(self) -> Offered:
        """Ask what it offers now. ``base`` is the tip of the branch it goes into, as of its last push."""
        found = self._object(self._request)
        refs = found.get("diff_refs") or {}
        head, base = found.get("sha"), refs.get("start_sha") or refs.get("base_sha")
        if not (isinstance(head, str) and isinstance(base, str) and _SHA.fullmatch(head) and _SHA.fullmatch(base)):
            raise ServiceUnavailable("not an answer of GitLab", where=f"GET {self._request}", got=found,
                                     expected="sha and diff_refs; GitLab makes them a moment after a push")
        return Offered(head, base, found.get("state") == "opened" and not found.get("draft", found.get("work_in_progress")))

    def diff(self) -> bytes:
        """Fetch its unified diff."""
        found = self._forge.read(f"{self._request}/raw_diffs", accept="text/plain")
        if found is None:
            raise UsageError("GitLab shows no diff there", where=f"GET {self._request}/raw_diffs", got=404,
                             expected="GitLab 15.7 or later, and a token that may read the project")
        return found

    def commits(self) -> list[Commit]:
        """List its commits, oldest first, without who wrote them."""
        return [_commit(item) for item in self._forge.pages(f"{self._request}/commits", {})][::-1]

    def file(self, path: str, ref: str) -> bytes | None:
        """Fetch a file as of a commit; ``None`` if there is none."""
        place = f"{self._project}/repository/files/{quote(path, safe='')}/raw"
        return self._forge.read(place, accept="*/*", params={"ref": ref})

    def folder(self, path: str, ref: str) -> list[str]:
        """List the paths of the files of a folder as of a commit."""
        found = self._forge.ask("GET", f"{self._project}/repository/tree", params={"path": path, "ref": ref, "per_page": "100"})
        return [str(item["path"]) for item in found if item.get("type") == "blob"] if isinstance(found, list) else []

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

    def check(self, commit: str, *, name: str, state: State, text: str, about: str, key: str, notes: Sequence[Note]) -> bool:  # noqa: ARG002 - the port's
        """Tell that GitLab has no such thing: its notes at lines come from reports of a pipeline."""
        return False

    def _object(self, path: str) -> dict[str, Any]:
        found = self._forge.ask("GET", path)
        if found is None:
            raise UsageError("GitLab shows nothing there", where=f"GET {path}", got=404,
                             expected="the right project and number, and a token of scope api")
        if not isinstance(found, dict):
            raise ServiceUnavailable("not an answer of GitLab", where=f"GET {path}", got=found, expected="a JSON object")
        return found


def _commit(item: Any) -> Commit:
    authored, committed = (int(datetime.fromisoformat(item[at]).timestamp()) for at in ("authored_date", "committed_date"))
    return Commit(sha=str(item["id"]), message=str(item["message"]), authored_at=authored, committed_at=committed)


def _comment(item: Any, me: int) -> Comment:
    writer = (item.get("author") or {}).get("id")
    return Comment(str(int(item["id"])), str(item.get("body") or ""), str(writer), writer == me)
