"""The steps of a visit to a merge request: what it offers, what that is made of, and what is said of it. Work for a thread."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from api.fetching import bring
from api.schemas import CommitIn, PredictIn, ServiceIn
from riskml.change import FileDiff
from riskml.ci.comment import is_service, row_of
from riskml.ci.converse import Said, mark_stale, speak
from riskml.ci.notes import notes_of
from riskml.errors import PolicyError
from riskml.features.catalogue import NAMES
from riskml.local import POLICY_PATH
from riskml.parse.diff import parse_patch
from riskml.policy.policy import Policy, load_policy
from riskml.policy.service import load_service
from riskml.ports import Offered, Reviewable, State
from riskml.render import markdown

SERVICES = ".riskml/services"
"""Folder of a repository, as of the base: one description of a service a file, the comment has a row for each."""

MOST_SERVICES = 20
_LAGS_S = (1.0, 3.0)  # a platform may tell of a push before its own API knows of it


@dataclass(frozen=True, slots=True)
class Material:
    """A merge request, ready to be assessed: one request a service, the base's policy unless a mirror has it, and the diff."""

    offered: Offered
    requests: Mapping[str, PredictIn]
    policy: Policy | None
    files: Callable[[], Sequence[FileDiff]]


class Scored(NamedTuple):
    """What was answered for a service: the document, as ``POST /predict`` answers it."""

    service: str
    document: bytes


def look(talk: Reviewable, told: str, sleep: Callable[[float], None]) -> Offered:
    """Ask what is offered now. Whatever the delivery said: only the platform knows, though it may know a moment later."""
    offered = talk.offered()
    for lag in _LAGS_S:
        if offered.head == told or not offered.ready:
            break
        sleep(lag)
        offered = talk.offered()
    return offered


def begin(talk: Reviewable, offered: Offered) -> None:
    """Mark what was said of earlier commits while this one is scored."""
    mark_stale(talk, offered.head)


def gather(talk: Reviewable, offered: Offered, repository: str, mirror: Path | None, ref: str, *, key: str,
           stopping: threading.Event) -> Material:
    """Get the change: from the mirror, into which its commits are fetched, or else from the platform.

    ``key`` begins the idempotency keys: the same change under the same key is assessed once.
    """
    change = PredictIn(repository=repository, base=offered.base, head=offered.head)
    if mirror is not None:
        from riskml.adapters.git import GitRepository

        bring(mirror, (offered.base, offered.head), ref, stopping=stopping)
        kept = GitRepository.open(mirror, search_parent=False)
        paths = _described(path for path in kept.paths(offered.base) if path.rpartition("/")[0] == SERVICES)
        services = {path: kept.read_file(offered.base, path) for path in paths}
        return Material(offered, _for_each(change, services, key), None, lambda: kept.change(offered.base, offered.head).files)
    services = {path: talk.file(path, offered.base) for path in _described(talk.folder(SERVICES, offered.base))}
    diff, policy = talk.diff(), talk.file(POLICY_PATH, offered.base)
    commits = tuple(CommitIn(sha=c.sha, message=c.message, authored_at=datetime.fromtimestamp(c.authored_at, UTC))
                    for c in talk.commits())
    change = change.model_copy(update={"diff": diff.decode("utf-8", "replace"), "commits": commits})
    own = None if policy is None else _policy(policy, offered.base)
    return Material(offered, _for_each(change, services, key), own, lambda: parse_patch(diff))


def tell(talk: Reviewable, material: Material, scored: Sequence[Scored], *, sleep: Callable[[float], None],
         chance: Callable[[], float]) -> Said:
    """Say the decisions: in the one comment, and at the commit, red only for what an enforced policy holds."""
    head, decisions = material.offered.head, {name: json.loads(document) for name, document in scored}
    rows = [row_of(decision | {"created_at": _in_utc(decision["created_at"])}, name) for name, decision in decisions.items()]
    said = speak(talk, rows, head=head, sleep=sleep, chance=chance)
    if said == "outdated":
        return said
    files = material.files()
    for row in rows:
        decision = decisions[row.service]
        name = "riskml" if row.service == "default" else f"riskml/{row.service}"
        state: State = "failure" if row.kind == "hold" else "success"
        if not talk.check(head, name=name, state=state, text=row.said, about=markdown.render(decision),
                          key=str(decision["id"]), notes=notes_of(decision, files)):
            talk.status(head, name=name, state=state, text=row.said)
    return said


def _policy(text: bytes, base: str) -> Policy:
    try:
        return load_policy(text, name=POLICY_PATH, features=NAMES)
    except PolicyError as error:
        where = f"{POLICY_PATH} at {base[:12]}" + (f", {error.where}" if error.where else "")
        raise PolicyError(error.what, where=where, got=error.got, expected=error.expected) from None


def _described(paths: Iterable[str]) -> list[str]:
    found = sorted(path for path in paths if path.endswith((".yaml", ".yml", ".json")))
    if len(found) > MOST_SERVICES:
        raise PolicyError("too many services", where=SERVICES, got=len(found), expected=f"at most {MOST_SERVICES}")
    return found


def _for_each(change: PredictIn, services: Mapping[str, bytes | None], key: str) -> dict[str, PredictIn]:
    requests: dict[str, PredictIn] = {}
    for path, text in services.items():
        name = PurePosixPath(path).stem
        if not is_service(name) or name in requests:
            raise PolicyError("not the name of one service", where=SERVICES, got=name,
                              expected="each a file named in letters, digits, spaces, '._-'")
        service = load_service(text or b"", name=path)
        described = ServiceIn(**{field: getattr(service, field) for field in ServiceIn.model_fields})
        requests[name] = change.model_copy(update={"service": described})
    return {name: _keyed(request, key) for name, request in (requests or {"default": change}).items()}


def _keyed(request: PredictIn, key: str) -> PredictIn:
    digest = hashlib.sha256(request.model_dump_json().encode()).hexdigest()
    return request.model_copy(update={"idempotency_key": f"{key}:{digest}"})


def _in_utc(moment: str) -> str:
    """Spell a time as ``riskml comment`` does, so that the rows of both can be put in order."""
    return datetime.fromisoformat(moment).astimezone(UTC).isoformat()
