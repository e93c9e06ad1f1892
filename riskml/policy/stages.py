"""From a first share to stages: a ladder of shares, each long enough to see what it must see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

from riskml.plan import ALL_BP, EVERYONE, Stage
from riskml.policy.file import PolicyText, StageText, Timing
from riskml.policy.sample import Sample, needed_requests, requests_expected, seconds_needed

INTERVAL_S = 60  # gates are judged once a minute; lengths are whole minutes, so that every target can keep them
HALF_BP = 5_000


@dataclass(frozen=True, slots=True)
class Traffic:
    """How much traffic there is (``None``: unknown) and what the policy asks of it."""

    requests_per_minute: float | None
    sample: Sample
    timing: Timing

    def length(self, share_bp: int) -> float:
        """Return the seconds that a share needs for its sample, at least the minimum; the default when traffic is unknown."""
        if self.requests_per_minute is None:
            return float(self.timing.default_stage_s)
        if self.requests_per_minute <= 0:
            return float("inf")
        needed = seconds_needed(share_bp, needed_requests(share_bp, self.sample), self.requests_per_minute)
        return max(needed, self.timing.min_stage_s)

    def smallest_share(self) -> int | None:
        """Return the smallest share, in basis points, that can be judged within the longest stage; whole percent above 1 %.

        ``None`` when not even half of the traffic can be. Unknown traffic rules nothing out: the answer is 1.
        """
        if self.requests_per_minute is None or self.length(1) <= self.timing.max_stage_s:
            return 1
        if self.length(HALF_BP) > self.timing.max_stage_s:
            return None
        low, high = 1, HALF_BP  # the length falls to a flat minimum near half: what lies between two shares that do, does
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.length(middle) <= self.timing.max_stage_s else (middle, high)
        return high if high <= 100 else ceil(high / 100) * 100


def traffic_of(text: PolicyText, requests_per_minute: float | None) -> Traffic:
    """Return what a policy asks of a service's traffic."""
    return Traffic(requests_per_minute, text.sample, text.timing)


def ladder(first_bp: int, steps: Sequence[float], floor_bp: int) -> tuple[int, ...]:
    """Return the partial shares of a ramp: the first one, then the larger steps (percent); none below the floor.

    >>> ladder(100, (1, 5, 25, 50), 1), ladder(100, (1, 5, 25, 50), 600)
    ((100, 500, 2500, 5000), (600, 2500, 5000))
    """
    wanted = {first_bp, *(round(s * 100) for s in steps if s * 100 > first_bp)}
    return tuple(sorted({max(s, floor_bp) for s in wanted if s < ALL_BP}))


def ramp_stages(shares: Sequence[int], traffic: Traffic, gates: tuple[str, ...]) -> tuple[Stage, ...]:
    """Return one gated stage a share, then everybody."""
    return (*(_stage(s, traffic, gates) for s in shares), Stage("all", ALL_BP, 0))


def preview_stages(traffic: Traffic, gates: tuple[str, ...]) -> tuple[Stage, ...]:
    """Return blue-green's two stages: a preview without user traffic, and the switch of all traffic at once."""
    return Stage("preview", 0, _minutes(traffic.timing.min_stage_s), gates=gates), Stage("switch", ALL_BP, 0)


def mirror_stages(mirror_bp: int, traffic: Traffic, gates: tuple[str, ...]) -> tuple[Stage, ...]:
    """Return the one stage of a dark launch: copied traffic for as long as its sample needs."""
    made = _stage(mirror_bp, traffic, gates)
    return (replace(made, name="mirror", traffic_bp=0, mirror_bp=mirror_bp),)


def first_share(stages: Sequence[Stage]) -> int:
    """Return the first share above 0, in basis points; 0 when no user is ever reached."""
    return next((s.traffic_bp for s in stages if s.traffic_bp), 0)


def written_stages(
    texts: Sequence[StageText], first_bp: int, floor_bp: int, traffic: Traffic, gates: tuple[str, ...]
) -> tuple[Stage, ...]:
    """Return the stages a rule spells out, ended by everybody.

    Shares of everyone are raised to the rule's first share and to what can be judged, and lengthened to bring their sample. The
    traffic of a smaller audience is unknown, so its stages are kept as written.
    """
    stages: list[Stage] = []
    for text in texts:
        share = round(text.traffic * 100)
        crowd = share > 0 and (text.audience is None or text.audience == EVERYONE)
        if crowd:
            share = max(share, first_bp, floor_bp)
        if share < ALL_BP and not (crowd and any(s.traffic_bp == share and s.audience is None for s in stages)):
            stages.append(_written(text, share, traffic, gates) if crowd else _small(text, share, traffic.timing, gates))
    end = next((t for t in texts if t.traffic >= 100), StageText(100.0))
    stages.append(Stage(end.name or "all", ALL_BP, end.min_duration_s or 0, approval=end.approval))
    return tuple(stages)


def _written(text: StageText, share_bp: int, traffic: Traffic, gates: tuple[str, ...]) -> Stage:
    made = _stage(share_bp, traffic, gates)
    known = traffic.requests_per_minute is not None
    shortest = made.min_duration_s
    if text.min_duration_s is not None:
        shortest = max(_minutes(text.min_duration_s), made.min_duration_s if known else 0)
    longest = max(text.max_duration_s or made.max_duration_s or 1, shortest, 1)
    return replace(
        made, name=text.name or made.name, min_duration_s=shortest, max_duration_s=longest, mirror_bp=_mirror(text),
        expected_requests=_expected(share_bp, shortest, traffic), approval=text.approval, on_inconclusive=text.on_inconclusive,
    )


def _small(text: StageText, share_bp: int, timing: Timing, gates: tuple[str, ...]) -> Stage:
    """Return a stage for a named audience, or one without users."""
    shortest = _minutes(timing.default_stage_s if text.min_duration_s is None else text.min_duration_s)
    segment = "preview" if text.audience is None else text.audience.segment
    name = text.name or (f"{segment}-{share_bp // 100}" if share_bp else segment)
    longest = None if text.max_duration_s is None else max(text.max_duration_s, shortest)
    return Stage(name, share_bp, shortest, mirror_bp=_mirror(text), audience=text.audience, max_duration_s=longest, gates=gates,
                 approval=text.approval, on_inconclusive=text.on_inconclusive)


def _mirror(text: StageText) -> int | None:
    return None if text.mirror is None else round(text.mirror * 100)


def _stage(share_bp: int, traffic: Traffic, gates: tuple[str, ...]) -> Stage:
    shortest = _minutes(min(traffic.length(share_bp), traffic.timing.max_stage_s))  # longer only where the check is off
    longest = max(shortest, min(4 * shortest, traffic.timing.max_stage_s))
    return Stage(
        share_name(share_bp), share_bp, shortest, max_duration_s=longest,
        min_requests=needed_requests(share_bp, traffic.sample), expected_requests=_expected(share_bp, shortest, traffic),
        gates=gates,
    )


def _minutes(seconds: float) -> int:
    return ceil(seconds / INTERVAL_S) * INTERVAL_S


def _expected(share_bp: int, seconds: int, traffic: Traffic) -> int | None:
    if traffic.requests_per_minute is None or share_bp == 0:
        return None
    return requests_expected(share_bp, seconds, traffic.requests_per_minute)


def share_name(share_bp: int) -> str:
    """Return the name of a share's stage.

    >>> share_name(100), share_name(250)
    ('p1', 'p2-5')
    """
    whole, rest = divmod(share_bp, 100)
    return f"p{whole}" if not rest else f"p{whole}-{rest:02d}".rstrip("0")
