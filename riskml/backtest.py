"""What a policy would have done: replayed over changes whose outcome is known, in the order in which they came.

Each change is judged as it was then: its percentile stands among the changes before it. What is not known to have done harm or
none is counted, and left out of every rate. A model that was trained on these very changes flatters itself here; the report of
its training says which span is free of that.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf, isnan, nan

from riskml.context import ServiceContext
from riskml.errors import UsageError
from riskml.plan import Strategy
from riskml.policy.care import care_of
from riskml.policy.decide import decide
from riskml.policy.facts import Facts
from riskml.policy.percentile import rank
from riskml.policy.policy import Policy
from riskml.policy.risk import risk_score
from riskml.policy.strategies import WAYS

WINDOW = 500  # changes before, among which a percentile is taken
WEEK_S = 7 * 86_400


@dataclass(frozen=True, slots=True)
class Case:
    """One past change: when it came (UNIX seconds), its probability, and whether it did harm (``None``: not known)."""

    sha: str
    at: int
    probability: float
    harm: bool | None
    features: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Share:
    """What one strategy got: changes in all, those known to have done harm or none, and the least hours until everybody."""

    strategy: Strategy
    changes: int
    harmful: int
    harmless: int
    hours: float


@dataclass(frozen=True, slots=True)
class Replay:
    """What a policy would have done over ``weeks``: strategy by strategy, least careful first; ``held`` counts holds.

    A change is *flagged* when its strategy is more careful than the least careful one that the policy gave to any.
    """

    changes: int
    unknown: int
    weeks: float
    held: int
    shares: tuple[Share, ...]

    @property
    def flagged(self) -> tuple[Share, ...]:
        """The strategies that count as flagged."""
        return self.shares[1:]

    @property
    def caught(self) -> float:
        """Part of the harmful changes that was flagged; NaN when none is known."""
        return _part(sum(s.harmful for s in self.flagged), sum(s.harmful for s in self.shares))

    @property
    def precision(self) -> float:
        """Part of the flagged changes that did harm; NaN when none is known."""
        return _part(sum(s.harmful for s in self.flagged), sum(s.harmful + s.harmless for s in self.flagged))

    @property
    def false_alarms_per_week(self) -> float:
        """Harmless changes that were flagged, a week."""
        return _part(sum(s.harmless for s in self.flagged), self.weeks)

    @property
    def delay_hours_per_week(self) -> float:
        """Hours that releases take at least until they reach everybody, a week; dark launches, which never do, left out."""
        return _part(sum(s.hours for s in self.shares), self.weeks)


def replay(cases: Iterable[Case], policy: Policy, context: ServiceContext | None = None) -> Replay:
    """Judge every case by a policy, as of its time. Without cases there is nothing to say: ``UsageError``."""
    ordered = _ordered(cases)
    context = context or ServiceContext()
    recent: deque[float] = deque()
    ranked: list[float] = []
    counts: dict[Strategy, list[float]] = {}
    held = 0
    for case in ordered:
        facts = Facts(
            probability=case.probability, score=risk_score(case.probability, context), context=context,
            percentile=rank(ranked, case.probability), features=case.features, tests_failed=_failed(case.features),
        )
        plan = decide(facts, policy, plan_id="p-backtest", now=datetime.fromtimestamp(case.at, UTC))
        held += bool(plan.hold)
        after = care_of(plan).everybody_after_s
        count = counts.setdefault(plan.strategy, [0, 0, 0, 0.0])
        count[0] += 1
        count[1] += case.harm is True
        count[2] += case.harm is False
        count[3] += 0.0 if after == inf else after / 3600
        recent.append(case.probability)
        insort(ranked, case.probability)
        if len(recent) > WINDOW:
            del ranked[bisect_left(ranked, recent.popleft())]
    shares = [Share(s, int(a), int(b), int(c), h) for s, (a, b, c, h) in counts.items()]
    shares.sort(key=lambda s: WAYS[s.strategy].caution)
    return Replay(len(ordered), sum(c.harm is None for c in ordered), _weeks(ordered), held, tuple(shares))


@dataclass(frozen=True, slots=True)
class Threshold:
    """What flagging every change above a probability does: parts of 1, counts a week, and its cost a week."""

    above: float
    flagged: float
    caught: float
    precision: float
    false_alarms_per_week: float
    delay_hours_per_week: float
    cost_per_week: float


@dataclass(frozen=True, slots=True)
class Costs:
    """In one unit of money: a harmful change that went out unflagged, a false alarm, an hour of delay; hours a flag delays."""

    missed: float = 10.0
    false_alarm: float = 0.5
    hour: float = 0.05
    hours_per_flag: float = 4.0

    def __post_init__(self) -> None:
        for name in ("missed", "false_alarm", "hour", "hours_per_flag"):
            value = getattr(self, name)
            if not 0 <= value < inf:  # NaN is in no range
                raise UsageError("not a cost", where=f"costs.{name}", got=value, expected="a number from 0")


def thresholds(cases: Iterable[Case], costs: Costs | None = None, steps: int = 20) -> tuple[Threshold, ...]:
    """Return what flagging above each of ``steps`` probabilities does, from flagging all to flagging none, cheapest by cost."""
    known = [c for c in _ordered(cases) if c.harm is not None]
    weeks, costs = _weeks(known), costs or Costs()
    harmful = sum(c.harm is True for c in known)
    rows = []
    for step in range(steps + 1):
        above = step / steps if step else -1.0  # -1: all, also those at 0
        flagged = [c for c in known if c.probability > above]
        hits = sum(c.harm is True for c in flagged)
        false, delay = (len(flagged) - hits) / weeks, len(flagged) * costs.hours_per_flag / weeks
        cost = (harmful - hits) / weeks * costs.missed + false * costs.false_alarm + delay * costs.hour
        rows.append(Threshold(max(above, 0.0), _part(len(flagged), len(known)), _part(hits, harmful), _part(hits, len(flagged)),
                              false, delay, cost))
    return tuple(rows)


def cheapest(rows: Sequence[Threshold]) -> Threshold:
    """Return the threshold of least cost; of equals the one that flags least."""
    return min(rows, key=lambda r: (r.cost_per_week, r.flagged))


def caught_at(cases: Iterable[Case], part: float, by: str | None = None) -> float:
    """Return the part of harmful changes among the riskiest ``part`` of all; ``by`` a feature instead of the probability.

    ``by="la"`` gives the baseline that a model has to beat: flagging the changes with most lines added. Ties count in part, as
    if drawn at random. Cases without a known outcome are left out; NaN when no harm is known.

    >>> cases = [Case(str(i), i, i / 10, i > 7) for i in range(10)]
    >>> caught_at(cases, 0.1), caught_at(cases, 0.2)
    (0.5, 1.0)
    """
    if not 0 < part <= 1:
        raise UsageError("not a part", where="part", got=part, expected="a number above 0, at most 1")
    known = [c for c in _ordered(cases) if c.harm is not None]
    values = sorted(((_value(c, by), c.harm is True) for c in known), key=lambda v: -v[0])
    room, harmful, hits, at = part * len(values), sum(h for _, h in values), 0.0, 0
    while at < len(values) and room > 0:
        end = at
        while end < len(values) and values[end][0] == values[at][0]:
            end += 1
        taken = min(1.0, room / (end - at))
        hits += taken * sum(h for _, h in values[at:end])
        room -= end - at
        at = end
    return _part(hits, harmful)


def _value(case: Case, by: str | None) -> float:
    value = case.probability if by is None else case.features.get(by, nan)
    return -inf if isnan(value) else value  # what is unknown is flagged last


def _ordered(cases: Iterable[Case]) -> list[Case]:
    ordered = sorted(cases, key=lambda c: (c.at, c.sha))
    if not ordered:
        raise UsageError("nothing to replay", where="cases", got=0, expected="at least one change")
    return ordered


def _weeks(ordered: Sequence[Case]) -> float:
    return max((ordered[-1].at - ordered[0].at) / WEEK_S, 1.0) if ordered else 1.0


def _failed(features: Mapping[str, float]) -> float | None:
    known = [v for n in ("tests_failed", "tests_errors") if not isnan(v := features.get(n, nan))]
    return sum(known) if known else None


def _part(some: float, whole: float) -> float:
    return some / whole if whole else nan
