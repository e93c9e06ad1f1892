"""A pull request on GitHub: its comments, its change, and what is said of its commits, over the REST API (2022-11-28)."""

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

API = "https://api.github.com"

_NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]{0,38})/([A-Za-z0-9._-]{1,100})#([1-9][0-9]{0,9})")
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SUMMARY = 60_000  # characters; GitHub takes 65,535
_NOTES = 50  # annotations that one request may bring
_INSIDERS = frozenset(("OWNER", "MEMBER", "COLLABORATOR"))


def headers(token: str) -> dict[str, str]:
    """Return the headers of every request."""
    return {"accept": "application/vnd.github+json", "authorization": f"Bearer {token}", "x-github-api-version": "2022-11-28"}


class PullRequest:
    """One pull request, named ``owner/repo#7``. A ``Conversation``."""

    def __init__(self, forge: Forge, name: str) -> None:
        match = _NAME.fullmatch(name)
        if match is None or match[2] in (".", ".."):
            raise UsageError("not a pull request", where="--github", got=name, expected="owner/repo#7")
        self._forge = forge
        self._repository = f"/repos/{match[1]}/{match[2]}"
        self._number = match[3]

    def head(self) -> str:
        """Ask which commit it offers."""
        found = self._itself()
        sha = (found.get("head") or {}).get("sha")
        if not isinstance(sha, str):
            raise self._strange(found, "head.sha")
        return sha

    def offered(self) -> Offered:
        """Ask what it offers now."""
        found = self._itself()
        head, base = ((found.get(side) or {}).get("sha") for side in ("head", "base"))
        if not (isinstance(head, str) and isinstance(base, str) and _SHA.fullmatch(head) and _SHA.fullmatch(base)):
            raise self._strange(found, "head.sha and base.sha")
        return Offered(head, base, found.get("state") == "open" and not found.get("draft"))

    def _itself(self) -> dict[str, Any]:
        path = f"{self._repository}/pulls/{self._number}"
        found = self._forge.ask("GET", path)
        if found is None:
            raise UsageError("GitHub shows no such pull request", where=f"GET {path}", got=404,
                             expected="the right repository and number, and a token that may read it")
        if not isinstance(found, dict):
            raise self._strange(found, "an object")
        return found

    def _strange(self, found: object, expected: str) -> ServiceUnavailable:
        where = f"GET {self._repository}/pulls/{self._number}"
        return ServiceUnavailable("not an answer of GitHub", where=where, got=found, expected=expected)

    def diff(self) -> bytes:
        """Fetch its unified diff; GitHub refuses one of more than 20,000 lines or 300 files."""
        path = f"{self._repository}/pulls/{self._number}"
        found = self._forge.read(path, accept="application/vnd.github.diff")
        if found is None:
            raise UsageError("GitHub shows no such pull request", where=f"GET {path}", got=404)
        return found

    def commits(self) -> list[Commit]:
        """List its commits, oldest first, without who wrote them; GitHub gives the first 250."""
        found = self._forge.pages(f"{self._repository}/pulls/{self._number}/commits", {})
        return [_commit(item) for item in found]

    def file(self, path: str, ref: str) -> bytes | None:
        """Fetch a file as of a commit; ``None`` if there is none."""
        place = f"{self._repository}/contents/{quote(path)}"
        return self._forge.read(place, accept="application/vnd.github.raw+json", params={"ref": ref})

    def folder(self, path: str, ref: str) -> list[str]:
        """List the paths of the files of a folder as of a commit."""
        found = self._forge.ask("GET", f"{self._repository}/contents/{quote(path)}", params={"ref": ref})
        return [str(item["path"]) for item in found if item.get("type") == "file"] if isinstance(found, list) else []

    def comments(self) -> list[Comment]:
        """List its comments, oldest first.

        Trusted are those of apps (the token of a workflow is one) and of people who may write to the repository, so that nobody
        from outside can plant a comment that is taken for ours.
        """
        found = self._forge.pages(f"{self._repository}/issues/{self._number}/comments", {})
        return sorted((_comment(item) for item in found), key=lambda c: int(c.id))

    def post(self, body: str) -> None:
        """Add a comment."""
        path = f"{self._repository}/issues/{self._number}/comments"
        if self._forge.ask("POST", path, json={"body": body}) is None:
            raise UsageError("GitHub takes no comment there", where=f"POST {path}", got=404,
                             expected="an open conversation, and a token that may write to it")

    def edit(self, comment: str, body: str) -> bool:
        """Replace the text of a comment; ``False`` if it is gone."""
        return self._forge.ask("PATCH", f"{self._repository}/issues/comments/{comment}", json={"body": body}) is not None

    def delete(self, comment: str) -> None:
        """Remove a comment, if it is still there."""
        self._forge.ask("DELETE", f"{self._repository}/issues/comments/{comment}")

    def status(self, commit: str, *, name: str, state: State, text: str) -> None:
        """Set the status of a commit; GitHub takes 140 characters."""
        if not _SHA.fullmatch(commit):
            raise UsageError("not a commit", where="status", got=commit, expected="a full commit id")
        self._forge.ask("POST", f"{self._repository}/statuses/{commit}",
                        json={"state": state, "context": name, "description": text[:140]})

    def check(self, commit: str, *, name: str, state: State, text: str, about: str, key: str, notes: Sequence[Note]) -> bool:
        """Say the state as a check run with annotations; ``False`` for a token that may write none (only an app's may)."""
        if not _SHA.fullmatch(commit):
            raise UsageError("not a commit", where="check", got=commit, expected="a full commit id")
        runs = f"{self._repository}/commits/{commit}/check-runs"
        output = {"title": text[:140], "summary": about[:_SUMMARY], "annotations": [*map(_annotation, notes[:_NOTES])]}
        body = {"name": name, "head_sha": commit, "external_id": key, "status": "completed", "conclusion": state,
                "output": output}
        try:
            known = self._forge.ask("GET", runs, params={"check_name": name, "per_page": "100"})
            if isinstance(known, dict) and any(run.get("external_id") == key for run in known.get("check_runs") or ()):
                return True
            return self._forge.ask("POST", f"{self._repository}/check-runs", json=body) is not None
        except UsageError:
            return False


def _annotation(note: Note) -> dict[str, Any]:
    return {"path": note.path, "start_line": note.first, "end_line": note.last, "title": note.title[:255],
            "annotation_level": "warning" if note.warns else "notice", "message": note.text[:_SUMMARY]}


def _commit(item: Any) -> Commit:
    about = item["commit"]
    authored, committed = (int(datetime.fromisoformat(about[who]["date"]).timestamp()) for who in ("author", "committer"))
    return Commit(sha=str(item["sha"]), message=str(about["message"]), authored_at=authored, committed_at=committed)


def _comment(item: Any) -> Comment:
    user = item.get("user") or {}  # a deleted account has none
    trusted = user.get("type") == "Bot" or item.get("author_association") in _INSIDERS
    return Comment(str(int(item["id"])), str(item.get("body") or ""), str(user.get("id")), trusted)
