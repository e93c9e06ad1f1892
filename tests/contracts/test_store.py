"""Both databases keep the same promises: one suite, run on SQLite and on PostgreSQL."""

import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from riskml.adapters.store import (
    ENDED,
    AssessmentRow,
    DeliveryRow,
    LabelRow,
    ObservationRow,
    OutcomeRow,
    PlanRow,
    ShadowRow,
    StepRow,
    Store,
    Submission,
    VerdictRow,
    ulid,
)
from riskml.adapters.store.database import open_engine
from riskml.adapters.store.tables import METADATA
from riskml.errors import Conflict, NotFound, StoreError

NOON = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)


def assessment(n: int = 1, *, key: str | None = None, digest: str | None = None, repository: str = "acme/shop",
               head: str | None = None, features: dict[str, float | None] | None = None) -> AssessmentRow:
    """Make the n-th assessment, one second after the one before."""
    moment = NOON + timedelta(seconds=n)
    return AssessmentRow(
        id=ulid(int(moment.timestamp() * 1000), n.to_bytes(10)), created_at=moment, idempotency_key=key, request_digest=digest,
        repository=repository, base="b" * 40, head=head or f"{n:040x}", score=0.1 + 0.2, probability=0.3, band="low",
        strategy="rolling", model_version="1", artifact_sha256="0" * 64, feature_set=1,
        features=json.dumps(features or {"la": 1.0, "age": None}), document='{"text": "naïve – 日本"}')


def plan(n: int = 1, *, of: str | None = None) -> PlanRow:
    """Make the n-th plan."""
    return PlanRow(id=f"p-{n}", created_at=NOON, assessment_id=of, document="{}")


def every_row() -> list[Submission]:
    """Make one row of each kind."""
    first = assessment()
    return [Submission(first, (plan(of=first.id),)),
            Submission(VerdictRow(id="v1", created_at=NOON, plan_id="p-1", stage="s1", decision="hold", document="{}")),
            Submission(StepRow(id="s1", created_at=NOON, plan_id="p-1", step="entered", stage="s1", at=NOON, document="{}",
                               target="flagger:prod/shop")),
            Submission(ObservationRow(id="b1", created_at=NOON, plan_id="p-1", run=0, document="{}")),
            Submission(OutcomeRow(id="o1", created_at=NOON, outcome="rolled-back", happened_at=NOON, document="{}",
                                  assessment_id=first.id, repository="acme/shop", head=first.head)),
            Submission(LabelRow(id="l1", created_at=NOON, repository="acme/shop", sha="a" * 40, harm=True, source="revert",
                                known_at=NOON, confidence=0.75, fix_sha="b" * 40)),
            Submission(delivery(1)), Submission(shadow(1))]


def delivery(n: int, *, key: str | None = None, result: str = "accepted", at: datetime = NOON) -> DeliveryRow:
    """Make the n-th row of a delivery."""
    return DeliveryRow(id=f"d{n}", created_at=at, idempotency_key=key, forge="github", repository="acme/shop", number=7,
                       head="a" * 40, result=result)


def shadow(n: int, *, by: str = "c" * 64) -> ShadowRow:
    """Make the n-th score of a challenger, n seconds after noon."""
    return ShadowRow(id=f"c{n}", created_at=NOON + timedelta(seconds=n), assessment_id=f"a{n}", repository="acme/shop",
                     artifact_sha256="0" * 64, probability=0.1 + 0.2, challenger_version="2", challenger_sha256=by,
                     challenger_probability=0.1 * n)


def test_a_delivery_is_unfinished_until_a_row_ends_it(store: Store):
    """What was accepted and not ended is listed, oldest first; an end of another, and what is too old, change nothing."""
    store.write_all([Submission(delivery(1, at=NOON - timedelta(days=9))), Submission(delivery(2)), Submission(delivery(3)),
                     Submission(delivery(4))])
    store.write(Submission(delivery(5, key=f"{ENDED}d3", result="posted")))
    assert [row.id for row in store.unfinished(since=NOON - timedelta(days=7))] == ["d2", "d4"]
    assert [row.id for row in store.unfinished(since=NOON, limit=1)] == ["d2"]


def test_the_scores_of_a_challenger_are_read_from_a_moment_on(store: Store):
    """Oldest first, of all challengers or of one."""
    store.write_all([Submission(shadow(n, by="d" * 64 if n == 2 else "c" * 64)) for n in (3, 1, 2, 4)])
    since = NOON + timedelta(seconds=2)
    assert [row.id for row in store.shadow_scores(since)] == ["c2", "c3", "c4"]
    assert store.shadow_scores(since, challenger_sha256="d" * 64) == [shadow(2, by="d" * 64)]


