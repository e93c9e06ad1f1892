"""From a request to a decision, whichever form it has: which model, which policy, which history."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING

from api.drift import Yardsticks
from api.lately import Lately
from api.mirrors import Mirrors
from api.posted import change_of_diff, measured
from api.recent import RememberingScorer
from api.schemas import PredictIn, ServiceIn
from api.settings import Settings
from api.work import Workers
from riskml.assess import Decision, judge, judge_features
from riskml.assessment import ModelRef
from riskml.change import Change
from riskml.context import ServiceContext
from riskml.errors import PolicyError
from riskml.features import testing
from riskml.features.catalogue import FEATURE_SET, NAMES, validate
from riskml.features.feature import Evidence
from riskml.model import artifact
from riskml.model.scorer import ModelScorer
from riskml.parse.match import match_coverage
from riskml.policy.policy import Policy, default_policy, load_policy
from riskml.ports import Vector
from riskml.suite import SuiteRun

if TYPE_CHECKING:
    from api.kept import Kept

LOG = logging.getLogger("riskml.api")
_WATCHED = 20  # features whose drift is told
_INLINE_BYTES = 20_000  # a diff of this size is parsed and scored in a few milliseconds: a thread would cost more


@dataclass(frozen=True, slots=True)
class Brain:
    """What can be exchanged while the service runs: one model and the policies. Replaced as a whole, never altered."""

    scorer: RememberingScorer
    policies: Mapping[str, Policy]
    model: ModelScorer | None = None

    @classmethod
    def load(cls, settings: Settings) -> Brain:
        """Read the artifact and all policies; any of them may refuse, in its own words."""
        model = artifact.bundled(known=NAMES, feature_set=FEATURE_SET) if settings.artifact is None else artifact.load(
            settings.artifact, known=NAMES, feature_set=FEATURE_SET)
        scorer = ModelScorer(model)
        return cls(RememberingScorer(scorer), read_policies(settings.policies), scorer)

    def policy(self, name: str) -> Policy:
        """Find a policy; ``PolicyError`` names the nearest."""
        found = self.policies.get(name)
        if found is None:
            near = get_close_matches(name, self.policies, n=1)
            raise PolicyError("no such policy", where="policy", got=name,
                              expected=near[0] if near else f"one of: {', '.join(sorted(self.policies))}")
        return found


def read_policies(directory: Path | None) -> dict[str, Policy]:
    """Read ``NAME.yaml`` of a directory as the policy NAME; ``default`` is the built-in one unless a file says otherwise."""
    policies = {"default": default_policy()}
    for path in sorted(directory.glob("*.yaml")) if directory is not None else ():
        try:
            policies[path.stem] = load_policy(path.read_bytes(), name=path.stem, features=NAMES)
        except PolicyError as error:
            raise PolicyError(f"{path.name}: {error.what}", where=error.where, got=error.got, expected=error.expected) from None
    return policies


class ModelJudge:
    """The judge of the service."""

    def __init__(self, settings: Settings, brain: Brain) -> None:
        self._settings = settings
        self._mirrors = Mirrors.read(settings.repositories)
        self._turns: dict[Path, asyncio.Lock] = {}  # one at a time per repository: the next finds the history mined
        self._brain = brain
        self._keeping = threading.Lock()
        self._kept: Lately[Path, Kept] = Lately(settings.kept_histories)
        self._miners = Workers("mining", threads=settings.mining_threads, queue=settings.mining_queue, retry_after_s=5)

    @classmethod
    def open(cls, settings: Settings) -> ModelJudge:
        """Read everything that the settings name."""
        return cls(settings, Brain.load(settings))

    @property
    def ref(self) -> ModelRef:
        """Which model answers."""
        return self._brain.scorer.ref

    @property
    def trained_on(self) -> Yardsticks | None:
        """What the model in use was trained on, if it comes from an artifact."""
        if self._brain.model is None:
            return None
        model = self._brain.model.artifact
        asked = Counter(model.forest.feature.tolist())
        return Yardsticks(model.sha256, model.manifest, [model.manifest.features[n] for n, _ in asked.most_common(_WATCHED)])

    @property
    def policy(self) -> Policy:
        """The policy that decides where nobody names one."""
        return self._brain.policies["default"]

    def reload(self) -> ModelRef:
        """Read the artifact and the policies again; if one is refused, what was in use stays in use."""
        self._brain = Brain.load(self._settings)
        return self.ref

    def describe(self) -> dict[str, object]:
        """Describe the model in use."""
        scorer, ref = self._brain.scorer, self.ref
        return {"name": ref.name, "version": ref.version, "feature_set": ref.feature_set,
                "artifact_sha256": ref.artifact_sha256, "base_rate": scorer.base_rate, "features": list(scorer.feature_names),
                "policies": sorted(self._brain.policies)}

    def close(self) -> None:
        """Let running work end."""
        self._miners.close()

    async def judge(self, request: PredictIn, suite: SuiteRun | None, *, id_: str, now: datetime,
                    recent: Sequence[Vector], own: Policy | None = None) -> Decision:
        """Assess the change of the request and plan its release. ``own`` is its base's policy, where no mirror has it."""
        brain = self._brain
        if request.form == "features":
            return self._of_features(brain, request, suite, id_, now, recent)
        mirror = self._mirrors.get(request.repository) if request.form == "range" else self._mirrors.find(request.repository)
        if mirror is not None:
            turn = self._turns.setdefault(mirror, asyncio.Lock())
            return await self._miners.run(lambda: self._with_history(brain, mirror, request, suite, id_, now), turn)
        if len(request.diff or "") <= _INLINE_BYTES and suite is None:
            return self._of_diff(brain, request, suite, id_, now, recent, own)
        return await self._miners.run(lambda: self._of_diff(brain, request, suite, id_, now, recent, own))

    def _of_features(self, brain: Brain, request: PredictIn, suite: SuiteRun | None, id_: str, now: datetime,
                     recent: Sequence[Vector]) -> Decision:
        vector = validate(request.features)
        if suite is not None:
            vector = with_tests(vector, suite)
        return judge_features(vector, brain.scorer, brain.policy(request.policy), id=id_, now=now,
                              repository=request.repository, base=request.base, head=request.head,
                              context=_context(request.service), recent=recent)

    def _with_history(self, brain: Brain, mirror: Path, request: PredictIn, suite: SuiteRun | None, id_: str,
                      now: datetime) -> Decision:
        """Judge a range, or a diff, of a repository whose history is at hand."""
        kept = self._kept_of(mirror, request.repository)
        if request.form == "range":
            change = kept.repository.change(request.base, request.head or "HEAD")
        else:
            base = kept.base(request.base)
            change = replace(measured(change_of_diff(request, now), base, kept), base=base)
        past = kept.workspace.past(None) if change.base is None else kept.past(change.base)
        policy = brain.policy(request.policy) if request.policy != "default" else (
            (None if change.base is None else kept.policy(change.base)) or brain.policy("default"))
        here = change if request.form == "range" else replace(change, head=None)  # a posted head may be unknown here
        return judge(change, past.view, kept.workspace.matched(suite, here), brain.scorer, policy, id=id_, now=now,
                     repository=request.repository, context=_context(request.service), recent=past.recent)

    def _kept_of(self, mirror: Path, key: str) -> Kept:
        """Return what is held of a mirror; git is only loaded where there is one."""
        from api.kept import Kept

        with self._keeping:
            export = None if self._settings.issues is None else self._settings.issues / f"{key}.csv"
            return self._kept.ask(mirror, lambda place: Kept(place, self._settings.state, export))

    def _of_diff(self, brain: Brain, request: PredictIn, suite: SuiteRun | None, id_: str, now: datetime,
                 recent: Sequence[Vector], own: Policy | None) -> Decision:
        change = change_of_diff(request, now)
        policy = own if own is not None and request.policy == "default" else brain.policy(request.policy)
        return judge(change, None, _matched(suite, change), brain.scorer, policy, id=id_, now=now,
                     repository=request.repository, context=_context(request.service), recent=recent)


def _matched(suite: SuiteRun | None, change: Change) -> SuiteRun | None:
    return None if suite is None else match_coverage(suite, [f.path for f in change.files])


def with_tests(vector: Vector, suite: SuiteRun) -> dict[str, float]:
    """Add what the reports say to a vector that does not. Which lines changed is not known here: coverage stays as sent."""
    said = zip(testing.GROUP.features, testing.GROUP.compute(Evidence(Change(()), None, suite)), strict=True)
    return dict(vector) | {feature.name: value for feature, value in said if isnan(vector[feature.name])}


def _context(service: ServiceIn | None) -> ServiceContext | None:
    return None if service is None else ServiceContext(**service.model_dump())
