"""Recent changes in memory: bounded, fresh, and scored once."""

from collections.abc import Sequence

from api.recent import RecentChanges, Remembered, RememberingScorer
from riskml.assessment import ModelRef, Scored
from riskml.ports import Vector


class CountingScorer:
    """A scorer whose probability is the number of lines added in percent; it counts what it was asked."""

    base_rate = 0.25
    feature_names = ("la",)

    def __init__(self, sha: str = "a") -> None:
        self.ref = ModelRef("counting", "1", 1, sha)
        self.asked = 0

    def score(self, vector: Vector) -> Scored:
        """Score one."""
        return Scored(vector["la"] / 100, 0.0, 0.0, {"la": 0.0}, 0.0, 1.0)

    def probabilities(self, vectors: Sequence[Vector]) -> list[float]:
        """Score many."""
        self.asked += len(vectors)
        return [vector["la"] / 100 for vector in vectors]

    def training_percentile(self, feature: str, value: float) -> float | None:
        """Know nothing of the training."""
        assert feature
        assert value == value
        return None


def test_a_remembered_vector_is_scored_once_per_model():
    """The second request costs nothing; a new model asks anew; strangers among them are scored each time."""
    vectors = [Remembered({"la": 1.0}), {"la": 2.0}, Remembered({"la": 3.0})]
    first = CountingScorer()
    assert RememberingScorer(first).probabilities(vectors) == [0.01, 0.02, 0.03]
    assert RememberingScorer(first).probabilities(vectors) == [0.01, 0.02, 0.03]
    assert first.asked == 4
    other = CountingScorer("b")
    assert RememberingScorer(other).probabilities(vectors) == [0.01, 0.02, 0.03]
    assert other.asked == 3


def test_what_is_not_loaded_is_unknown_and_what_is_stale_is_asked_again():
    """Other replicas answer, too: after a while the store is asked again."""
    now = [0.0]
    recent = RecentChanges(fresh_s=10, clock=lambda: now[0])
    assert recent.of("a") is None
    recent.put("a", {"x": {"la": 1.0}})
    assert recent.of("a") == ({"la": 1.0},)
    now[0] = 11.0
    assert recent.of("a") is None


def test_reloading_keeps_what_was_scored():
    """Asking the store again does not mean scoring again."""
    recent, scorer = RecentChanges(), CountingScorer()
    RememberingScorer(scorer).probabilities(recent.put("a", {"x": {"la": 1.0}, "y": {"la": 2.0}}))
    RememberingScorer(scorer).probabilities(recent.put("a", {"z": {"la": 3.0}, "x": {"la": 1.0}, "y": {"la": 4.0}}))
    assert scorer.asked == 4  # x once; y changed; z is new


def test_a_head_counts_once_and_the_oldest_leave():
    """A second answer about a head replaces the first; the shelf holds so many and no more."""
    recent = RecentChanges(each=2)
    recent.put("a", {"new": {"la": 2.0}, "old": {"la": 1.0}})
    recent.add("a", "new", {"la": 3.0})
    assert recent.of("a") == ({"la": 1.0}, {"la": 3.0})
    recent.add("a", "newer", {"la": 4.0})
    assert recent.of("a") == ({"la": 3.0}, {"la": 4.0})
    recent.add("never loaded", "x", {"la": 1.0})
    assert recent.of("never loaded") is None


def test_the_repositories_in_memory_are_bounded():
    """The one that was asked for longest ago leaves first."""
    recent = RecentChanges(repositories=2)
    recent.put("a", {"x": {"la": 1.0}})
    recent.put("b", {"x": {"la": 1.0}})
    recent.of("a")
    recent.put("c", {"x": {"la": 1.0}})
    assert [recent.of(name) is not None for name in "abc"] == [True, False, True]
