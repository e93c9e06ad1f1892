"""What is known of the service a change is released to: the factors of the risk formula and what its platform can do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ServiceContext:
    """One service. Each factor lies in (0, 1]; 1 is the neutral value that leaves score = probability.

    ``requests_per_minute`` is ``None`` when unknown. ``targets`` names the deploy tools in use (keys of the renderer table).
    """

    name: str = "default"
    impact: float = 1.0
    detection_capability: float = 1.0
    rollback_speed: float = 1.0
    requests_per_minute: float | None = None
    replicas: int | None = None
    tier: int | None = None
    targets: tuple[str, ...] = ()
    stateful: bool = False
    flags: bool = True
    mesh: bool = True
