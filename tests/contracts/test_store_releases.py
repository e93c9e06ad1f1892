"""What the store keeps of releases: steps, windows, outcomes that wait; the same on both databases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from riskml.adapters.store import ObservationRow, OutcomeRow, StepRow, Store, Submission
from riskml.adapters.store.store import SETTLES
from riskml.adapters.store.tables import BY_KIND
from tests.contracts.test_store import assessment

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def outcome(id_: str, **about: str | None) -> OutcomeRow:
    """Make an outcome of which no assessment is known."""
    return OutcomeRow(id=id_, created_at=NOON, outcome="incident", happened_at=NOON, document="{}", **about)


def waiting(store: Store) -> list[str]:
    """List the ids of what waits."""
    return [row.id for row in store.waiting()]


def test_outcomes_without_an_assessment_wait_until_one_comes_or_a_person_settles_them(store: Store) -> None:
    """Early outcomes match by themselves; a settled one is out of the list, and its first telling stays as it was."""
    first = assessment(1)
    store.write_all([Submission(outcome("o1", repository="acme/shop", head=first.head)), Submission(outcome("o2"))])
    assert waiting(store) == ["o1", "o2"]
    store.write(Submission(first))
    assert waiting(store) == ["o2"]
    told = store.get(OutcomeRow, "o2")
    store.write(Submission(replace(told, id="o3", idempotency_key=f"{SETTLES}o2", assessment_id=first.id)))
    assert waiting(store) == []
    assert store.get(OutcomeRow, "o2") == told


def test_waiting_outcomes_come_page_by_page(store: Store) -> None:
    """The last id of a page begins the next."""
    store.write_all([Submission(outcome(f"o{n}")) for n in range(3)])
    assert [row.id for row in store.waiting(limit=2)] == ["o0", "o1"]
    assert [row.id for row in store.waiting(after="o1")] == ["o2"]


def test_steps_and_windows_belong_to_their_plan_and_run(store: Store) -> None:
    """A release begun anew does not see what was measured before."""
    step = StepRow(id="s1", created_at=NOON, plan_id="p-1", step="entered", stage="p1", at=NOON, document="{}", target="a")
    other = replace(step, id="s2", plan_id="p-2")
    window = ObservationRow(id="b1", created_at=NOON, plan_id="p-1", run=0, document="{}")
    store.write_all([Submission(row) for row in (step, other, window, replace(window, id="b2", run=1))])
    assert store.steps("p-1") == [step]
    assert [row.id for row in store.observations("p-1", run=1)] == ["b2"]
    assert store.last_plan_on("a", other_than="p-2") == "p-1"
    assert store.last_plan_on("b", other_than="p-2") is None


@pytest.mark.parametrize("row", [
    StepRow(id="s1", created_at=NOON, plan_id="p-1", step="halted", at=NOON, document="{}"),
    ObservationRow(id="b1", created_at=NOON, plan_id="p-1", run=0, document="{}"),
])
def test_the_database_refuses_to_change_them(store: Store, row: StepRow | ObservationRow) -> None:
    """Append-only like all the others, also for those who speak SQL."""
    store.write(Submission(row))
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), store._engine.begin() as connection:
        connection.execute(sa.update(BY_KIND[row.kind]).values(document="x"))
