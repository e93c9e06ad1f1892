"""Small servers that stand in for GitHub and GitLab: they keep comments as those do, and fail on demand."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

HEAD = "a" * 40


class Asked(NamedTuple):
    """One request as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


class Fault(NamedTuple):
    """What goes wrong once: a status with headers, a wait, or a connection that is cut before or after the work is done."""

    method: str
    status: int = 0
    headers: Mapping[str, str] = MappingProxyType({})
    wait_s: float = 0.0
    cut: str = ""


class Platform:
    """What both platforms have in common: an address, comments, statuses, faults to come, and what was asked."""

    def __init__(self) -> None:
        self.comments: list[dict[str, Any]] = []
        self.statuses: list[tuple[str, dict[str, Any]]] = []
        self.asked: list[Asked] = []
        self.faults: list[Fault] = []
        self.head = HEAD
        self.base = "b" * 40
        self.open, self.draft = True, False
        self.patch = b""
        self.messages: list[str] = ["Change"]
        self.tree: dict[str, bytes] = {}
        self.pause_s = 0.0
        self.lock = threading.Lock()
        self.ids = iter(range(1, 10_000))
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self.server.server_close()

    def answer(self, asked: Asked) -> tuple[int, Any]:
        """Do what is asked; bytes are sent as they are, anything else as JSON."""
        raise NotImplementedError

    def in_folder(self, path: str) -> list[str]:
        """Return the files right in a folder of the base."""
        return sorted(name for name in self.tree if name.rpartition("/")[0] == path)

    def fault_for(self, asked: Asked) -> Fault | None:
        """Take the first fault that is meant for this method."""
        with self.lock:
            self.asked.append(asked)
            found = next((f for f in self.faults if f.method in (asked.method, "*")), None)
            if found is not None:
                self.faults.remove(found)
        return found

    @property
    def bodies(self) -> list[str]:
        """The texts of all comments, oldest first."""
        return [comment["body"] for comment in self.comments]


class GitHub(Platform):
    """GitHub, as far as a pull request's change, comments and statuses go; ``write`` adds a comment of anybody."""

    def __init__(self) -> None:
        super().__init__()
        self.checks: list[dict[str, Any]] = []
        self.may_check = False

    def write(self, body: str, *, kind: str = "Bot", association: str = "NONE") -> dict[str, Any]:
        """Add a comment."""
        with self.lock:
            user = {"login": "x", "id": 1 if kind == "Bot" else 2, "type": kind}
            made = {"id": next(self.ids), "body": body, "user": user, "author_association": association}
            self.comments.append(made)
        return made

    def answer(self, asked: Asked) -> tuple[int, Any]:
        """Route as GitHub does."""
        path = asked.path.removeprefix("/repos/acme/shop")
        if path == "/pulls/7":
            if asked.headers.get("accept") == "application/vnd.github.diff":
                return 200, self.patch
            return 200, {"number": 7, "state": "open" if self.open else "closed", "draft": self.draft,
                         "head": {"sha": self.head}, "base": {"sha": self.base}}
        if path == "/pulls/7/commits":
            when = {"name": "Ada", "date": "2026-11-23T08:00:00Z"}
            return 200, [{"sha": f"{n:040x}", "commit": {"message": text, "author": when, "committer": when}}
                         for n, text in enumerate(self.messages, 1)]
        if path.startswith("/contents/"):
            name = unquote(path.removeprefix("/contents/"))
            if name in self.tree:
                return 200, self.tree[name]
            found = self.in_folder(name)
            return (200, [{"type": "file", "path": each} for each in found]) if found else (404, {"message": "Not Found"})
        if path == "/check-runs" and asked.method == "POST":
            if not self.may_check:
                return 403, {"message": "You must authenticate via a GitHub App."}
            self.checks.append(asked.body)
            return 201, {"id": len(self.checks)}
        if re.fullmatch(r"/commits/[0-9a-f]{40}/check-runs", path):
            runs = [check for check in self.checks if check["name"] == asked.query["check_name"] and check["head_sha"] in path]
            return 200, {"total_count": len(runs), "check_runs": runs}
        if path == "/issues/7/comments":
            if asked.method == "POST":
                return 201, self.write(asked.body["body"])
            size, page = int(asked.query["per_page"]), int(asked.query["page"])
            with self.lock:
                return 200, [dict(c) for c in self.comments[(page - 1) * size:page * size]]
        one = re.fullmatch(r"/issues/comments/(\d+)", path)
        if one:
            return _one(self, asked, int(one[1]))
        status = re.fullmatch(r"/statuses/([0-9a-f]{40})", path)
        if status and asked.method == "POST":
            self.statuses.append((status[1], asked.body))
            return 201, {"state": asked.body["state"]}
        return 404, {"message": "Not Found"}


