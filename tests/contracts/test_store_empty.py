"""An answer that there is nothing to release is kept, and counts in no figure: on SQLite and on PostgreSQL."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from riskml.adapters.store import AssessmentRow, OutcomeRow, Store, Submission, ulid

NOON = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)


def assessment(n: int, *, head: str | None = None, features: str = '{"la": 1.0}') -> AssessmentRow:
    """Make the n-th assessment, one second after the one before."""
    moment = NOON + timedelta(seconds=n)
    return AssessmentRow(
        id=ulid(int(moment.timestamp() * 1000), n.to_bytes(10)), created_at=moment, repository="acme/shop", base="b" * 40,
        head=head or f"{n:040x}", score=0.3, probability=0.3, band="low", strategy="rolling", model_version="1",
        artifact_sha256="0" * 64, feature_set=1, features=features, document="{}")


def empty(n: int, *, head: str | None = None) -> AssessmentRow:
    """Make the n-th assessment, which says that there is nothing to release."""
    return replace(assessment(n, head=head, features='{"nf": 0.0}'), probability=0.9, band="unknown",
                   document='{"probability":null,"notes":[],"empty":true}')


def outcome(n: int, **about: str) -> OutcomeRow:
    """Make the n-th outcome."""
    return OutcomeRow(id=f"o{n}", created_at=NOON, outcome="promoted", happened_at=NOON, document="{}", **about)


def test_an_empty_change_is_in_no_figure(store: Store):
    """Nothing was measured: it is not counted, not even against a limit, and the answer before it stands for the commit."""
    said = json.dumps({"notes": ['a text, "empty":true'], "empty": False}, separators=(",", ":"))
    vague = replace(assessment(2), band="unknown", document=said)
    store.write_all([Submission(row) for row in (
        assessment(1, head="a" * 40), vague, empty(3, head="a" * 40), empty(4),
        outcome(1, assessment_id=empty(3).id, repository="acme/shop", head="a" * 40), outcome(2, assessment_id=empty(4).id),
        outcome(3, assessment_id=vague.id))])

    assert [p for p, _ in store.recent_scores(artifact_sha256="0" * 64, since=NOON, limit=2)] == [0.3, 0.3]
    assert list(store.recent_features("acme/shop", feature_set=1, limit=2)) == [vague.head, "a" * 40]
    judged = store.judged(artifact_sha256="0" * 64, since=NOON)
    assert [(said, [row.id for row in rows]) for said, rows in judged] == [(0.3, ["o3"]), (0.3, ["o1"])]
    assert [row.empty for row in store.page(AssessmentRow)] == [False, False, True, True]
