"""One change has one vector, however CI cloned it: or what cannot be known from the clone is unknown, and only that.

The cells: how deep the clone is, how far the base moved on, where the change comes from, and how changes land in the base.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from math import isnan
from typing import Any

import pytest

from riskml.adapters.git import GitRepository
from riskml.adapters.git.deepen import deepen
from riskml.features import content, diffusion, size
from riskml.features.catalogue import CATALOGUE, extract
from riskml.features.feature import Evidence
from riskml.local import Workspace

OF_THE_PAST = {f.name for f in CATALOGUE if f.missing and "history" in f.missing}
OF_THE_MESSAGE = {"message_lines", "message_words", "issue_referenced"}
CODE = "def charge(cart):\n    return sum(cart)\n"


def land(repo: Any, way: str, branch: str) -> None:
    """Let a branch land in ``main`` as a platform would."""
    repo.git("switch", "-q", "main")
    if way == "merge":
        repo.merge(branch)
        return
    repo.now += 3600
    if way == "squash":
        repo.git("merge", "-q", "--squash", branch)
        repo.git("commit", "-q", "-m", f"{branch} (#3)")
    else:
        repo.git("cherry-pick", f"main..{branch}")


def grow(repo: Any, ref: str, start: str, count: int, at: int) -> None:
    """Put commits on a new branch, quickly, that touch a file of their own."""
    lines = [f"reset refs/heads/{ref}\nfrom {start}\n"] + [
        f"commit refs/heads/{ref}\ncommitter A <a@b.c> {at + n} +0000\ndata 4\nMove\n"
        f"M 644 inline other.py\ndata {len(str(n))}\n{n}\n" for n in range(count)
    ]
    repo.git("fast-import", "--quiet", stdin="".join(lines).encode())


@pytest.fixture(params=["squash", "merge", "rebase"])
def origin(request: pytest.FixtureRequest, make_repo: Callable[..., Any]) -> Any:
    """Give a repository whose last change landed in one of the ways, with the same change from three sources."""
    repo = make_repo(f"origin-{request.param}")
    repo.commit("Start", {"billing/charge.py": CODE, "README.md": "Shop\n"})
    grow(repo, "old", "main", 200, repo.now + 60)
    repo.git("reset", "-q", "--hard", "old")
    repo.now += 7200
    repo.git("switch", "-q", "-c", "earlier")
    repo.commit("Fix rounding", {"billing/charge.py": CODE.replace("sum(cart)", "round(sum(cart), 2)")})
    repo.commit("Say so", {"README.md": "Shop\n\nRounds.\n"})
    land(repo, request.param, "earlier")
    main, start = repo.git("rev-parse", "main"), repo.now
    for source, ref in (("same repository", "refs/heads/feature"), ("fork", "refs/pull/7/head"),
                        ("bot", "refs/heads/dependabot/pip/x")):
        repo.git("switch", "-q", "--detach", main)
        repo.now = start
        author = "dependabot" if source == "bot" else "Grace"
        repo.commit("Charge late", {"billing/charge.py": CODE.replace("cart)\n", "cart) if cart else 0\n")}, author=author)
        tip = repo.commit("Test it", {"tests/test_charge.py": "def test_charge(): pass\n"}, author=author)
        repo.git("update-ref", ref, tip)
    repo.git("switch", "-q", "main")
    grow(repo, "later", "main", 50, repo.now + 60)
    return repo


REFS = {"same repository": "refs/heads/feature", "fork": "refs/pull/7/head", "bot": "refs/heads/dependabot/pip/x"}


def vector(path: Any, base: str, head: str) -> dict[str, float]:
    """Compute the features of a change as ``riskml predict --deepen auto`` does."""
    repository = GitRepository.open(path)
    workspace = Workspace(repository)
    change = workspace.change(*deepen(repository, base, head), now=0)
    return dict(extract(Evidence(change, workspace.past(change.base).view)))


def test_every_cell_has_the_same_vector_or_a_named_unknown(origin: Any):
    """Deep or shallow, base at rest or moved by 50, from here, a fork or a bot: twelve cells for each way of landing."""
    at_rest = origin.git("rev-parse", "main")
    wanted = vector(origin.path, at_rest, origin.git("rev-parse", REFS["same repository"]))
    known = {name for name, value in wanted.items() if not isnan(value)}
    assert known & OF_THE_PAST
    for depth, base, source in product(("shallow", "full"), ("main", "later"), REFS):
        options = ("--depth=1",) if depth == "shallow" else ()
        clone = origin.clone(f"{depth}-{base}-{source}".replace(" ", "-"), f"--branch={base}", *options)
        found = vector(clone.path, *origin.git("rev-parse", base, REFS[source]).split())
        cell = f"{depth}, {base}, {source}"
        lost = {name for name in known if isnan(found[name])}
        assert {n: found[n] for n in known - lost} == {n: wanted[n] for n in known - lost}, cell
        assert lost == (known & OF_THE_PAST if depth == "shallow" else set()), cell


def test_the_change_as_it_landed_is_the_change_as_it_was_offered(origin: Any):
    """Size, spread and content do not depend on the way of landing; only what a squash says anew differs."""
    offered = vector(origin.path, origin.git("rev-parse", "main"), origin.git("rev-parse", REFS["same repository"]))
    before = origin.git("rev-parse", "main")
    for way in ("squash", "merge", "rebase"):
        origin.git("reset", "-q", "--hard", before)
        land(origin, way, "feature")
        landed = vector(origin.path, before, origin.git("rev-parse", "main"))
        same = {f.name for group in (size, diffusion, content) for f in group.GROUP.features} - OF_THE_MESSAGE
        assert {n: landed[n] for n in same} == pytest.approx({n: offered[n] for n in same}, nan_ok=True), way
