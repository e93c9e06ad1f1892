"""Where a proxy finds the two versions, and how a stage is written down beside configuration that has no word for it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from riskml import document
from riskml.errors import UsageError
from riskml.plan import Plan
from riskml.render.manifest import headline

_ADDRESS = re.compile(r"[A-Za-z0-9.\-]+:\d{1,5}|\[[0-9a-fA-F:]+\]:\d{1,5}")


def address(option: str, value: str) -> str:
    """Return ``host:port``, or refuse: it is written into a configuration file as it is.

    >>> address("stable", "10.0.0.7:8080")
    '10.0.0.7:8080'
    """
    if not _ADDRESS.fullmatch(value):
        raise UsageError("not an address", where=f"options.{option}", got=value, expected="host:port")
    return value


def split_address(option: str, value: str) -> tuple[str, int]:
    """Return host and port apart."""
    host, _, port = address(option, value).rpartition(":")
    return host.strip("[]"), int(port)


def notes(plan: Plan, target: str) -> Iterator[str]:
    """Yield comment lines: the plan, then each stage and gate as JSON on one line, with lengths that the proxy cannot keep."""
    yield f"# {headline(plan, target)}"
    for stage in plan.stages:
        yield f"# stage {json.dumps(document.write(stage))}"
    for gate in plan.gates:
        yield f"# gate {json.dumps(document.write(gate))}"
