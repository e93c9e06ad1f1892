"""What a store teaches: outcomes tied to the features that were served."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from riskml.adapters.store import AssessmentRow, OutcomeRow, ShadowRow, Store, Submission
from riskml.errors import StoreUnwritable
from riskml.features.catalogue import FEATURE_SET
from training.served import read
from training.shadow import shadows

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def answer(n, *, head=None, la=10.0, feature_set=FEATURE_SET):
    """Make the n-th answer."""
    return AssessmentRow(
        id=f"a{n:03}", created_at=NOON + timedelta(minutes=n), repository="acme/shop", base=None, head=head, score=0.3,
        probability=0.3, band="low", strategy="rolling", model_version="1", artifact_sha256="0" * 64, feature_set=feature_set,
        features=json.dumps({"la": la, "age": None}), document="{}")


def outcome(n, what, *, of=None, head=None, after=timedelta(hours=1)):
    """Make the n-th outcome."""
    return OutcomeRow(id=f"o{n:03}", created_at=NOON + after, outcome=what, happened_at=NOON + after, document="{}",
                      repository="acme/shop", head=head, assessment_id=of)


@pytest.fixture
def url(tmp_path):
    """Write six answers: one rolled back, one promoted, one censored, one without an outcome, one of another set, one twice."""
    url = f"sqlite:///{tmp_path / 's.db'}"
    store = Store.open(url)
    head = "c" * 40
    rows = [answer(1), answer(2), answer(3), answer(4), answer(5, feature_set=99), answer(6, head=head, la=1.0),
            answer(7, head=head, la=2.0), outcome(1, "rolled-back", of="a001"), outcome(2, "promoted", of="a002"),
            outcome(3, "superseded", of="a003"), outcome(5, "promoted", of="a005"), outcome(6, "incident", head=head),
            ShadowRow(id="s1", created_at=NOON, assessment_id="a001", repository="acme/shop", artifact_sha256="0" * 64,
                      probability=0.3, challenger_version="2", challenger_sha256="1" * 64, challenger_probability=0.6)]
    for row in rows:
        store.write(Submission(row))
    store.close()
    return url


def test_outcomes_meet_the_features_that_were_served(url):
    """A posted diff is learnt from under its answer's id; the newest answer to a head counts; unknown stays unknown."""
    found = read(url)
    served = {row.sha: row for row in found.served}

    assert set(served) == {"a001", "a002", "a003", "c" * 40}
    assert served["c" * 40].features == {"la": 2.0, "age": None}
    assert found.other_set == 1
    assert found.newest == (NOON + timedelta(hours=1)).timestamp()


def test_an_empty_change_teaches_nothing(url):
    """Its features are of no file; what is told of its head is about the answer before, and what has no head about nothing."""
    store = Store.open(url)
    for n, head in ((8, "c" * 40), (9, None)):
        store.write(Submission(replace(answer(n, head=head, la=0.0), band="unknown", document='{"score":null,"empty":true}')))
        store.write(Submission(outcome(n, "rolled-back", of=f"a{n:03}", head=head)))
    store.close()
    found = read(url)
    served = {row.sha: row for row in found.served}

    assert set(served) == {"a001", "a002", "a003", "c" * 40}
    assert served["c" * 40].features["la"] == 2.0
    assert found.other_set == 1
    assert [o.happened for o in found.outcomes["c" * 40]] == ["incident", "rolled-back"]
    assert "a009" not in found.outcomes


def test_claims_are_those_of_the_date(url):
    """A promotion is harmless only after its watch; what is censored says nothing; harm counts at once."""
    found = read(url)
    soon = {c.sha: c.harm for c in found.claims((NOON + timedelta(hours=2)).timestamp())}
    late = {c.sha: c.harm for c in found.claims((NOON + timedelta(days=30)).timestamp())}

    assert soon == {"a001": True, "c" * 40: True}
    assert late == {"a001": True, "c" * 40: True, "a002": False, "a005": False}
    assert {c.source for c in found.claims(NOON.timestamp() + 1e6)} == {"outcome"}


def test_shadow_scores_stand_beside_the_answers(url):
    """What a challenger said is told with how many outcomes are known; of one, no ranking is."""
    (row,) = shadows(read(url), (NOON + timedelta(days=30)).timestamp())

    assert (row["answers"], row["labelled"], row["harmful"]) == (1, 1, 1)
    assert (row["mean"], row["champion_mean"], row["auc"]) == (0.6, 0.3, None)


def test_a_mistyped_store_is_refused_and_not_made(tmp_path):
    """Nothing to learn from must not look like nothing happened."""
    with pytest.raises(StoreUnwritable, match="no store is here"):
        read(f"sqlite:///{tmp_path / 'typo.db'}")

    assert not (tmp_path / "typo.db").exists()
