"""Bringing the history that a shallow clone lacks, up to the merge base or all of it: the one step over a network.

It runs only when asked, with the clone's own remote, credentials and settings, all of which git itself would use: whoever asks
trusts the clone's configuration as ``git fetch`` does. Protocols that run a command (``ext::``), hooks, submodules, tags and
housekeeping stay off. No local branch and no file of the working tree is touched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from os import devnull
from typing import Literal

from riskml.adapters.git.names import checked
from riskml.adapters.git.process import Place, run
from riskml.adapters.git.repository import GitRepository
from riskml.errors import NoMergeBase, RepositoryError, UnknownRef

Depth = Literal["never", "auto", "full"]
"""How much history to fetch: none, what is needed to know the change, or all."""

_FIRST = 32  # commits; doubled with every fetch: a distance of n costs log2(n / 32) + 1 fetches, and at most 2 n commits
_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_SECRET = re.compile(r"://[^/@\s]+@")
_SETTINGS = (f"core.hooksPath={devnull}", "core.fsmonitor=false", "gc.auto=0", "maintenance.auto=false",
             "http.lowSpeedLimit=100", "http.lowSpeedTime=60",
             "fetch.writeCommitGraph=false", "fetch.recurseSubmodules=false", "fetch.prune=false", "fetch.pruneTags=false")
_OPTIONS = ("--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-maintenance", "--stdin")


def deepen(
    repository: GitRepository, base: str, head: str, *, depth: Literal["auto", "full"] = "auto", remote: str = "origin",
    notice: Callable[[str], None] = lambda _text: None,
) -> tuple[str, str]:
    """Fetch what is missing between two commits, and return their ids. A complete clone that has both is left alone.

    A base or head that the clone lacks is fetched by its id, or as a branch of the remote. With ``auto`` the history then grows
    until the merge base is there *and* sure: while a commit above it is cut off from its parents, a better one, or more commits
    of the base, could hide behind the cut. With ``full`` all of it is fetched.

    Raises ``RepositoryError``, in git's words, when the remote refuses or is away.
    """
    tips = _present(repository, remote, base), _present(repository, remote, head)
    cut = _cut(repository)
    if cut and depth == "full":
        notice("this clone is shallow: fetching the rest of its history")
        _fetch(repository, ("--unshallow",), remote, cut)
    step = _FIRST
    while missing := _open(repository, *tips):
        notice(f"this clone is shallow: fetching {step} more commits, to find the merge base")
        _fetch(repository, (f"--deepen={step}",), remote, missing)
        if _cut(repository) == cut:
            raise NoMergeBase("the remote brings no more history", got=f"{base} and {head}", expected="a complete clone")
        cut, step = _cut(repository), 2 * step
    return tips


def _present(repository: GitRepository, remote: str, name: str) -> str:
    """Return the id of a commit, fetching it alone if the clone lacks it."""
    with suppress(UnknownRef):
        return repository.resolve(name)
    depth = ("--depth=1",) if repository.is_shallow else ()
    if _ID.fullmatch(name):
        _fetch(repository, depth, remote, (name,))
        return repository.resolve(name)
    branch = checked(name).removeprefix("refs/heads/").removeprefix(f"{remote}/")
    kept = f"refs/remotes/{remote}/{branch}"
    _fetch(repository, depth, remote, (f"+refs/heads/{branch}:{kept}",))
    return repository.resolve(kept)


def _open(repository: GitRepository, base: str, head: str) -> frozenset[str]:
    """Return the cuts behind which the merge base, or something above it, may be hidden."""
    cut = _cut(repository)
    if not cut:
        return cut
    above: tuple[str, ...]
    try:
        above = (base, head, f"^{repository.merge_base(base, head)}")
    except NoMergeBase:
        above = (base, head)
    return cut.intersection(repository.rev_list(("--stdin",), _lines(above)))


def _cut(repository: GitRepository) -> frozenset[str]:
    """Return the commits whose parents were left out."""
    try:
        return frozenset((repository.common_dir / "shallow").read_text("ascii").split())
    except FileNotFoundError:
        return frozenset()


def _lines(names: Iterable[str]) -> bytes:
    return "".join(f"{name}\n" for name in names).encode("utf-8", "surrogateescape")


def _fetch(repository: GitRepository, how: tuple[str, ...], remote: str, wanted: Iterable[str]) -> None:
    """Run ``git fetch`` for ids or refspecs; the ids are ones that the remote gave us, or that the caller named."""
    place = Place(str(repository.common_dir), {
        "GIT_DIR": str(repository.common_dir), "GIT_COMMON_DIR": str(repository.common_dir), "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": "file:git:http:https:ssh", "LC_ALL": "C",
    })
    settings = (part for setting in _SETTINGS for part in ("-c", setting))
    command = (*settings, "fetch", *_OPTIONS, *how, "--end-of-options", remote)
    try:
        run(place, command, stdin=_lines(wanted))
    except RepositoryError as error:
        said = _SECRET.sub("://", str(error.got))
        raise RepositoryError("the missing history cannot be fetched", where=" ".join(("git fetch", *how, remote)), got=said,
                              expected="a remote that answers and may be read; or a clone with its history") from None
