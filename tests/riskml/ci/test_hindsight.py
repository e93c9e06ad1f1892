"""What became of past changes is set beside what would have been flagged."""

from __future__ import annotations

from math import isnan

import pytest

from riskml.adapters.git import GitRepository
from riskml.ci.hindsight import KINDS, LEAST, MATURE_S, answer, look_back
from riskml.local.scorers import bundled_scorer
from riskml.mine.labels import SOURCES, Label
from riskml.mine.state import RECENT

DAY_S = 86_400


def history(count: int, harmful: int, source: str = "szz") -> tuple[list[Label], dict[str, int], dict[str, dict[str, float]]]:
    """Make changes, one a day, the first of them harmful; each has five lines added."""
    shas = [f"{n:040d}" for n in range(count)]
    labels = [Label(sha, harm=n < harmful, source=source if n < harmful else None) for n, sha in enumerate(shas)]
    return labels, {sha: n * DAY_S for n, sha in enumerate(shas)}, {sha: {"la": 5.0} for sha in shas}


def test_every_source_of_labels_is_told():
    """No harm falls between the kinds."""
    assert sorted(source for sources in KINDS.values() for source in sources) == sorted(SOURCES)


def test_the_riskiest_tenth_is_compared_with_most_lines_added():
    """A model that knows catches all it has room for; the lines added, which say nothing here, catch a tenth."""
    labels, times, vectors = history(200, 20)
    found = answer("fixed", labels, times, vectors, {label.sha: 0.9 if label.harm else 0.1 for label in labels})
    assert (found.changes, found.harmful, found.unknown) == (200, 20, MATURE_S // DAY_S)
    assert found.caught == pytest.approx(11 / 20)  # a tenth of the 110 whose outcome is known
    assert found.lines_added == pytest.approx(0.1)


def test_what_is_too_young_is_unknown_unless_it_did_harm():
    """Ninety days without a fix make a change harmless, not less."""
    labels, times, vectors = history(30, 12)
    found = answer("fixed", labels, times, vectors, dict.fromkeys(vectors, 0.5))
    assert (found.harmful, found.unknown) == (12, 18)


def test_harm_of_another_kind_is_no_example_of_harmlessness():
    """A reverted change is left out where fixes are counted."""
    labels, times, vectors = history(200, 20, "revert")
    probabilities = {label.sha: 0.9 if label.harm else 0.1 for label in labels}
    assert answer("fixed", labels, times, vectors, probabilities).harmful == 0
    assert answer("reverted", labels, times, vectors, probabilities).harmful == 20


def test_too_few_harmful_changes_say_nothing():
    """Below the least number the parts are unknown, not zero."""
    labels, times, vectors = history(200, LEAST - 1)
    found = answer("fixed", labels, times, vectors, dict.fromkeys(vectors, 0.5))
    assert isnan(found.caught)
    assert isnan(found.lines_added)


def test_however_long_a_history_is_only_what_is_replayed_is_labelled(repo, lengthen):
    """Tracing lines is what takes the time, so it must not begin with the first commit."""
    lengthen(repo, RECENT + 150)
    source = GitRepository.open(repo.path)
    steps: list[tuple[int, int]] = []

    commits, found = look_back(source, None, bundled_scorer(), source.resolve("HEAD"), progress=lambda *at: steps.append(at))

    assert (commits, [each.changes for each in found]) == (RECENT + 150, [RECENT, RECENT])
    assert steps[-1] == (RECENT, RECENT)
    assert found[1].harmful > LEAST
