"""Webhooks of deploy tools, alerts and forges: their bytes become records. One file a tool; ``READERS`` is the table."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from riskml.parse.hooks import alertmanager, argo, flagger, github, gitlab
from riskml.parse.hooks.told import Told


def _some(found: Told | None) -> list[Told]:
    return [] if found is None else [found]


READERS: dict[str, Callable[[bytes, Mapping[str, str]], list[Told]]] = {
    "flagger": lambda body, about: _some(flagger.told(flagger.read(body, about.get("hook", "event")))),
    "argo": lambda body, _: [argo.read(body)],
    "alertmanager": lambda body, about: alertmanager.read(body, about.get("plan")),
    "github": lambda body, about: _some(github.read(body, about.get("x-github-event", ""))),
    "gitlab": lambda body, _: _some(gitlab.read(body)),
}
"""Every tool: from the body, and what stood beside it (hook, query, headers in lower case), to what it told."""

__all__ = ["READERS", "Told"]
