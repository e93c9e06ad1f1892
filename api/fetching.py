"""Bringing the commits of a merge request into the mirror of its repository, from the mirror's own remote.

Objects come in, and nothing else: no ref, no file of a working tree. Nothing that was fetched is run, whoever sent it. As with
``git fetch`` by hand, the mirror's configuration says where its remote is and how one gets in.
"""

from __future__ import annotations

import re
import select
import threading
import time
from collections.abc import Sequence
from os import devnull
from pathlib import Path

from riskml.adapters.git import GitRepository
from riskml.adapters.git.process import Place, stream
from riskml.errors import RepositoryError, ServiceUnavailable, UnknownRef

TIMEOUT_S = 120.0
"""How long one fetch may take: a mirror is near to what it mirrors."""

_LOOK_S = 0.5
_TURNS: dict[Path, threading.Lock] = {}
_SECRET = re.compile(r"://[^/\s]+@")  # to the last @: git takes off what is before the first one
_SETTINGS = (f"core.hooksPath={devnull}", "core.fsmonitor=false", "gc.auto=0", "maintenance.auto=false",
             "http.lowSpeedLimit=100", "http.lowSpeedTime=30", "fetch.recurseSubmodules=false", "fetch.prune=false",
             "fetch.pruneTags=false", "fetch.writeCommitGraph=false", "fetch.bundleURI=")
_OPTIONS = ("--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-maintenance", "--refmap=",
            "--stdin")


def bring(mirror: Path, commits: Sequence[str], ref: str, *, stopping: threading.Event, timeout_s: float = TIMEOUT_S) -> None:
    """Fetch the commits (full ids) that a mirror lacks: by their ids, and if the remote does not allow that, by ``ref``.

    Raises ``RepositoryError`` in git's words, ``UnknownRef`` if the remote does not have them, ``ServiceUnavailable`` when it
    takes too long, or ``stopping`` is set.
    """
    with _TURNS.setdefault(mirror, threading.Lock()):
        repository = GitRepository.open(mirror, search_parent=False)
        missing = [commit for commit in commits if not _has(repository, commit)]
        if not missing:
            return
        try:
            _fetch(repository, missing, stopping, timeout_s)
        except RepositoryError:  # some servers give out what a ref shows, and nothing by its id
            _fetch(repository, [ref], stopping, timeout_s)
        for commit in missing:
            repository.resolve(commit)


def _has(repository: GitRepository, commit: str) -> bool:
    try:
        repository.resolve(commit)
    except UnknownRef:
        return False
    return True


def _fetch(repository: GitRepository, wanted: Sequence[str], stopping: threading.Event, timeout_s: float) -> None:
    place = Place(str(repository.common_dir), {
        "GIT_DIR": str(repository.common_dir), "GIT_COMMON_DIR": str(repository.common_dir), "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh", "LC_ALL": "C",
    })
    settings = (part for setting in _SETTINGS for part in ("-c", setting))
    command = (*settings, "fetch", *_OPTIONS, "--end-of-options", "origin")
    try:
        with stream(place, command, stdin="".join(f"{name}\n" for name in wanted).encode()) as output:
            end = time.monotonic() + timeout_s
            while not select.select([output], [], [], _LOOK_S)[0]:  # it writes nothing: its output ends when it does
                if time.monotonic() < end and not stopping.is_set():
                    continue
                raise ServiceUnavailable("the remote of a mirror takes too long", where="git fetch", got=f"{timeout_s:g} s",
                                         expected="another try later")
    except RepositoryError as error:
        raise RepositoryError("the commits of a merge request cannot be fetched", where="git fetch origin",
                              got=_SECRET.sub("://", str(error.got)), expected="a mirror whose origin answers and may be read"
                              ) from None
