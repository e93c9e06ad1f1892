"""Gathering: every source under one rule, as of one date, and the same whenever it is asked."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, date, datetime, timedelta

import pytest

from riskml.adapters.store import AssessmentRow, LabelRow, OutcomeRow, Store, Submission
from riskml.errors import InputError, UsageError
from riskml.features.catalogue import FEATURE_SET
from training.gather import Sources, gather

TODAY = date(2026, 1, 1)
BEGIN = datetime(2024, 1, 1, 12, tzinfo=UTC)


def history(path, texts):
    """Make a repository with one commit a month; each rewrites the one file there is. Returns the commit ids."""
    subprocess.run(["git", "init", "-q", "-b", "main", str(path)], check=True)
    shas = []
    for n, (text, body) in enumerate(texts):
        when = (BEGIN + timedelta(days=30 * n)).isoformat()
        (path / "a.py").write_text(body)
        git = ["git", "-C", str(path), "-c", "user.name=A", "-c", "user.email=a@example.org"]
        subprocess.run([*git, "add", "."], check=True)
        subprocess.run([*git, "commit", "-q", "-m", text.format(*shas)], check=True,
                       env={"GIT_AUTHOR_DATE": when, "GIT_COMMITTER_DATE": when, "PATH": "/usr/bin:/bin"})
        shas.append(subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True).stdout.strip())
    return shas


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Make a history with a fault, its fix, and a revert."""
    root = tmp_path_factory.mktemp("gather")
    shas = history(root / "shop", [
        ("Begin", "one\n"), ("Add two", "one\ntwo\n"), ("Fix crash with two", "one\n2\n"), ("Add three", "one\n2\nthree\n"),
        ("Revert\n\nThis reverts commit {3}.", "one\n2\n"), ("Add four", "one\n2\nfour\n")])
    return root, shas


def asked(place, tmp_path, as_of=None, **more):
    """Gather, and give labels by commit id beside what was gathered."""
    root, _ = place
    found = gather(Sources(repositories=(root / "shop",), **more), tmp_path, 30, lambda _: None, today=TODAY, as_of=as_of)
    return found, dict(zip(found.data.sha.tolist(), found.data.harm.tolist(), strict=True))


def test_a_history_tells_of_its_own_faults_as_of_its_last_commit(place, tmp_path):
    """SZZ and reverts accuse, the rest is clean so far; the date is the newest that any source knows of."""
    _, shas = place
    found, harm = asked(place, tmp_path)

    assert [harm[sha] for sha in shas] == [False, True, False, True, False, False]
    assert found.as_of == date(2024, 5, 30)
    assert {row["source"]: row["decided_harm"] for row in found.account["claims"]} == {"revert": 1, "szz": 1}
    assert set(found.data.source.tolist()) == {"history"}


def test_a_date_hears_nothing_later(place, tmp_path):
    """Before the revert was written, nobody knew."""
    _, shas = place
    found, harm = asked(place, tmp_path, as_of=date(2024, 4, 15))

    assert harm == dict(zip(shas[:4], (False, True, False, False), strict=True))
    assert found.as_of == date(2024, 4, 15)


def test_the_same_sources_give_the_same_bytes(place, tmp_path):
    """A dataset is a function of its sources."""
    first, _ = asked(place, tmp_path / "a")
    second, _ = asked(place, tmp_path / "b")

    assert first.path.read_bytes() == second.path.read_bytes()


def test_weak_suspicions_can_be_left_out(place, tmp_path):
    """What the threshold takes away is SZZ's alone; a commit without it is one that nothing is said of."""
    _, shas = place
    _, harm = asked(place, tmp_path, least_confidence=1.1)

    assert harm[shas[3]]
    assert shas[1] not in harm


def test_served_features_go_before_mined_ones_and_unmirrored_changes_count(place, tmp_path):
    """One row a change: with the features of the answer, and with what every source says about it."""
    _, shas = place
    url = f"sqlite:///{tmp_path / 's.db'}"
    store = Store.open(url)
    for n, head in enumerate((shas[5], None)):
        store.write(Submission(AssessmentRow(
            id=f"a{n}", created_at=BEGIN + timedelta(days=151 + n), repository="acme/shop", base=None, head=head, score=0.3,
            probability=0.3, band="low", strategy="rolling", model_version="1", artifact_sha256="0" * 64,
            feature_set=FEATURE_SET, features=json.dumps({"la": 777.0, "ld": None}), document="{}")))
        store.write(Submission(OutcomeRow(
            id=f"o{n}", created_at=BEGIN + timedelta(days=160), outcome="incident", document="{}", assessment_id=f"a{n}",
            happened_at=BEGIN + timedelta(days=160))))
    store.write(Submission(LabelRow(id="l0", created_at=BEGIN + timedelta(days=170), repository="acme/shop", sha=shas[3],
                                    harm=False, source="dispute", known_at=BEGIN + timedelta(days=170), confidence=1.0)))
    store.close()

    found, harm = asked(place, tmp_path, store=url)
    la = dict(zip(found.data.sha.tolist(), found.data.column("la").tolist(), strict=True))

    assert (la[shas[5]], la["a1"]) == (777.0, 777.0)
    assert harm[shas[5]]
    assert harm["a1"]
    assert not harm[shas[3]]  # disputed
    assert len(found.data) == len(set(found.data.sha.tolist()))
    assert (found.account["served"], found.account["served_elsewhere"], found.account["overruled"]) == (2, 1, 2)


def test_a_history_that_ended_early_has_looked_only_until_its_end(place, tmp_path):
    """Its youngest changes are not clean because another source goes on for years; they are left out."""
    _, shas = place
    (tmp_path / "l.csv").write_text(f"sha,harm,source,known_at,confidence\n{'f' * 40},true,x,2025-06-01,1\n")
    found, harm = asked(place, tmp_path, labels=(tmp_path / "l.csv",))

    assert found.as_of == date(2025, 6, 1)
    assert set(harm) == set(shas[:4])  # 30 days before its end
    assert found.account["unfound"] >= 1


def test_two_inputs_of_one_file_name_are_two_inputs(place, tmp_path):
    """The account tells both, each by as much of its path as it takes; where nothing is in doubt, by its name."""
    for n, folder in enumerate(("east", "west")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "l.csv").write_text(f"sha,harm,source,known_at,confidence\n{str(n) * 40},true,x,2024-04-01,1\n")
    files = tuple(tmp_path / folder / "l.csv" for folder in ("east", "west"))
    found, _ = asked(place, tmp_path, labels=files)
    alone, _ = asked(place, tmp_path / "alone", labels=files[:1])

    told = {name: sha for name, sha in found.account["inputs"].items() if name.endswith("l.csv")}
    assert sorted(told) == ["east/l.csv", "west/l.csv"]
    assert len(set(told.values())) == 2
    assert [name for name in alone.account["inputs"] if name.endswith("l.csv")] == ["l.csv"]


def test_nothing_to_learn_from_is_refused(tmp_path):
    """The message says what to give."""
    with pytest.raises(InputError, match="--repository"):
        gather(Sources(), tmp_path, 30, lambda _: None, today=TODAY)
    with pytest.raises(UsageError, match="still to come"):
        gather(Sources(store="sqlite:///s.db"), tmp_path, 30, lambda _: None, today=TODAY, as_of=date(2026, 1, 2))
