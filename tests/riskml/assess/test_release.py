"""A release as a whole: combined, ranked, cut, and planned by the same policy as everything else."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from math import nan
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskml.assess import ReleaseDecision, Unit, Yardstick, judge_release, release_to_wire
from riskml.assess.combine import combined
from riskml.assessment import ModelRef, Reason, Scored
from riskml.change import Change
from riskml.context import ServiceContext
from riskml.features.catalogue import NAMES
from riskml.features.feature import Evidence
from riskml.plan import from_json, to_json
from riskml.policy.policy import default_policy, read_policy
from riskml.suite import CaseResult, SuiteRun

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


class TenthScorer:
    """A model that says one in ten of the release as one diff."""

    ref = ModelRef("tenth", "1", 1, "0" * 64)
    base_rate = 0.2
    feature_names = ("la",)

    def score(self, _vector: Any) -> Scored:
        """Score one vector."""
        return Scored(0.1, 0.0, 0.0, {"la": 1.0}, 0.05, 0.2)

    def probabilities(self, vectors: Any) -> list[float]:
        """Score many."""
        return [0.1 for _ in vectors]

    def training_percentile(self, _feature: str, _value: float) -> float | None:
        """Know nothing."""
        return None


def unit(number: int, p: float, *paths: str, **more: Any) -> Unit:
    """Return a change with a probability of harm and the paths that it touched."""
    fields: dict[str, Any] = {
        "commit": f"{number:040x}", "base": None, "subject": f"Change {number}", "kind": "commit", "at": 1_700_000_000 + number,
        "ids": frozenset({f"{number:040x}"}), "files": len(paths), "paths": frozenset(paths),
        "vector": {**dict.fromkeys(NAMES, nan), "la": 5.0}, "scored": Scored(p, 0.0, 0.0, {"la": 1.0, "nuc": 0.0}, p / 2, p),
        "band": "low", "percentile": None, "reasons": (Reason("la", 5.0, "lines", None, 0.5, "adds 5 lines", paths[:1]),),
        "lossy": False, "does": bytes([number]), "undoes": b"-" + bytes([number]),
        "weights": tuple((path, 1 / len(paths)) for path in paths), "unknown": ("nuc", "tests_run", "coverage_changed_lines"),
    }
    return Unit(**fields | more)


def released(*units: Unit, policy: Any = None, suite: SuiteRun | None = None, context: ServiceContext | None = None,
             **more: Any) -> ReleaseDecision:
    """Judge a release of these changes."""
    measure = Yardstick(TenthScorer(), policy or default_policy(), context or ServiceContext())
    evidence = Evidence(Change((), base="b" * 40, head="f" * 40), suite=suite)
    return judge_release(units, evidence, measure, id="01JR", now=NOW, repository="acme/shop", **more)


def test_a_release_is_as_risky_as_its_changes_together() -> None:
    """Combined without dependence, bounded with any, and counted."""
    found = released(unit(1, 0.1, "a"), unit(2, 0.2, "b"), unit(3, 0.05, "c"))
    whole = found.release.whole

    assert found.decision.assessment.probability == pytest.approx(1 - 0.9 * 0.8 * 0.95)
    assert (whole.least, whole.most, whole.harmful) == (0.2, pytest.approx(0.35), pytest.approx(0.35))
    assert found.decision.assessment.lower == pytest.approx(1 - 0.95 * 0.9 * 0.975)
    assert found.decision.assessment.base_rate == pytest.approx(1 - 0.8**3)
    assert [r.unit.subject for r in found.release.ranked] == ["Change 2", "Change 1", "Change 3"]
    assert sum(r.share for r in found.release.ranked) == pytest.approx(1)
    assert sum(f.share for f in found.decision.assessment.files) == pytest.approx(1)


def test_one_change_is_a_release_with_its_own_risk() -> None:
    """Nothing is combined, and nothing can be cut."""
    found = released(unit(1, 0.8, "a"))

    assert found.decision.assessment.probability == pytest.approx(0.8)
    assert (found.decision.plan.strategy, found.release.splits) == ("canary", ())


def test_as_few_changes_as_needed_are_held_back() -> None:
    """Without the riskiest, the rest goes out more easily; both parts have plans of the policy."""
    found = released(unit(1, 0.65, "a"), unit(2, 0.1, "b"), unit(3, 0.15, "c"), unit(4, 0.05, "d"))
    hold = found.release.splits[0]

    assert found.decision.plan.strategy == "canary"
    assert (hold.kind, hold.action) == ("hold-back", "hold back Change 1 (000000000)")
    assert [(len(p.units), p.plan.strategy) for p in hold.parts] == [(3, "rolling"), (1, "blue-green")]
    assert hold.parts[0].score == pytest.approx(combined([0.1, 0.15, 0.05]))
    assert found.decision.lower_it[0].score == hold.parts[0].score


def test_nothing_is_held_back_from_under_a_later_change() -> None:
    """The riskiest is built on, so it cannot wait by itself; what is free does not help enough."""
    found = released(unit(1, 0.65, "a"), unit(2, 0.1, "a", "b"), unit(3, 0.15, "c"), unit(4, 0.05, "d"))

    ranked = {r.unit.subject: r.can_wait for r in found.release.ranked}
    assert ranked == {"Change 1": False, "Change 2": True, "Change 3": True, "Change 4": True}
    held = [u.subject for s in found.release.splits if s.kind == "hold-back" for u in s.parts[1].units]
    assert "Change 1" not in held or "Change 2" in held


def test_a_long_release_goes_in_trains_up_to_commits_of_it() -> None:
    """Each train is planned for its last commit, and easier than the whole."""
    found = released(*(unit(n, 0.1, "hot") for n in range(1, 21)))
    [split] = found.release.splits

    assert split.kind == "trains"
    assert [u.subject for p in split.parts for u in p.units] == [f"Change {n}" for n in range(1, 21)]
    assert all(p.plan.strategy != "canary" for p in split.parts)
    assert [p.plan.subject.commit_sha for p in split.parts] == [p.units[-1].commit for p in split.parts]


def test_fewer_harmful_changes_are_worth_a_cut_but_lower_no_score() -> None:
    """Where the release is certain to do harm anyway, the cut stands under the splits, and is no proposal."""
    found = released(*(unit(n, 0.72, f"{n}") for n in range(1, 15)), *(unit(n, 0.1, f"{n}") for n in range(15, 21)))
    risky = released(*(unit(n, 0.9, f"{n}") for n in range(1, 6)), *(unit(n, 0.4, f"{n}") for n in range(6, 31)))
    hold = risky.release.splits[0]

    assert not any(split.kind == "hold-back" for split in found.release.splits)
    assert hold.kind == "hold-back"
    assert hold.parts[0].harmful == pytest.approx(25 * 0.4)
    assert hold.parts[0].score == pytest.approx(risky.release.whole.score, abs=1e-3)
    assert [p for p in risky.decision.lower_it if p.action == hold.action] == []


def test_what_goes_out_in_the_least_careful_way_is_not_cut() -> None:
    """There is nothing to gain."""
    assert released(unit(1, 0.1, "a"), unit(2, 0.1, "b")).release.splits == ()


@given(st.lists(st.tuples(st.floats(0, 1), st.sampled_from("abcd")), min_size=1, max_size=14))
@settings(max_examples=40, deadline=None)
def test_every_split_is_a_partition_with_plans_that_are_whole(changes) -> None:
    """No change is lost, none goes out twice, no plan contradicts itself, and no part is riskier than the whole."""
    found = released(*(unit(n + 1, p, path) for n, (p, path) in enumerate(changes)))

    for split in found.release.splits:
        commits = [u.commit for part in split.parts for u in part.units]
        assert sorted(commits) == sorted(r.unit.commit for r in found.release.ranked)
        for part in split.parts:
            assert part.score <= found.release.whole.score + 1e-12
            assert from_json(to_json(part.plan)) == part.plan
    wire = release_to_wire(found)
    assert json.loads(json.dumps(wire, allow_nan=False)) == wire


def test_a_reverted_change_and_its_revert_do_not_count() -> None:
    """They are named, and the release is as risky as the rest."""
    back = unit(3, 0.9, "a", does=b"-" + bytes([1]), undoes=bytes([1]), takes_back=True)
    found = released(unit(1, 0.9, "a"), unit(2, 0.1, "b"), back)

    assert found.decision.assessment.probability == pytest.approx(0.1)
    assert [(a.subject, b.subject) for a, b in found.release.cancelled] == [("Change 1", "Change 3")]
    assert any("Change 3 (000000000) takes back Change 1" in note for note in found.decision.assessment.notes)


def test_a_release_whose_changes_all_cancel_is_empty() -> None:
    """It has no risk, and a plan all the same."""
    back = unit(2, 0.9, "a", does=b"-" + bytes([1]), undoes=bytes([1]), takes_back=True)
    found = released(unit(1, 0.9, "a"), back)

    assert (found.decision.assessment.probability, found.decision.plan.strategy) == (0.0, "rolling")
    assert release_to_wire(found)["release"]["changes"] == 0


def test_a_commit_without_a_file_is_no_change_of_a_release() -> None:
    """There is nothing in it to score or to leave out; a release of nothing else is empty."""
    none = replace(unit(2, 0.4, "b"), files=0, paths=(), weights=())
    whole, nothing = released(unit(1, 0.3, "a"), none), released(none)

    assert whole.decision.assessment.probability == pytest.approx(0.3)
    assert [r.unit.subject for r in whole.release.ranked] == ["Change 1"]
    assert (nothing.decision.assessment.empty, nothing.decision.assessment.band) == (True, "unknown")


def test_one_destructive_migration_holds_the_release_and_can_be_set_apart() -> None:
    """The change is named; without it the rest is free."""
    found = released(unit(1, 0.1, "a"), unit(2, 0.1, "db/migrations/7.sql", lossy=True), unit(3, 0.1, "c"))

    assert found.decision.held
    assert "Change 2 (000000000) holds a destructive migration" in found.decision.plan.notes
    hold = found.release.splits[0]
    assert [u.subject for u in hold.parts[1].units] == ["Change 2"]
    assert not hold.parts[0].plan.hold


def test_the_policy_is_asked_about_each_change() -> None:
    """The most careful answer counts, and what holds one change holds all."""
    policy = read_policy({"version": 1, "rules": [{"when": {"la": "> 100"}, "strategy": "canary"}, {"strategy": "rolling"}],
                          "guardrails": [{"when": {"sensitive_files": True}, "reason": "somebody has to look"}]})
    large = unit(1, 0.1, "a", vector={**dict.fromkeys(NAMES, nan), "la": 500.0})
    delicate = unit(2, 0.1, "b", vector={**dict.fromkeys(NAMES, nan), "la": 1.0, "sensitive_files": 1.0})

    found = released(large, delicate, unit(3, 0.1, "c"), policy=policy)

    assert (found.decision.plan.strategy, found.decision.plan.hold) == ("canary", ("somebody has to look",))
    assert found.decision.plan.stages[0].approval == "manual"


def test_tests_that_fail_hold_the_release_and_every_part_of_it() -> None:
    """The reports are about the head: no part of it is known to pass."""
    broken = SuiteRun((CaseResult("s", "t", "failed"),))
    found = released(unit(1, 0.65, "a"), unit(2, 0.3, "b"), suite=broken)

    assert found.decision.plan.hold == ("tests failed",)
    assert all(p.plan.hold for s in found.release.splits for p in s.parts)


def test_low_for_lack_of_knowledge_is_unknown() -> None:
    """One change of which too little is known is enough, unless the release is risky anyway."""
    vague = unit(1, 0.05, "a", band="unknown")

    assert released(vague, unit(2, 0.05, "b")).decision.assessment.band == "unknown"
    assert released(vague, unit(2, 0.9, "b")).decision.assessment.band == "high"


def test_the_service_moves_the_score_of_the_whole_and_of_every_part() -> None:
    """As it does for a change."""
    found = released(unit(1, 0.65, "a"), unit(2, 0.3, "b"), context=ServiceContext("checkout", impact=0.5))

    assert found.decision.assessment.score == pytest.approx(found.decision.assessment.probability / 2)
    assert found.decision.plan.risk.factors is not None


def test_a_release_on_the_wire_is_a_decision_with_one_more_key() -> None:
    """So everything that reads a decision reads it; what was not read is null."""
    wire = release_to_wire(released(unit(1, 0.65, "a"), unit(2, 0.3, "b"), read=False))

    assert list(wire)[-1] == "release"
    assert wire["release"]["version"] == 1
    assert wire["release"]["one_diff"] is None
    assert any("too large to be read" in note for note in wire["notes"])
    assert wire["unknown"] == ["nuc", "tests_run", "coverage_changed_lines"]
    assert list(wire["release"]["ranked"][0]) == [
        "commit", "subject", "base", "kind", "commits", "files", "at", "probability", "lower", "upper", "band", "percentile",
        "share", "can_wait", "destructive_migration", "reason"]
    assert "initial_traffic" in wire["release"]["splits"][0]["parts"][0]


def test_a_release_lists_as_unknown_what_at_least_one_of_its_changes_lacks() -> None:
    """What has no meaning for any of them is not missed; what is known of one is known, if only of that one."""
    prose = unit(1, 0.1, "a.md", unknown=("nuc",))
    seen = unit(2, 0.1, "b.md", unknown=(), vector={**prose.vector, "nuc": 3.0})

    assert list(released(prose).decision.assessment.unknown) == ["nuc"]
    assert not any("report" in note or "coverage" in note for note in released(prose).decision.assessment.notes)
    assert list(released(prose, seen).decision.assessment.unknown) == []
    assert "tests_run" in released(prose, unit(3, 0.1, "c.py")).decision.assessment.unknown


def test_changes_that_all_cancel_are_nothing_to_release() -> None:
    """No number stands for a risk that nobody took."""
    there, back = unit(1, 0.3, "a"), unit(2, 0.2, "a", does=b"-" + bytes([1]), undoes=bytes([1]), takes_back=True)
    wire = release_to_wire(released(there, back))

    assert (wire["empty"], wire["probability"], wire["band"], wire["unknown"]) == (True, None, "unknown", [])
    assert wire["notes"][0].startswith("nothing to release")
    assert len(wire["release"]["cancelled"]) == 1


def test_the_order_of_equal_changes_does_not_change_the_combined_risk() -> None:
    """Only the order of release does."""
    one, two = unit(1, 0.3, "a"), unit(2, 0.6, "b")

    assert released(one, two).decision.assessment.probability == released(two, one).decision.assessment.probability
