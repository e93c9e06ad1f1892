"""What Flagger is answered. Read from its source (v1.44, pkg/controller/scheduler.go and webhook.go).

Success is a status up to 202; anything else holds, and its one line of text ends in Flagger's events. ``rollback`` is the other
way round: 200 undoes the release, so it is said on a rollback verdict alone. ``confirm-traffic-increase`` is where a stage's
length lives: Flagger asks before each increase and once more before the promotion, without saying which weight it has; that
comes from its events. Until such an event, a stage that was let through counts as begun.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import datetime

from api.releases import Release, Releases
from riskml.parse.hooks.flagger import Call
from riskml.verdict.progress import why_not_begin, why_not_enter

TOOL = "flagger"


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether Flagger goes on, and one line of why."""

    status: int
    words: str


class FlaggerGates:
    """Answers the hooks that decide something."""

    def __init__(self, releases: Releases) -> None:
        self._releases = releases

    async def answer(self, call: Call, now: datetime) -> Answer:
        """Answer one of the gates; the plan is the one that the manifest names."""
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
        bad, words = release.progress.halted is not None, f"halted: {release.progress.halted}"
        if not bad and release.progress.stage is not None:
            verdict = await self._releases.judged(release, release.progress.stage)
            bad, words = verdict.decision == "rollback", f"{verdict.stage}: {verdict.decision}: {verdict.reason}"
        elif not bad:
            words = "no stage has begun"
        return Answer(200 if bad == (call.hook == "rollback") else 409, words)

    async def _step(self, call: Call, release: Release, now: datetime) -> Answer:
        """Let Flagger go on when the stage in force has passed; the same question gets the same answer."""
        plan, progress = release.plan, release.progress
        if progress.stage is not None:
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

    async def _repeated(self, call: Call, release: Release, now: datetime) -> Answer | None:
        """Answer again what was let through and never happened: Flagger asks once a tick, and moving the routes can fail."""
        progress = release.progress
        if progress.seen or progress.since is None or progress.halted or progress.granted_by != call.hook:
            return None
        soon = (now - progress.since).total_seconds() < release.plan.analysis.interval_s / 2
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
