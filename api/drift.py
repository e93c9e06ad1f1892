"""Is the world still the one that the model was trained on? Read from the store every few minutes, told as metrics.

Two questions, two delays. Whether the changes look like those of the training (the stability index of the score and of the
features that the trees ask for most) is known at once; whether the probabilities were right, only when outcomes are. A figure
of too few changes is absent: an alert on it does not fire.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import nan

from api.metrics import Gauge
from riskml.adapters.store import OutcomeRow, Store
from riskml.errors import RiskmlError
from riskml.model.drift import psi_of_quantiles
from riskml.model.manifest import Manifest
from riskml.model.performance import auc, brier
from riskml.outcome import Outcome, label_of

LOG = logging.getLogger("riskml.api")
SEEN = timedelta(days=30)
"""How far back changes are compared with those of the training."""

MOST_SEEN = 2000
JUDGED = timedelta(days=90)
"""How far back assessments are compared with what happened."""

LEAST_JUDGED = 100
EVERY_S = 300.0


@dataclass(frozen=True, slots=True)
class Yardsticks:
    """What the model in use was trained on: its hash, its manifest, and the features that its trees ask for most."""

    sha256: str
    manifest: Manifest
    features: Sequence[str]


@dataclass(frozen=True, slots=True)
class Figures:
    """What was found; what is unknown is absent."""

    seen: int = 0
    score_psi: float | None = None
    feature_psi: Mapping[str, float] = field(default_factory=dict)
    judged: int = 0
    harm_share: float | None = None
    mean_probability: float | None = None
    brier: float | None = None
    auc: float | None = None


def look(store: Store, model: Yardsticks, outcome: Callable[[OutcomeRow], Outcome], now: datetime) -> Figures:
    """Compute all figures of a model; work for a thread."""
    recent = store.recent_scores(artifact_sha256=model.sha256, since=now - SEEN, limit=MOST_SEEN)
    features = {}
    for name in model.features:
        quantiles = model.manifest.feature_quantiles.get(name)
        found = None if quantiles is None else psi_of_quantiles(
            quantiles, (nan if (value := vector.get(name)) is None else value for _, vector in recent))
        if found is not None:
            features[name] = found
    seen = Figures(len(recent), psi_of_quantiles(model.manifest.score_quantiles, (p for p, _ in recent)), features)
    told = [(probability, label_of((outcome(row) for row in rows), now=now).harm)
            for probability, rows in store.judged(artifact_sha256=model.sha256, since=now - JUDGED)]
    known = [(probability, harm) for probability, harm in told if harm is not None]
    if len(known) < LEAST_JUDGED:
        return Figures(seen.seen, seen.score_psi, seen.feature_psi, len(known))
    probability, harm = [p for p, _ in known], [h for _, h in known]
    return Figures(seen.seen, seen.score_psi, seen.feature_psi, len(known), sum(harm) / len(harm),
                   sum(probability) / len(probability), brier(harm, probability), auc(harm, probability))


class Drift:
    """The newest figures, and the task that renews them."""

    def __init__(self, store: Store, read: Callable[[Callable[[], Figures]], Awaitable[Figures]],
                 model: Callable[[], Yardsticks | None], outcome: Callable[[OutcomeRow], Outcome], *,
                 clock: Callable[[], datetime]) -> None:
        self.figures = Figures()
        self._store = store
        self._read = read
        self._model = model
        self._outcome = outcome
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._run())

    def close(self) -> None:
        """Look no more."""
        if self._task is not None:
            self._task.cancel()

    async def renew(self) -> None:
        """Look now."""
        model, now = self._model(), self._clock()
        self.figures = Figures() if model is None else await self._read(lambda: look(self._store, model, self._outcome, now))

    async def _run(self) -> None:
        while True:
            try:
                await self.renew()
            except RiskmlError:
                LOG.exception("the figures of drift could not be renewed")
            await asyncio.sleep(EVERY_S)

    def gauges(self) -> list[Gauge]:
        """Make the metrics."""
        def figure(name: str) -> Callable[[], Mapping[tuple[str, ...], float]]:
            return lambda: {} if (value := getattr(self.figures, name)) is None else {(): value}

        return [
            Gauge("riskml_drift_changes", "Newest changes that are compared with those of the training.", (), figure("seen")),
            Gauge("riskml_drift_score_psi", "Population stability index of the score against the training.", (),
                  figure("score_psi")),
            Gauge("riskml_drift_feature_psi", "Population stability index of a feature against the training.", ("feature",),
                  lambda: {(name,): value for name, value in self.figures.feature_psi.items()}),
            Gauge("riskml_outcomes_known", "Assessments of 90 days of which it is known what happened.", (), figure("judged")),
            Gauge("riskml_outcomes_harm_share", "Share of them that did harm.", (), figure("harm_share")),
            Gauge("riskml_outcomes_mean_probability", "Mean of the probabilities that they were given.", (),
                  figure("mean_probability")),
            Gauge("riskml_outcomes_brier", "Mean squared distance of the probabilities from what happened.", (),
                  figure("brier")),
            Gauge("riskml_outcomes_auc", "How often a harmful one had the higher probability.", (), figure("auc")),
        ]
