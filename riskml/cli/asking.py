"""``riskml predict --server``: the features are computed here, and the service judges them."""

from __future__ import annotations

import argparse
import os
from dataclasses import asdict
from math import isfinite, isnan
from typing import Any

from riskml.cli.judging import change_of, context_of, suite_of, workspace_of
from riskml.cli.options import note
from riskml.errors import ServiceUnavailable, UsageError

TOKEN = "RISKML_TOKEN"  # noqa: S105 # the name of a variable, not its value
"""The environment variable that holds the service's access token."""

MOST_NOTES = 5
"""How many notes about the reports are shown."""

ANSWER: dict[str, type | tuple[type, ...]] = {
    "id": str, "repository": str, "score": (int, float), "probability": (int, float), "band": str, "strategy": str,
    "plan": dict, "reasons": list, "files": list, "lower_it": list, "unknown": list, "model": dict, "policy": dict,
}
"""What an answer must have, and of which type."""

MEASURED = ("score", "probability")
"""What is null where there is nothing to release."""


def ask(args: argparse.Namespace) -> dict[str, Any]:
    """Let the service judge the change, and return its answer.

    The service needs no mirror of the repository for this, and neither diff nor reports leave the machine. Raises
    ``ServiceUnavailable`` when the service is away, and the service's own refusals.
    """
    for option in ("policy", "artifact"):
        if getattr(args, option) is not None:
            raise UsageError(f"--{option} has no effect on a service", where=f"--{option}", got=getattr(args, option),
                             expected=f"the service's own {option}: leave out this option, or --server")
    if not (isfinite(args.timeout) and args.timeout > 0):
        raise UsageError("not a time to wait", where="--timeout", got=args.timeout, expected="seconds, more than 0")
    from riskml.client import RiskClient

    request = request_of(args)
    with RiskClient(args.server, token=os.environ.get(TOKEN), timeout_s=args.timeout, deadline_s=3 * args.timeout) as client:
        return _checked(client.predict(request), args.server)


def _checked(answer: dict[str, Any], server: str) -> dict[str, Any]:
    """Return the answer if it has what is shown and what the exit code is made from."""
    for key, kind in ANSWER.items():
        if answer.get("empty") is True and key in MEASURED and answer.get(key) is None:
            continue
        if not isinstance(answer.get(key), kind):
            got = answer.get(key)
            raise ServiceUnavailable("the answer is not that of a riskml service", where=f"{server}, {key}", got=got,
                                     expected="a decision; is something else at this address, or another version?")
    return answer


def request_of(args: argparse.Namespace) -> dict[str, Any]:
    """Return the request: the change's features, its tests among them, and the service it is released to."""
    from riskml.assess import notes_on_unread
    from riskml.features.catalogue import extract
    from riskml.features.feature import Evidence

    context, suite = context_of(args), suite_of(args)
    workspace = workspace_of(args)
    change = change_of(args, workspace)
    suite = workspace.matched(suite, change)
    if change.kind == "worktree":
        note("scored as it lies in the working tree, not committed yet")  # the service cannot tell from numbers
    for text in (*notes_on_unread(change), *(suite.notes if suite is not None else ())[:MOST_NOTES]):
        note(text)
    vector = extract(Evidence(change, workspace.past(change.base).view, suite))
    request: dict[str, Any] = {
        "repository": args.repository_key or workspace.repository.key, "base": change.base, "head": change.head,
        "features": {name: value for name, value in vector.items() if not isnan(value)},
        "service": None if context is None else asdict(context),
    }
    return {key: value for key, value in request.items() if value is not None}