class GitLab(Platform):
    """GitLab, as far as notes and statuses go; our user has the number 5."""

    def write(self, body: str, *, author: int = 5, system: bool = False) -> dict[str, Any]:
        """Add a note."""
        with self.lock:
            made = {"id": next(self.ids), "body": body, "author": {"id": author, "username": "x"}, "system": system}
            self.comments.append(made)
        return made

    def answer(self, asked: Asked) -> tuple[int, Any]:
        """Route as GitLab does; the project's path is one encoded part of the address."""
        if asked.path == "/user":
            return 200, {"id": 5, "username": "bot"}
        request = "/projects/acme%2Fteam%2Fshop/merge_requests/7"
        if asked.path == request:
            return 200, {"sha": self.head, "iid": 7, "state": "opened" if self.open else "merged", "draft": self.draft,
                         "diff_refs": {"base_sha": self.base, "start_sha": self.base, "head_sha": self.head}}
        if asked.path == f"{request}/raw_diffs":
            return 200, self.patch
        if asked.path == f"{request}/commits":
            return 200, [{"id": f"{n:040x}", "message": text, "authored_date": "2026-11-23T08:00:00.000+00:00",
                          "committed_date": "2026-11-23T08:00:00.000+00:00"} for n, text in enumerate(self.messages, 1)][::-1]
        if asked.path == "/projects/acme%2Fteam%2Fshop/repository/tree":
            return 200, [{"type": "blob", "path": each} for each in self.in_folder(asked.query["path"])]
        file = re.fullmatch(r"/projects/acme%2Fteam%2Fshop/repository/files/([^/]+)/raw", asked.path)
        if file:
            content = self.tree.get(unquote(file[1]))
            return (200, content) if content is not None else (404, {"message": "404 File Not Found"})
        if asked.path == f"{request}/notes":
            if asked.method == "POST":
                return 201, self.write(asked.body["body"])
            size, page = int(asked.query["per_page"]), int(asked.query["page"])
            with self.lock:
                return 200, [dict(c) for c in self.comments[(page - 1) * size:page * size]]
        one = re.fullmatch(rf"{re.escape(request)}/notes/(\d+)", asked.path)
        if one:
            return _one(self, asked, int(one[1]))
        status = re.fullmatch(r"/projects/acme%2Fteam%2Fshop/statuses/([0-9a-f]{40})", asked.path)
        if status and asked.method == "POST":
            if (status[1], asked.body) in self.statuses:
                return 400, {"message": "Cannot transition status via :run from :success"}
            self.statuses.append((status[1], asked.body))
            return 201, {"status": asked.body["state"]}
        return 404, {"message": "404 Not found"}


def _one(platform: Platform, asked: Asked, number: int) -> tuple[int, Any]:
    with platform.lock:
        found = next((c for c in platform.comments if c["id"] == number), None)
        if found is None:
            return 404, {"message": "Not Found"}
        if asked.method == "DELETE":
            platform.comments.remove(found)
            return 204, None
        found["body"] = asked.body["body"]
        return 200, dict(found)


def _handler(platform: Platform) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            parts = urlsplit(self.path)
            length = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(length)) if length else None
            query = {k: v[0] for k, v in parse_qs(parts.query).items()}
            asked = Asked(self.command, parts.path, query, {k.lower(): v for k, v in self.headers.items()}, body)
            fault = platform.fault_for(asked)
            time.sleep((fault.wait_s if fault else 0.0) + platform.pause_s)
            if fault and fault.cut == "before":
                self.connection.close()
                return
            status, found = platform.answer(asked) if not (fault and fault.status) else (fault.status, {"message": "on demand"})
            if fault and fault.cut == "after":
                self.connection.close()
                return
            data = found if isinstance(found, bytes) else b"" if found is None else json.dumps(found).encode()
            self.send_response(status)
            for name, value in (fault.headers if fault else {}).items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(data)))
            self.send_header("connection", "close")
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve  # noqa: N815 # the names that the standard library calls

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Handler