def outcome(n: int, **about: str) -> OutcomeRow:
    """Make the n-th outcome."""
    return OutcomeRow(id=f"o{n}", created_at=NOON, outcome="promoted", happened_at=NOON, document="{}", **about)


def test_what_was_said_is_read_with_all_that_happened_to_its_change(store: Store):
    """Outcomes by assessment or by commit; the newest assessment of a commit counts, other models and times do not."""
    store.write_all([
        Submission(assessment(1, head="a" * 40)), Submission(assessment(2, head="a" * 40)), Submission(assessment(3)),
        Submission(assessment(4)),
        Submission(outcome(1, assessment_id=assessment(2).id, repository="acme/shop", head="a" * 40)),
        Submission(outcome(2, repository="acme/shop", head="a" * 40)), Submission(outcome(3, assessment_id=assessment(3).id)),
        Submission(outcome(4, repository="acme/other", head="a" * 40))])
    found = store.judged(artifact_sha256="0" * 64, since=NOON)
    assert [(said, [row.id for row in rows]) for said, rows in found] == [(0.3, ["o3"]), (0.3, ["o1", "o2"])]
    assert found[0][1] == [outcome(3, assessment_id=assessment(3).id)]
    assert store.judged(artifact_sha256="1" * 64, since=NOON) == []
    assert store.judged(artifact_sha256="0" * 64, since=NOON + timedelta(seconds=60)) == []


def test_the_newest_scores_of_a_model_are_read_with_their_features(store: Store):
    """Newest first, at most so many, of one model and from a moment on."""
    store.write_all([Submission(assessment(n, features={"la": float(n), "age": None})) for n in range(1, 5)])
    since = NOON + timedelta(seconds=2)
    found = store.recent_scores(artifact_sha256="0" * 64, since=since, limit=10)
    assert found == [(0.3, {"la": n, "age": None}) for n in (4.0, 3.0, 2.0)]
    assert len(store.recent_scores(artifact_sha256="0" * 64, since=since, limit=2)) == 2
    assert store.recent_scores(artifact_sha256="1" * 64, since=since, limit=10) == []


def test_a_row_comes_back_as_it_was_written(store: Store):
    """Every value of every kind of row survives: microseconds, doubles, letters of any script, absent values."""
    written = [row for s in every_row() for row in (s.row, *s.attached)]
    store.write_all(every_row())
    assert [store.get(type(row), row.id) for row in written] == written


def test_rows_of_a_kind_are_read_page_by_page_oldest_first(store: Store):
    """Who needs all of them gets each once, in the order of their ids, however small the pages are."""
    written = [assessment(n) for n in range(1, 6)]
    store.write_all([Submission(row) for row in reversed(written)])

    first = store.page(AssessmentRow, limit=3)
    rest = store.page(AssessmentRow, after=first[-1].id, limit=3)

    assert first + rest == written
    assert store.page(AssessmentRow, after=rest[-1].id) == []


def test_what_is_not_there_is_said_to_be_missing(store: Store):
    """An unknown id is a refusal that names the kind and the id."""
    with pytest.raises(NotFound, match=r"no plan has this id: got 'p-9'"):
        store.get(PlanRow, "p-9")


def test_the_same_key_and_body_give_one_row_and_the_first_answer(store: Store):
    """A repeated request gets what was answered the first time, not the second computation."""
    first = store.write(Submission(assessment(1, key="k", digest="d")))
    again = store.write(Submission(assessment(2, key="k", digest="d"), (plan(2),)))
    assert (first.fresh, again.fresh) == (True, False)
    assert again.row == first.row
    assert len(store.assessments()) == 1
    assert store.plan_of(assessment(2).id) is None


def test_the_same_key_with_another_body_is_a_conflict(store: Store):
    """A key never stands for two requests; the message says which part is wrong."""
    store.write(Submission(assessment(1, key="k", digest="d")))
    with pytest.raises(Conflict, match=r"at idempotency_key: got 'k'; expected the same body again, or a new key"):
        store.write(Submission(assessment(2, key="k", digest="other")))


def test_a_conflict_spares_the_rest_of_its_batch(store: Store):
    """Requests that happen to be committed together stay strangers, also when they share a key within the batch."""
    receipts = store.write_all([Submission(assessment(1, key="k", digest="d")), Submission(assessment(2, key="k", digest="x")),
                                Submission(assessment(3, key="k", digest="d")), Submission(assessment(4))])
    assert [type(r).__name__ for r in receipts] == ["Receipt", "Conflict", "Receipt", "Receipt"]
    assert [row.id for row in store.assessments()] == [assessment(4).id, assessment(1).id]


