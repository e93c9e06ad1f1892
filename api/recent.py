"""The vectors of each repository's recent changes, kept in memory: a percentile costs neither a query nor a re-score."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from riskml.assessment import ModelRef, Scored
from riskml.ports import Scorer, Vector


class Remembered(dict[str, float]):
    """A vector that knows what a model said of it. ``by`` is the hash of that model's artifact."""

    __slots__ = ("by", "probability")

    def __init__(self, vector: Vector) -> None:
        super().__init__(vector)
        self.by = ""
        self.probability = 0.0


class RememberingScorer:
    """A scorer that scores a remembered vector once."""

    def __init__(self, scorer: Scorer) -> None:
        self._scorer = scorer

    @property
    def ref(self) -> ModelRef:
        """Which model this is."""
        return self._scorer.ref

    @property
    def base_rate(self) -> float:
        """Share of harmful changes in the training labels."""
        return self._scorer.base_rate

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The features that the model reads."""
        return self._scorer.feature_names

    def score(self, vector: Vector) -> Scored:
        """Score one vector and explain it."""
        return self._scorer.score(vector)

    def training_percentile(self, feature: str, value: float) -> float | None:
        """Where a value stands among the training changes, in percent."""
        return self._scorer.training_percentile(feature, value)

    def probabilities(self, vectors: Sequence[Vector]) -> list[float]:
        """Score many vectors; remembered ones only if this model has not seen them yet."""
        by = self.ref.artifact_sha256
        fresh = [v for v in vectors if not (isinstance(v, Remembered) and v.by == by)]
        scored = iter(self._scorer.probabilities(fresh)) if fresh else iter(())
        found = []
        for vector in vectors:
            if not isinstance(vector, Remembered):
                found.append(next(scored))
                continue
            if vector.by != by:
                vector.probability, vector.by = next(scored), by
            found.append(vector.probability)
        return found


@dataclass(slots=True)
class _Shelf:
    loaded_at: float
    vectors: OrderedDict[str, Remembered] = field(default_factory=OrderedDict)


class RecentChanges:
    """At most ``each`` vectors of at most ``repositories`` repositories, least recently used first out.

    What other replicas answered is asked for again after ``fresh_s`` seconds. Belongs to the event loop: not for threads.
    """

    def __init__(self, *, repositories: int = 64, each: int = 100, fresh_s: float = 600,
                 clock: Callable[[], float] = time.monotonic) -> None:
        self.each = each
        self._repositories = repositories
        self._fresh_s = fresh_s
        self._clock = clock
        self._shelves: OrderedDict[str, _Shelf] = OrderedDict()

    def of(self, repository: str) -> tuple[Remembered, ...] | None:
        """Return the vectors of a repository, if they are here and fresh."""
        shelf = self._shelves.get(repository)
        if shelf is None or self._clock() - shelf.loaded_at > self._fresh_s:
            return None
        self._shelves.move_to_end(repository)
        return tuple(shelf.vectors.values())

    def put(self, repository: str, newest_first: Mapping[str, Vector]) -> tuple[Remembered, ...]:
        """Remember what the store has, by head; what was scored already is not scored again."""
        before = self._shelves.get(repository)
        shelf = _Shelf(self._clock())
        for name, vector in reversed(list(newest_first.items())):
            known = before.vectors.get(name) if before is not None else None
            shelf.vectors[name] = known if known is not None and known == vector else Remembered(vector)
        self._shelves[repository] = shelf
        self._shelves.move_to_end(repository)
        while len(self._shelves) > self._repositories:
            self._shelves.popitem(last=False)
        return tuple(shelf.vectors.values())

    def add(self, repository: str, name: str, vector: Vector) -> None:
        """Remember one more; the same ``name`` (a head) replaces what was answered about it before."""
        shelf = self._shelves.get(repository)
        if shelf is None:
            return
        shelf.vectors.pop(name, None)
        shelf.vectors[name] = Remembered(vector)
        while len(shelf.vectors) > self.each:
            shelf.vectors.popitem(last=False)
