"""A second model that scores along, unheard: after the answer, in a thread of its own, and only if there is time.

What it would have said is kept beside what was said (``Store.shadow_scores``), so that a model can be compared with the one in
use on the changes of here and now before it answers any. Nothing of it reaches an answer: a challenger that is slow, broken or
flooded loses scores, and counts them.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol

from api.comparison import Comparison, Pair, compare
from api.metrics import Counter, Gauge
from api.settings import Settings
from riskml.adapters.store import ShadowRow, Submission
from riskml.assessment import ModelRef
from riskml.errors import RiskmlError
from riskml.features.catalogue import FEATURE_SET, NAMES
from riskml.model import artifact
from riskml.model.scorer import ModelScorer
from riskml.policy.policy import Policy
from riskml.ports import Vector

LOG = logging.getLogger("riskml.api")
WINDOW = 5000
"""The newest pairs that figures are told of."""

SINCE = timedelta(days=90)
_QUEUE = 4096
_BATCH = 64  # what is scored and written together; a chunk that does not keep the interpreter from the requests
_LINGER_S = 0.2  # so that a burst of answers is one transaction, after theirs


class Shadows(Protocol):
    """Where scores of challengers are kept, and read from again. The real one is ``Store``."""

    def write_all(self, submissions: Sequence[Submission], /) -> object:
        """Keep them all, or raise a ``RiskmlError`` and keep none."""
        ...

    def shadow_scores(self, since: datetime, /, *, challenger_sha256: str | None = None) -> Sequence[ShadowRow]:
        """List what is kept since a moment, of one challenger or of all, oldest first."""
        ...


class _Waiting(NamedTuple):
    assessment: str
    repository: str
    sha256: str
    probability: float
    vector: Vector


class Challenger:
    """The challenger of a service, if there is one. ``consider`` never waits and never fails."""

    def __init__(self, settings: Settings, store: Shadows, *, clock: Callable[[], datetime],
                 new_id: Callable[[datetime], str]) -> None:
        self.skipped = Counter("riskml_challenger_skipped_total", "Assessments that the challenger has not scored.")
        self._settings = settings
        self._store = store
        self._clock = clock
        self._new_id = new_id
        self._scorer = self.load()
        self._pairs: deque[Pair] = deque(maxlen=WINDOW)
        self._of = ""  # the hash of the model in use that the pairs are of
        self._compared: tuple[object, Comparison] | None = None  # four metrics are read from one comparison
        self._told = 0
        self._queue: deque[_Waiting] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._thread: threading.Thread | None = None

    def load(self) -> ModelScorer | None:
        """Read the artifact anew, changing nothing yet; it may refuse, in its own words. ``None``: there is no challenger."""
        directory = self._settings.challenger
        if directory is None:
            return None
        return ModelScorer(artifact.load(directory, known=NAMES, feature_set=FEATURE_SET))

    def use(self, scorer: ModelScorer | None) -> None:
        """Go on with another challenger."""
        with self._wake:
            self._scorer = scorer
            self._of = ""
            self._pairs.clear()

    @property
    def ref(self) -> ModelRef | None:
        """Which model scores along."""
        return None if self._scorer is None else self._scorer.ref

    def start(self, champion: ModelRef) -> None:
        """Begin to score, beside the model in use."""
        if self._settings.challenger is not None:
            self._thread = threading.Thread(target=self._work, args=(champion.artifact_sha256,), name="riskml-challenger",
                                            daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Score what waits, then end."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def consider(self, assessment: str, repository: str, sha256: str, probability: float, vector: Vector) -> None:
        """Score a change that was answered, some time later. ``sha256`` is that of the model that answered."""
        ref = self.ref
        if ref is None or self._thread is None or ref.artifact_sha256 == sha256:
            return
        if len(self._queue) >= _QUEUE:
            self.skipped.add()
            return
        with self._wake:
            self._queue.append(_Waiting(assessment, repository, sha256, probability, vector))
            self._wake.notify()

    def comparison(self, champion: ModelRef, policy: Policy) -> Comparison:
        """Compare with the model in use, on the newest changes that both have scored."""
        with self._wake:
            pairs = list(self._pairs) if self._of == champion.artifact_sha256 else []
            state = (self._told, self._of, champion.artifact_sha256, policy)
        if self._compared is None or self._compared[0] != state:
            self._compared = state, compare(pairs, policy)
        return self._compared[1]

    def gauges(self, champion: Callable[[], ModelRef], policy: Callable[[], Policy]) -> list[Gauge]:
        """Make the metrics; a figure of too few changes is absent."""
        def figure(name: str) -> Callable[[], Mapping[tuple[str, ...], float]]:
            def read() -> dict[tuple[str, ...], float]:
                value = None if self.ref is None else getattr(self.comparison(champion(), policy()), name)
                return {} if value is None else {(): value}
            return read

        def about() -> dict[tuple[str, ...], float]:
            ref = self.ref
            return {} if ref is None else {(ref.name, ref.version, ref.artifact_sha256): 1.0}

        return [Gauge("riskml_challenger_info", "The model that scores along.", ("name", "version", "artifact_sha256"), about),
                Gauge("riskml_challenger_changes", "Newest changes that both models have scored.", (), figure("changes")),
                Gauge("riskml_challenger_agreement", "Share of them in the same band.", (), figure("agreement")),
                Gauge("riskml_challenger_mean_difference", "Mean of challenger minus model in use.", (),
                      figure("mean_difference")),
                Gauge("riskml_challenger_psi", "Population stability index of the two distributions.", (), figure("psi"))]

    def _work(self, champion: str) -> None:
        try:
            if self._scorer is not None:
                self._remember(champion, self._scorer.ref.artifact_sha256, self._clock())
        except RiskmlError as error:
            LOG.warning("the challenger begins without its past", extra={"fields": {"why": str(error)[:500]}})
        while True:
            with self._wake:
                while not self._queue and not self._closing:
                    self._wake.wait()
                if not self._queue:
                    return
                if not self._closing:
                    self._wake.wait(_LINGER_S)
                taken = [self._queue.popleft() for _ in range(min(len(self._queue), _BATCH))]
                scorer = self._scorer
            try:
                if scorer is not None:
                    self._score(scorer, taken)
            except Exception as error:  # whatever the challenger does, the service answers
                self.skipped.add(amount=len(taken))
                LOG.warning("the challenger did not score", exc_info=None if isinstance(error, RiskmlError) else error,
                            extra={"fields": {"changes": len(taken), "why": str(error)[:500]}})

    def _score(self, scorer: ModelScorer, taken: Sequence[_Waiting]) -> None:
        ref, now = scorer.ref, self._clock()
        found = scorer.probabilities([each.vector for each in taken])
        rows = [ShadowRow(
            id=self._new_id(now), created_at=now, idempotency_key=f"shadow:{each.assessment}:{ref.artifact_sha256}",
            assessment_id=each.assessment, repository=each.repository, artifact_sha256=each.sha256,
            probability=each.probability, challenger_version=ref.version, challenger_sha256=ref.artifact_sha256,
            challenger_probability=probability)
            for each, probability in zip(taken, found, strict=True)]
        if self._of != taken[-1].sha256:
            self._remember(taken[-1].sha256, ref.artifact_sha256, now)
        self._store.write_all([Submission(row) for row in rows])
        with self._wake:
            self._pairs.extend(Pair(row.probability, row.challenger_probability) for row in rows
                               if row.artifact_sha256 == self._of)
            self._told += 1

    def _remember(self, champion: str, challenger: str, now: datetime) -> None:
        """Begin with what the store has of the same two models: a restart forgets nothing."""
        rows = self._store.shadow_scores(now - SINCE, challenger_sha256=challenger)
        with self._wake:
            self._of = champion
            self._told += 1
            self._pairs.clear()
            self._pairs.extend(Pair(row.probability, row.challenger_probability) for row in rows
                               if row.artifact_sha256 == champion)
