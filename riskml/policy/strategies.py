"""The six ways to release, as data: what each costs, how fast it switches, how hard it is to undo, what it needs."""

from __future__ import annotations

from dataclasses import dataclass

from riskml.plan import Strategy


@dataclass(frozen=True, slots=True)
class Way:
    """One strategy with its trade-offs.

    ``caution`` orders the ways: a higher one never shows the new version to more users at once, never sooner, and never less
    watched. ``extra_capacity`` is in parts of the service's own (1.0 = a second full copy).
    """

    name: Strategy
    caution: int
    meaning: str
    switching: str
    extra_capacity: float
    resources: str
    undo: str
    weights: bool = False
    flags: bool = False
    mixes_versions: bool = True


WAYS: dict[Strategy, Way] = {way.name: way for way in (
    Way("full", 0, "stop the old version, start the new one everywhere",
        switching="seconds to minutes, with an interruption", extra_capacity=0.0, resources="none beyond the service itself",
        undo="hard: deploy the old version again, with another interruption", mixes_versions=False),
    Way("rolling", 1, "replace instances a few at a time",
        switching="minutes, without a pause to look", extra_capacity=0.25, resources="one surge of instances",
        undo="moderate: roll the instances back one batch at a time"),
    Way("blue-green", 2, "start a full second copy, look at it, switch all traffic at once",
        switching="seconds, after a preview", extra_capacity=1.0, resources="a second full copy while both live",
        undo="easy: switch back while the old copy is kept"),
    Way("canary", 3, "give the new version a small share of the traffic, judge it, raise the share",
        switching="slow: minutes to hours, stage by stage", extra_capacity=0.1, resources="instances for the share",
        undo="easy: the share goes back to 0", weights=True),
    Way("feature-flag", 3, "deploy the new code switched off, then switch it on for a share of the users",
        switching="slow by stages; each switch takes seconds", extra_capacity=0.0, resources="a flag service, both code paths",
        undo="easiest: switch the flag off, no deployment", flags=True),
    Way("dark-launch", 4, "copy traffic to the new version and throw its answers away",
        switching="no user is switched", extra_capacity=1.0, resources="instances for the copied traffic, safe side effects",
        undo="not needed: no user sees it", weights=True),
)}
