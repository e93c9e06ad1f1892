"""What the service does, apart from HTTP: judge a change, keep the answer, find it again, hear what became of it."""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol, TypeVar

from api.bot import Bot
from api.challenger import Challenger, Shadows
from api.deliveries import Deliveries
from api.drift import Drift, Yardsticks
from api.flagger import FlaggerGates
from api.hearing import Hearing, outcome_of
from api.ledger import Ledger
from api.metrics import Gauge, Registry
from api.mirrors import Mirrors
from api.platforms import Platforms
from api.recent import RecentChanges
from api.releases import Releases
from api.schemas import PredictIn
from api.settings import Settings
from api.work import Workers
from riskml import plan as plans
from riskml.adapters.prometheus import Prometheus
from riskml.adapters.store import AssessmentRow, PlanRow, Row, Store, Submission, ulid
from riskml.assess import Decision, to_wire
from riskml.assessment import ModelRef
from riskml.errors import Conflict
from riskml.policy.policy import Policy
from riskml.ports import Vector
from riskml.suite import SuiteRun

Result = TypeVar("Result")
AnyRow = TypeVar("AnyRow", bound=Row)


class Judge(Protocol):
    """Turns a request into a decision. The real one is ``api.judge.ModelJudge``."""

    @property
    def ref(self) -> ModelRef:
        """Which model answers."""
        ...

    async def judge(self, request: PredictIn, suite: SuiteRun | None, *, id_: str, now: datetime,
                    recent: Sequence[Vector], own: Policy | None = None) -> Decision:
        """Assess the change of the request and plan its release."""
        ...

    @property
    def trained_on(self) -> Yardsticks | None:
        """What the model in use was trained on, if that is known."""
        ...

    @property
    def policy(self) -> Policy:
        """The policy that decides where nobody names one."""
        ...

    def reload(self) -> ModelRef:
        """Read the artifact and the policies again; if one is refused, keep what was in use."""
        ...

    def describe(self) -> dict[str, object]:
        """Describe the model in use, as ``GET /model`` answers."""
        ...

    def close(self) -> None:
        """Let running work end."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """An assessment as it is answered, byte for byte; ``fresh`` is false if it was answered before under its key."""

    id: str
    document: bytes
    fresh: bool


class Service:
    """All that the routes call. Lives as long as the process; ``start`` and ``close`` are called in the event loop.

    ``shadows`` is where the challenger keeps its scores, if not in the store.
    """

    def __init__(self, settings: Settings, store: Store, judge: Judge, *,
                 clock: Callable[[], datetime] = lambda: datetime.now(UTC),
                 entropy: Callable[[int], bytes] = os.urandom, shadows: Shadows | None = None) -> None:
        self.settings = settings
        self.store = store
        self.judge = judge
        self.registry = Registry()
        self._clock = clock
        self._entropy = entropy
        self._ledger = Ledger(store.write_all, capacity=settings.commit_queue, observe=self.registry.commits.observe)
        self._recent = RecentChanges()
        self._readers = Workers("reading", threads=4, queue=settings.commit_queue)
        self._prometheus = None if settings.prometheus is None else Prometheus(
            settings.prometheus, canary=settings.prometheus_canary, baseline=settings.prometheus_baseline)
        self._pullers = Workers("pulling", threads=4, queue=64)  # of their own: a slow Prometheus must not keep readers waiting
        self.releases = Releases(store, self._ledger, self._readers, clock=clock, new_id=self._new_id,
                                 metrics=self._prometheus, pullers=self._pullers)
        self.flagger = FlaggerGates(self.releases, clock)
        self.hearing = Hearing(store, self._ledger, self._readers, self.releases, clock=clock, new_id=self._new_id)
        deliveries = Deliveries(store, self._ledger, self._readers, clock=clock, new_id=self._new_id)
        self.bot = Bot(Platforms.read(settings), Mirrors.read(settings.repositories), deliveries, self._answer_bot, clock=clock,
                       counter=self.registry.deliveries)
        self.challenger = Challenger(settings, store if shadows is None else shadows, clock=clock, new_id=self._new_id)
        self.drift = Drift(store, self.read, lambda: self.judge.trained_on, outcome_of, clock=clock)
        self.github_secret: bytes | None = None
        self.gitlab_token: bytes | None = None
        self.registry.gauges += [
            Gauge("riskml_commits_pending", "Answers that wait for their commit.", (), lambda: {(): self._ledger.pending}),
            Gauge("riskml_bot_unfinished", "Deliveries that the bot took on and has not ended.", (),
                  lambda: {(): self.bot.unfinished}),
            Gauge("riskml_model_info", "The model in use.", ("name", "version", "artifact_sha256"),
                  lambda: {(self.judge.ref.name, self.judge.ref.version, self.judge.ref.artifact_sha256): 1.0}),
            *self.challenger.gauges(lambda: self.judge.ref, lambda: self.judge.policy), *self.drift.gauges(),
        ]
        self.registry.more.append(self.challenger.skipped)

    def start(self) -> None:
        """Begin to serve."""
        self._ledger.start()
        self.bot.start()
        self.drift.start()
        self.challenger.start(self.judge.ref)

    def close(self) -> None:
        """Commit what is queued, then let go of everything."""
        self.bot.close()
        self.drift.close()
        self.judge.close()
        self._ledger.close()
        self._pullers.close()
        self._readers.close()
        self.challenger.close()
        if self._prometheus is not None:
            self._prometheus.close()
        self.store.close()

    async def reload(self) -> None:
        """Read the models and the policies again; if one of them is refused, all that was in use stays in use."""
        challenger = await self.read(self.challenger.load)
        await self.read(self.judge.reload)
        self.challenger.use(challenger)

    def describe(self) -> dict[str, object]:
        """Describe the model in use, and the one that scores along beside it."""
        ref, said = self.challenger.ref, self.judge.describe()
        if ref is None:
            return said | {"challenger": None}
        found = self.challenger.comparison(self.judge.ref, self.judge.policy)
        return said | {"challenger": {"name": ref.name, "version": ref.version, "feature_set": ref.feature_set,
                                      "artifact_sha256": ref.artifact_sha256, **asdict(found)}}

    async def read(self, query: Callable[[], Result]) -> Result:
        """Ask the store, in a thread."""
        return await self._readers.run(query)

    async def assess(self, request: PredictIn, suite: SuiteRun | None, digest: str, own: Policy | None = None) -> Answer:
        """Judge a change and keep the answer; a key that was answered before gets the same answer again.

        ``own`` is the policy that the repository had at the base, for a diff of a repository that has no mirror here.
        """
        if request.idempotency_key is not None:
            known = await self.read(lambda: self.store.under_key(AssessmentRow, str(request.idempotency_key)))
            if known is not None:
                if known.request_digest != digest:
                    raise Conflict("the key was already used for another request", where="idempotency_key",
                                   got=request.idempotency_key, expected="the same body again, or a new key")
                return Answer(known.id, known.document.encode(), fresh=False)
        now = self._clock()
        decision = await self.judge.judge(request, suite, id_=self._new_id(now), now=now,
                                          recent=await self._recent_changes(request.repository), own=own)
        wire = to_wire(decision)
        receipt = await self._ledger.commit(_submission(decision, wire, request.idempotency_key, digest))
        kept = receipt.row
        assert isinstance(kept, AssessmentRow)  # noqa: S101 - an assessment was submitted
        if receipt.fresh:
            self.registry.assessed(wire)
        if receipt.fresh and not decision.assessment.empty:
            self.challenger.consider(kept.id, kept.repository, kept.artifact_sha256, kept.probability,
                                     decision.assessment.features)
            self._recent.add(kept.repository, kept.head or kept.id, decision.assessment.features)
        return Answer(kept.id, kept.document.encode(), receipt.fresh)

    async def _answer_bot(self, request: PredictIn, own: Policy | None) -> bytes:
        key = request.idempotency_key or ""
        return (await self.assess(request, None, digest_of_body(key.encode()), own)).document

    async def prune(self, age: timedelta) -> int:
        """Remove what is older than ``age``; returns the number of rows."""
        now = self._clock()
        return await self.read(lambda: self.store.prune(now - age, now=now))

    async def read_suite(self, read: Callable[[], SuiteRun | None]) -> SuiteRun | None:
        """Parse reports in a thread."""
        return await self._readers.run(read)

    async def find_assessment(self, id_: str) -> AssessmentRow:
        """Fetch one assessment; ``NotFound`` if there is none."""
        return await self.read(lambda: self.store.get(AssessmentRow, id_))

    async def find_plan(self, id_: str) -> PlanRow:
        """Fetch one plan; ``NotFound`` if there is none."""
        return await self.read(lambda: self.store.get(PlanRow, id_))

    async def _recent_changes(self, repository: str) -> Sequence[Vector]:
        known = self._recent.of(repository)
        if known is not None:
            return known
        feature_set = self.judge.ref.feature_set
        return self._recent.put(repository, await self.read(lambda: self.store.recent_features(
            repository, feature_set=feature_set, limit=self._recent.each)))

    def _new_id(self, now: datetime) -> str:
        return ulid(int(now.timestamp() * 1000), self._entropy(10))


def _submission(decision: Decision, wire: Mapping[str, Any], key: str | None, digest: str) -> Submission:
    """Make the rows of an answer."""
    found = decision.assessment
    document = json.dumps(wire, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    features = {name: None if math.isnan(value) else value for name, value in found.features.items()}
    row = AssessmentRow(
        id=found.id, created_at=found.created_at, idempotency_key=key, request_digest=digest if key is not None else None,
        repository=found.repository, base=found.base, head=found.head, score=found.score, probability=found.probability,
        band=found.band, strategy=decision.plan.strategy, model_version=found.model.version,
        artifact_sha256=found.model.artifact_sha256, feature_set=found.model.feature_set,
        features=json.dumps(features), document=document)
    plan = PlanRow(id=decision.plan.plan_id, created_at=found.created_at, assessment_id=found.id,
                   document=json.dumps(plans.to_json(decision.plan)))
    return Submission(row, (plan,))


def digest_of_body(*parts: bytes) -> str:
    """Hash a request, part by part: two requests under one key are the same only if this is."""
    whole = hashlib.sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8) + part)
    return whole.hexdigest()
