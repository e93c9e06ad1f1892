"""What was measured in one window of one stage, and the windows of both arms put side by side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import isfinite
from typing import Annotated, Literal, NamedTuple

from riskml.document import Limits, read
from riskml.errors import UsageError

Amount = Annotated[float | None, Limits(minimum=0)]


@dataclass(frozen=True, slots=True)
class Observation:
    """One metric of one arm in one window.

    ``start_s`` and ``window_s`` are seconds, counted from the beginning of the stage. ``bad`` of ``total`` events were bad: of
    requests those answered with an error, or, for a latency, those slower than ``over`` milliseconds. Take them from
    differences of raw counters, not from extrapolated rates. ``value`` is the metric itself in its unit, where there is no
    count behind it.
    """

    stage: str
    metric: str
    arm: Literal["canary", "baseline"]
    start_s: Annotated[int, Limits(minimum=0)]
    window_s: Annotated[int, Limits(minimum=1)]
    total: Amount = None
    bad: Amount = None
    over: Amount = None
    value: float | None = None

    def __post_init__(self) -> None:
        for name in ("start_s", "window_s", "total", "bad", "over", "value"):
            number = getattr(self, name)
            if number is not None and (not isfinite(number) or (name != "value" and number < 0)):
                raise UsageError("not a measure", where=name, got=number, expected="a finite number from 0")
        if self.bad is not None and (self.total is None or self.bad > self.total):
            raise UsageError("more bad events than events", where="bad", got=self.bad, expected=f"at most total ({self.total})")


class Window(NamedTuple):
    """Both arms in one window; an arm that was not measured is ``None``."""

    stage: str
    start_s: int
    window_s: int
    canary: Observation | None
    baseline: Observation | None


Series = tuple[str, float | None]
"""A metric, and for a latency the limit in milliseconds that its bad events were counted at (``None``: a plain value)."""


def read_observations(values: object) -> list[Observation]:
    """Read observations from parsed JSON: a list of objects with the fields of ``Observation``."""
    if not isinstance(values, list):
        raise UsageError("not a list", where="observations", got=values, expected="a list of observations")
    return [read(Observation, v, error=UsageError, where=f"observations[{i}]") for i, v in enumerate(values)]


def windows(observations: Iterable[Observation]) -> Mapping[Series, list[Window]]:
    """Put the windows of both arms side by side, in order of time within each stage.

    The same observation sent twice counts once. Two different ones for one window, or windows of one arm that overlap, are a
    ``UsageError``: they would count requests twice.
    """
    cells: dict[tuple[Series, str, int, int], dict[str, Observation]] = defaultdict(dict)
    for o in observations:
        cell = cells[(o.metric, o.over), o.stage, o.start_s, o.window_s]
        if cell.setdefault(o.arm, o) != o:
            raise UsageError("two different observations of one window", where=f"{o.stage}.{o.metric} at {o.start_s} s", got=o,
                             expected="one observation a window and arm")
    found: dict[Series, list[Window]] = defaultdict(list)
    for (series, stage, start_s, window_s), arms in sorted(cells.items(), key=lambda item: (item[0][1], item[0][2])):
        found[series].append(Window(stage, start_s, window_s, arms.get("canary"), arms.get("baseline")))
    for series, row in found.items():
        for before, after in pairwise(row):
            if before.stage == after.stage and after.start_s < before.start_s + before.window_s:
                raise UsageError("windows overlap", where=f"{after.stage}.{series[0]} at {after.start_s} s", got=after.window_s,
                                 expected=f"a window from {before.start_s + before.window_s} s on")
    return found
