"""A service as it is described in YAML or JSON: the factors of the risk formula, and what its platform can do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from riskml import document
from riskml.context import ServiceContext
from riskml.document import Limits
from riskml.errors import PolicyError
from riskml.plan import Factor
from riskml.policy.yaml_text import read_yaml


@dataclass(frozen=True, slots=True)
class _ServiceText:
    """A service: what it is called, its factors in (0, 1], its traffic, and what its platform offers."""

    name: Annotated[str, Limits(pattern=r"\S")] = "default"
    impact: Factor = 1.0
    detection_capability: Factor = 1.0
    rollback_speed: Factor = 1.0
    requests_per_minute: Annotated[float | None, Limits(minimum=0, nullable=True)] = None
    replicas: Annotated[int | None, Limits(minimum=1, nullable=True)] = None
    tier: Annotated[int | None, Limits(minimum=0, nullable=True)] = None
    targets: tuple[str, ...] = ()
    stateful: bool = False
    flags: bool = True
    mesh: bool = True


def load_service(text: str | bytes, *, name: str = "service") -> ServiceContext:
    """Read a service from YAML or JSON text; every mistake is a ``PolicyError`` with its path.

    >>> load_service("{name: checkout, impact: 0.8, requests_per_minute: 1200}").impact
    0.8
    """
    return read_service(read_yaml(text, name=name))


def read_service(value: object) -> ServiceContext:
    """Read a service from plain values, as ``load_service`` does from text."""
    read = document.read(_ServiceText, value, error=PolicyError)
    return ServiceContext(
        name=read.name, impact=read.impact, detection_capability=read.detection_capability, rollback_speed=read.rollback_speed,
        requests_per_minute=read.requests_per_minute, replicas=read.replicas, tier=read.tier, targets=read.targets,
        stateful=read.stateful, flags=read.flags, mesh=read.mesh,
    )