def test_requests_without_a_key_are_all_kept(store: Store):
    """No key means no claim that two requests are one."""
    store.write_all([Submission(assessment(1)), Submission(assessment(2))])
    assert len(store.assessments()) == 2


def test_a_row_and_its_attachments_are_written_together_or_not_at_all(store: Store):
    """An assessment whose plan cannot be stored is not stored either."""
    store.write(Submission(assessment(1), (plan(1),)))
    with pytest.raises(StoreError):
        store.write(Submission(assessment(2), (plan(1),)))
    assert [row.id for row in store.assessments()] == [assessment(1).id]
    assert store.verify_audit().ok


def test_one_key_sent_by_many_at_once_gives_one_row(url: str):
    """Eight openings of the same store, as eight processes have, agree on the first answer."""
    stores = [Store.open(url) for _ in range(8)]
    answers: list[str] = []

    def send(n: int) -> None:
        answers.append(stores[n].write(Submission(assessment(n + 1, key="k", digest="d"))).row.id)

    threads = [threading.Thread(target=send, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert len(set(answers)) == 1
    assert stores[0].verify_audit().ok
    for opened in stores:
        opened.close()


def test_many_may_open_an_empty_store_at_once(url: str):
    """The tables are made once, under a lock; nobody fails and nobody waits forever."""
    opened: list[Store | Exception] = []

    def start() -> None:
        try:
            opened.append(Store.open(url))
        except Exception as error:  # noqa: BLE001 - whatever it is, the assertion below shows it
            opened.append(error)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [type(o) for o in opened] == [Store] * 6
    for each in opened:
        assert isinstance(each, Store)
        each.close()


def test_the_migrated_tables_are_the_ones_the_code_speaks_of(url: str):
    """The steps and ``tables.py`` describe the same tables, column by column."""
    engine = open_engine(url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), METADATA) == []
    engine.dispose()


def test_a_store_of_a_later_version_is_refused(url: str):
    """Old code does not write into tables that it does not know."""
    engine = open_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    engine.dispose()
    with pytest.raises(StoreError, match=r"later version of riskml.*'9999'.*upgrade riskml"):
        Store.open(url)


@pytest.mark.parametrize("statement", [
    "UPDATE assessments SET score = 0", "UPDATE plans SET document = ''", "UPDATE verdicts SET decision = 'promote'",
    "UPDATE outcomes SET outcome = 'promoted'", "UPDATE labels SET harm = NOT harm", "UPDATE audit SET digest = ''",
    "DELETE FROM audit"])
def test_the_database_itself_refuses_to_change_the_past(url: str, store: Store, statement: str):
    """Append-only is not a habit of our code but a rule of the tables."""
    store.write_all(every_row())
    engine = open_engine(url)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine.begin() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


def test_pages_are_newest_first_and_lose_nothing(store: Store):
    """Walking by the last id of each page meets every assessment once."""
    store.write_all([Submission(assessment(n)) for n in range(1, 8)])
    seen: list[str] = []
    before = None
    while page := store.assessments(limit=3, before=before):
        seen += [row.id for row in page]
        before = page[-1].id
    assert seen == [assessment(n).id for n in range(7, 0, -1)]


def test_assessments_are_found_by_repository_head_and_time(store: Store):
    """Filters narrow, and their ends are as documented: ``since`` is inclusive."""
    store.write_all([Submission(assessment(1)), Submission(assessment(2, repository="acme/other")), Submission(assessment(3))])
    assert [r.id for r in store.assessments(repository="acme/shop")] == [assessment(3).id, assessment(1).id]
    assert [r.id for r in store.assessments(head=f"{1:040x}")] == [assessment(1).id]
    assert [r.id for r in store.assessments(since=NOON + timedelta(seconds=3))] == [assessment(3).id]


def test_outcomes_are_found_by_what_they_concern(store: Store):
    """By assessment, by plan and by commit; never all of them by accident."""
    store.write_all(every_row())
    assert [o.id for o in store.outcomes(assessment_id=assessment().id)] == ["o1"]
    assert [o.id for o in store.outcomes(repository="acme/shop", head=assessment().head)] == ["o1"]
    assert store.outcomes(plan_id="p-1") == []
    with pytest.raises(ValueError, match="outcomes of what"):
        store.outcomes()


def test_recent_features_keep_unknown_as_unknown_and_count_a_head_once(store: Store):
    """The vectors of the newest answer per head, NaN where a value was not known; other feature sets are not mixed in."""
    store.write_all([Submission(assessment(1, head="a" * 40, features={"la": 1.0})),
                     Submission(assessment(2, head="a" * 40, features={"la": 2.0, "age": None})),
                     Submission(assessment(3, head="c" * 40, features={"la": 3.0}))])
    vectors = store.recent_features("acme/shop", feature_set=1)
    assert [(head[0], v["la"]) for head, v in vectors.items()] == [("c", 3.0), ("a", 2.0)]
    assert vectors["a" * 40]["age"] != vectors["a" * 40]["age"]  # NaN alone differs from itself
    assert store.recent_features("acme/shop", feature_set=2) == {}


def test_an_untouched_store_passes_its_audit(store: Store):
    """One link a row, from the first to the last, and the head is the anchor for later."""
    store.write_all(every_row())
    store.write(Submission(assessment(2)))
    report = store.verify_audit()
    assert (report.ok, report.links) == (True, len(every_row()) + 2)
    assert store.verify_audit(anchor=(report.links, report.head)).ok


def tampered(url: str, *statements: str) -> None:
    """Change the past as somebody with the database's password could: without the triggers."""
    engine = open_engine(url)
    with engine.begin() as connection:
        for table in ("assessments", "audit"):
            for action in ("update", "delete"):
                on = f" ON {table}" if engine.dialect.name == "postgresql" else ""
                connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS {table}_no_{action}{on}")
        for statement in statements:
            connection.execute(sa.text(statement))
    engine.dispose()


@pytest.mark.parametrize(("statement", "broken_at", "why"), [
    ("UPDATE assessments SET score = 0.9 WHERE head LIKE '%2'", 2, "was changed"),
    ("DELETE FROM assessments WHERE head LIKE '%2'", 2, "is gone"),
    ("UPDATE audit SET digest = 'x' WHERE seq = 2", 2, "content of the link was changed"),
    ("DELETE FROM audit WHERE seq = 2", 3, "link 2 is missing"),
    ("DELETE FROM audit WHERE seq = 4", None, "have no link"),
])
def test_tampering_is_found_where_it_happened(url: str, store: Store, statement: str, broken_at: int | None, why: str):
    """Edited, removed or unlinked rows are named, whoever did it."""
    store.write_all([Submission(assessment(n)) for n in range(1, 5)])
    tampered(url, statement)
    report = store.verify_audit()
    assert not report.ok
    assert report.broken_at == broken_at
    assert why in (report.why or "")


def test_a_chain_that_was_cut_or_rewritten_misses_its_anchor(url: str, store: Store):
    """Removing the newest rows with their links leaves a whole chain; only a head kept elsewhere can tell."""
    store.write_all([Submission(assessment(n)) for n in range(1, 5)])
    before = store.verify_audit()
    tampered(url, "DELETE FROM audit WHERE seq = 4", "DELETE FROM assessments WHERE head LIKE '%4'")
    assert store.verify_audit().ok
    cut = store.verify_audit(anchor=(before.links, before.head))
    assert "cut off" in (cut.why or "")
    store.write(Submission(assessment(5)))
    assert "rewritten" in (store.verify_audit(anchor=(before.links, before.head)).why or "")


def test_pruning_removes_old_rows_and_the_audit_still_holds(store: Store):
    """Retention is no tampering: the links stay, and one says what was removed and up to when."""
    store.write_all([Submission(assessment(n)) for n in range(1, 5)])
    assert store.prune(NOON + timedelta(seconds=3), now=NOON + timedelta(days=1)) == 2
    assert [r.id for r in store.assessments()] == [assessment(4).id, assessment(3).id]
    assert store.verify_audit().ok
    assert store.prune(NOON + timedelta(seconds=3), now=NOON + timedelta(days=1)) == 0


def test_a_row_removed_after_pruning_is_still_missed(url: str, store: Store):
    """Pruning up to a moment excuses nothing that is younger."""
    store.write_all([Submission(assessment(n)) for n in range(1, 5)])
    store.prune(NOON + timedelta(seconds=3), now=NOON + timedelta(days=1))
    tampered(url, "DELETE FROM assessments WHERE head LIKE '%3'")
    assert "is gone" in (store.verify_audit().why or "")


def test_reading_goes_on_while_others_write(url: str, store: Store):
    """A long write does not stop readers, and they see only what was committed."""
    store.write(Submission(assessment(1)))
    other = Store.open(url)
    seen: list[int] = []
    read: Callable[[], None] = lambda: seen.append(len(other.assessments()))  # noqa: E731 - a thread's whole work
    with store._engine.connect().execution_options(riskml_writes=True) as connection, connection.begin():
        connection.exec_driver_sql("DELETE FROM assessments")
        reader = threading.Thread(target=read)
        reader.start()
        reader.join(timeout=10)
        connection.rollback()
    assert seen == [1]
    other.close()
