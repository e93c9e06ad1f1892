"""Cutting a release: every cut is a partition, and nothing is held back from under a change that stays."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from riskml.assess.split import can_wait, evenly, trains

CHANGES = st.lists(st.tuples(st.floats(0, 0.99), st.frozensets(st.sampled_from("abcdef"), max_size=3)), max_size=25)


@given(CHANGES, st.integers(0, 12))
def test_nothing_is_held_back_from_under_a_later_change(changes, most) -> None:
    """At every step, a change that waits shares no path with a later one that stays."""
    touched = [paths for _, paths in changes]
    held = can_wait([p for p, _ in changes], touched, most)

    assert len(held) == len(set(held)) <= most
    for step in range(1, len(held) + 1):
        out = set(held[:step])
        stay = [i for i in range(len(changes)) if i not in out]
        assert not any(later > waits and touched[later] & touched[waits] for waits in out for later in stay)


@given(CHANGES)
def test_everything_can_wait_in_the_end(changes) -> None:
    """No change is for ever in the way: the latest one can always wait."""
    assert sorted(can_wait([p for p, _ in changes], [t for _, t in changes], len(changes))) == list(range(len(changes)))


def test_the_riskiest_that_is_free_waits_first() -> None:
    """One under a later change waits only after that one."""
    assert can_wait([0.9, 0.2, 0.5], [{"a"}, {"a"}, {"b"}], 3) == [2, 1, 0]


@given(st.lists(st.integers(1, 9), max_size=30), st.integers(1, 20))
def test_trains_are_a_partition_as_long_as_they_fit(weights, room) -> None:
    """Each fits or is one change; none could take the next change, too."""
    def fits(start: int, stop: int) -> bool:
        return sum(weights[start:stop]) <= room

    found = trains(len(weights), fits)

    assert [i for start, stop in found for i in range(start, stop)] == list(range(len(weights)))
    assert all(fits(start, stop) or stop - start == 1 for start, stop in found)
    assert not any(fits(start, stop + 1) for start, stop in found[:-1])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30), st.data())
def test_an_even_cut_is_a_partition_into_so_many_parts(probabilities, data) -> None:
    """As many parts as asked for, none of them empty."""
    parts = data.draw(st.integers(1, len(probabilities)))

    found = evenly(probabilities, parts)

    assert len(found) == parts
    assert all(stop > start for start, stop in found)
    assert [i for start, stop in found for i in range(start, stop)] == list(range(len(probabilities)))
