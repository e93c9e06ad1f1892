"""A pull request on GitHub: its comments and the statuses of its commits, over the REST API (2022-11-28)."""

from __future__ import annotations

import re
from typing import Any

from riskml.adapters.forge import Forge
from riskml.errors import ServiceUnavailable, UsageError
from riskml.ports import Comment, State

API = "https://api.github.com"

_NAME = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]{0,38})/([A-Za-z0-9._-]{1,100})#([1-9][0-9]{0,9})")
_SHA = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
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
        path = f"{self._repository}/pulls/{self._number}"
        found = self._forge.ask("GET", path)
        sha = found.get("head", {}).get("sha") if isinstance(found, dict) else None
        if found is None:
            raise UsageError("GitHub shows no such pull request", where=f"GET {path}", got=404,
                             expected="the right repository and number, and a token that may read it")
        if not isinstance(sha, str):
            raise ServiceUnavailable("not an answer of GitHub", where=f"GET {path}", got=found, expected="head.sha")
        return sha

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


def _comment(item: Any) -> Comment:
    user = item.get("user") or {}  # a deleted account has none
    trusted = user.get("type") == "Bot" or item.get("author_association") in _INSIDERS
    return Comment(str(int(item["id"])), str(item.get("body") or ""), str(user.get("id")), trusted)
