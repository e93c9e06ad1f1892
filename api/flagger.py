"""What Flagger is answered. Read from its source (v1.44, pkg/controller/scheduler.go and webhook.go).

Success is a status up to 202; anything else holds, and its one line of text ends in Flagger's events. ``rollback`` is the other
way round: 200 undoes the release, so it is said on a rollback verdict alone. ``confirm-traffic-increase`` is where a stage's
length lives: Flagger asks before each increase and once more before the promotion, without saying which weight it has; that
comes from its events. Until such an event, a stage that was let through counts as begun.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from api.releases import Release, Releases
from riskml.parse.hooks.flagger import Call
from riskml.plan import ALL_BP
from riskml.verdict.progress import Step, why_not_begin, why_not_enter

TOOL = "flagger"
RUNNING = ("Progressing", "WaitingPromotion")
UNASKED = ("blue-green", "dark-launch")
"""Strategies whose first stage Flagger begins without ``confirm-traffic-increase``."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether Flagger goes on, and one line of why."""

    status: int
    words: str


class FlaggerGates:
    """Answers the hooks that decide something."""

    def __init__(self, releases: Releases, clock: Callable[[], datetime]) -> None:
        self._releases = releases
        self._clock = clock

    async def answer(self, call: Call) -> Answer:
        """Answer one of the gates; the plan is the one that the manifest names."""
        now = self._clock()
        release = await self._releases.find(call.plan_id or "")
        if call.hook == "confirm-rollout":
            return _answer(why_not_begin(release.plan, release.progress, now), f"{call.plan_id} may begin")
        if call.hook == "pre-rollout":
            return _answer(release.progress.halted, "not halted")
        if call.hook in ("rollout", "rollback"):
            return await self._watch(call, release)
        return await self._step(call, release, now)

    async def _watch(self, call: Call, release: Release) -> Answer:
        """Judge the stage in force: its rollback fails the check of ``rollout``, and is what ``rollback`` asks for."""
        if release.progress.stage is None and release.plan.strategy in UNASKED and call.phase in RUNNING:
            release = await self._begin(release)
        bad, words = release.progress.halted is not None, f"halted: {release.progress.halted}"
        if not bad and release.progress.stage is not None:
            verdict = await self._releases.judged(release, release.progress.stage)
            bad, words = verdict.decision == "rollback", f"{verdict.stage}: {verdict.decision}: {verdict.reason}"
        elif not bad:
            words = "no stage has begun"
        return Answer(200 if bad == (call.hook == "rollback") else 409, words)

    async def _step(self, call: Call, release: Release, now: datetime) -> Answer:
        """Let Flagger go on when the stage in force has passed; the same question gets the same answer."""
        plan = release.plan
        if call.hook == "confirm-promotion":
            if plan.stages[-1].traffic_bp != ALL_BP:
                return Answer(409, "this plan serves nobody: after its last stage the release is taken back by hand")
            if release.progress.stage is None or release.progress.asked:
                release = await self._begin(release)
        progress = release.progress
        if progress.stage is not None and not progress.asked:
            repeated = await self._repeated(call, release, now)
            if repeated is not None:
                return repeated
            verdict = await self._releases.judged(release, progress.stage)
            if verdict.decision != "promote":
                return Answer(409, f"{verdict.stage}: {verdict.decision}: {verdict.reason}")
            release = await self._releases.find(plan.plan_id)
        following = self._releases.next_of(release)
        if following is None:
            return Answer(200, "the last stage has passed")
        words = why_not_enter(plan, release.progress, following, now)
        if words is not None:
            return Answer(409, words)
        await self._releases.grant(release, following, TOOL, call.hook, call.target)
        return Answer(200, f"on to {following}")

    async def _begin(self, release: Release) -> Release:
        """Take the first stage as begun: Flagger is past asking whether it may."""
        plan = release.plan
        name = release.progress.stage or plan.stages[0].name
        first = Step("entered", self._clock(), name, TOOL, "its analysis runs")
        await self._releases.report(plan.plan_id, first, key=[release.progress.run, "seen"])
        return await self._releases.find(plan.plan_id)

    async def _repeated(self, call: Call, release: Release, now: datetime) -> Answer | None:
        """Answer again what was let through and never happened: Flagger asks once a tick, and moving the routes can fail."""
        progress = release.progress
        if progress.seen or progress.counted is None or progress.halted or progress.granted_by != call.hook:
            return None
        soon = (now - progress.counted).total_seconds() < release.plan.analysis.interval_s / 2
        if soon or (progress.hears and await self._releases.silent_canary(release)):
            return Answer(200, f"on to {progress.stage}, again")
        return None


def forged(call: Call, digest: str, *, required: bool) -> str | None:
    """Say why a call is not from the manifest that was rendered for the plan; Flagger can send no token, but this digest.

    >>> call = Call("rollback", "shop", "prod", "Progressing", None, "p-1", "ab")
    >>> forged(call, "ab", required=True), forged(call, "cd", required=False)
    (None, 'metadata.plan_digest is not that of the plan')
    """
    if call.plan_digest is None:
        return "metadata.plan_digest is missing" if required else None
    return None if hmac.compare_digest(call.plan_digest.encode(), digest.encode()) else (
        "metadata.plan_digest is not that of the plan")


def _answer(refusal: str | None, words: str) -> Answer:
    return Answer(200, words) if refusal is None else Answer(409, refusal)
