"""From a change to a decision: what is said, where it sits, what would lower it, and how it reads on the wire."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from math import exp, isnan, nan
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskml.assess import Decision, assess, assess_features, judge, judge_features, to_wire
from riskml.assessment import ModelRef, Scored
from riskml.change import Change, Commit, FileDiff, Hunk
from riskml.context import ServiceContext
from riskml.errors import PolicyError
from riskml.features.catalogue import NAMES, extract
from riskml.features.feature import Evidence
from riskml.plan import to_json
from riskml.policy.percentile import rank
from riskml.policy.policy import load_policy, read_policy
from riskml.suite import CaseResult, SuiteRun

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
HEAD, BASE = "a" * 40, "b" * 40


class LinesScorer:
    """A model that believes in lines and failed tests: log-odds are a weighted sum, unknown adds nothing."""

    weights = {"la": 0.02, "nf": 0.1, "tests_failed": 1.0, "ld": -0.01, "prior_fixes_365d": 0.2}  # noqa: RUF012 # never changed
    ref = ModelRef("lines", "1", 1, "0" * 64)
    base_rate = 0.2
    feature_names = tuple(weights)

    def score(self, vector: Mapping[str, float]) -> Scored:
        """Score one vector."""
        known = {n: v for n in self.weights if not isnan(v := vector.get(n, nan))}
        contributions = {n: self.weights[n] * known.get(n, 0.0) for n in self.weights}
        margin = sum(contributions.values()) - 2.0
        p = 1 / (1 + exp(-margin))
        return Scored(p, margin, -2.0, contributions, p * 0.8, min(1.0, p * 1.2))

    def probabilities(self, vectors: Sequence[Mapping[str, float]]) -> list[float]:
        """Score many."""
        return [self.score(v).probability for v in vectors]

    def training_percentile(self, feature: str, value: float) -> float | None:
        """Return a number that no other source gives."""
        return 33.0 if feature in self.weights and value == value else None


def file(path: str, added: int, removed: int = 0, text: bytes = b"x = 1\n") -> FileDiff:
    """Return a file with so many lines added and removed."""
    return FileDiff(
        path, path, hunks=(Hunk(1, removed, 1, added),), added=text * added, removed=b"y = 1\n" * removed, lines_before=50
    )


def change(*files: FileDiff, **more: Any) -> Change:
    """Return a change of one commit."""
    commit = Commit(HEAD, "Charge twice", 1_700_000_000, 1_700_000_000)
    return Change(files, (commit,), at=1_700_000_000, base=BASE, head=HEAD, **more)


def suite(*outcomes: str) -> SuiteRun:
    """Return a run of tests with these outcomes."""
    return SuiteRun(tuple(CaseResult("s", f"test_{i}", o) for i, o in enumerate(outcomes)))  # type: ignore[arg-type]  # shorthand


def decide_on(*files: FileDiff, tests: SuiteRun | None = None, **more: Any) -> Decision:
    """Judge a change of these files with the model of lines and the default policy."""
    return judge(change(*files), None, tests, LinesScorer(), id="01JDQ", now=NOW, repository="acme/shop", **more)


BIG = (file("billing/charge.py", 120), file("billing/refund.py", 40), file("docs/a.md", 1))


def test_the_assessment_is_what_the_model_says() -> None:
    """Probability, margin and model come from the scorer; without a service the score is the probability."""
    found = assess(change(*BIG), None, None, LinesScorer(), id="01JDQ", now=NOW, repository="acme/shop")

    scored = LinesScorer().score(extract(Evidence(change(*BIG))))
    assert (found.probability, found.margin, found.score) == (scored.probability, scored.margin, scored.probability)
    assert (found.head, found.base, found.repository, found.model.name) == (HEAD, BASE, "acme/shop", "lines")
    assert set(found.features) == set(NAMES)


def test_reasons_are_the_strongest_known_contributions_in_their_own_direction() -> None:
    """Strongest first, worded by the sign, with the files that carry them; unknown values are no reasons."""
    found = assess(change(file("a.py", 50, 30)), None, None, LinesScorer(), id="1", now=NOW, repository="r")

    assert [(r.feature, r.direction) for r in found.reasons] == [("la", "raises"), ("ld", "lowers"), ("nf", "raises")]
    assert found.reasons[0].files == ("a.py",)
    assert found.reasons[0].percentile == 33.0
    assert all(r.unit and r.text for r in found.reasons)


def test_what_is_unknown_is_listed() -> None:
    """What the model reads and does not know, and the reports that are absent even if no model reads them."""
    found = assess(change(*BIG), None, None, LinesScorer(), id="1", now=NOW, repository="r")

    assert found.unknown == ("tests_failed", "prior_fixes_365d", "tests_run", "coverage_changed_lines")
    assert any("no history was given" in n for n in found.notes)
    assert any("no test report" in n for n in found.notes)


def test_low_without_a_past_is_unknown() -> None:
    """A low score for lack of history is not called low."""
    without = assess(change(file("a.py", 1)), None, None, LinesScorer(), id="1", now=NOW, repository="r")
    known = assess_features(
        {**dict.fromkeys(NAMES, nan), "la": 1.0, "ld": 0.0, "nf": 1.0, "prior_fixes_365d": 0.0},
        LinesScorer(), id="1", now=NOW, repository="r",
    )

    assert without.band == "unknown"
    assert known.band == "low"
    assert assess(change(*BIG), None, None, LinesScorer(), id="1", now=NOW, repository="r").band == "high"


def test_low_without_a_size_is_unknown() -> None:
    """Of a change whose size nobody told, a model that reads the size says nothing, however low its number."""
    found = assess_features({"prior_fixes_365d": 0.0}, LinesScorer(), id="1", now=NOW, repository="r")

    assert found.band == "unknown"
    assert any("size is unknown" in note for note in found.notes)


def test_the_percentile_needs_fifty_others_and_never_counts_the_change_itself() -> None:
    """A change that stands among the recent ones is taken out before it is compared."""
    others = [{"la": float(n)} for n in range(60)]
    itself = {"la": 30.0}

    def percentile(recent: list[dict[str, float]]) -> float | None:
        return assess_features(itself, LinesScorer(), id="1", now=NOW, repository="r", recent=recent).percentile

    assert percentile(others) == percentile([*others, itself]) == pytest.approx(100 * 30 / 59)
    assert percentile(others[:50]) is None
    assert percentile(others[:51]) is not None


def test_a_feature_stands_among_the_repositorys_own_changes_first() -> None:
    """Training percentiles are taken only where the repository has too few of its own."""
    recent = [{"la": float(n)} for n in range(100)]

    found = assess_features({"la": 90.0}, LinesScorer(), id="1", now=NOW, repository="r", recent=recent)

    assert found.reasons[0].percentile == pytest.approx(100 * 90.5 / 100, abs=0.6)


@given(st.lists(st.floats(0, 1), min_size=50), st.floats(0, 1))
def test_a_rank_lies_between_nought_and_a_hundred(values: list[float], value: float) -> None:
    """Whatever the values, ties included."""
    found = rank(sorted(values), value)

    assert found is not None
    assert 0 <= found <= 100


def test_the_shares_of_files_say_where_the_lines_are() -> None:
    """For a model of lines a file's share grows with its lines."""
    shares = {s.path: s.share for s in decide_on(*BIG).assessment.files}

    assert sum(shares.values()) == pytest.approx(1)
    assert shares["billing/charge.py"] > shares["billing/refund.py"] > shares["docs/a.md"] > 0
    assert next(iter(shares)) == "billing/charge.py"


@given(st.lists(st.tuples(st.integers(0, 80), st.integers(0, 300)), max_size=30))
@settings(max_examples=40, deadline=None)
def test_shares_always_add_up_to_one(lines: list[tuple[int, int]]) -> None:
    """Also when files lower the risk, do nothing, or are too many to try one by one."""
    files = tuple(file(f"d{i % 4}/f{i}.py", a, d) for i, (a, d) in enumerate(lines))
    shares = assess(change(*files), None, None, LinesScorer(), id="1", now=NOW, repository="r").files

    assert {s.path for s in shares} == {f.path for f in files}
    assert all(s.share >= 0 for s in shares)
    assert not files or sum(s.share for s in shares) == pytest.approx(1)


def test_every_proposal_is_a_real_score() -> None:
    """The score of a proposal is that of the change without what it moves, and so is the score of the part."""
    found = decide_on(*BIG)
    by_action = {p.action: p for p in found.lower_it}

    without = judge(change(BIG[1], BIG[2]), None, None, LinesScorer(), id="1", now=NOW, repository="r")
    alone = judge(change(BIG[0]), None, None, LinesScorer(), id="1", now=NOW, repository="r")
    proposal = by_action[f"move billing/charge.py to a change of its own (which by itself scores {alone.assessment.score:.2f})"]
    assert proposal.score == pytest.approx(without.assessment.score)
    assert proposal.strategy == without.plan.strategy
    assert any(a.startswith("move the 2 files under billing/ to a change of their own") for a in by_action)
    assert all(p.score < found.assessment.score for p in found.lower_it)


def test_nothing_is_proposed_that_changes_nothing() -> None:
    """A change of one file, or of even files that hardly matter, gets no advice."""
    assert decide_on(file("a.py", 200)).lower_it == ()
    assert decide_on(file("a.py", 1), file("b.py", 1)).lower_it == ()


def test_a_low_score_gets_no_advice_to_lower_it() -> None:
    """Below every threshold nothing is gained, however much of the score one file holds."""
    files = (file("a.py", 40), file("b.py", 1))
    found = decide_on(*files)
    without = decide_on(files[1])

    assert found.plan.strategy == "rolling"
    assert found.assessment.score - without.assessment.score > 0.02
    assert found.lower_it == ()


def test_failing_tests_hold_and_mending_them_is_proposed() -> None:
    """The hold is binding, and the way out is named with its own score."""
    found = decide_on(file("a.py", 10), tests=suite("passed", "failed", "error"))

    assert found.held
    assert found.plan.hold == ("tests failed",)
    mended = decide_on(file("a.py", 10), tests=suite("passed", "passed", "passed"))
    assert [(p.action, p.score) for p in found.lower_it] == [
        ("make the 2 failing tests pass, test_1 first", pytest.approx(mended.assessment.score))
    ]
    assert not mended.held


def test_a_policy_that_only_advises_binds_nobody() -> None:
    """The reasons stay in the plan; the gate is not closed."""
    policy = read_policy({"version": 1, "mode": "advise", "rules": [{"strategy": "rolling"}]})

    found = judge(change(file("a.py", 1)), None, suite("failed"), LinesScorer(), policy, id="1", now=NOW, repository="r")

    assert found.plan.hold == ("tests failed",)
    assert not found.held
    assert to_wire(found)["hold"] is False


def test_a_destructive_migration_is_found_held_and_set_apart() -> None:
    """The statement is shown, and moving it to a later release is proposed with what is then left."""
    migration = FileDiff(
        "db/migrations/7.sql", "db/migrations/7.sql", "A", (Hunk(0, 0, 1, 1),), b"ALTER TABLE a DROP COLUMN b;\n"
    )

    found = decide_on(migration, file("a.py", 2))

    assert found.held
    assert found.plan.strategy == "blue-green"
    assert "db/migrations/7.sql: ALTER TABLE a DROP COLUMN b" in found.plan.notes
    assert found.lower_it[0].action == "move the destructive migration db/migrations/7.sql to a later release"
    assert found.lower_it[0].strategy == "rolling"


def test_the_service_moves_the_score_and_the_plan_shows_how() -> None:
    """Score is impact times probability over detection and rollback speed."""
    found = decide_on(*BIG, context=ServiceContext("checkout", impact=0.5))

    assert found.assessment.score == pytest.approx(found.assessment.probability / 2)
    assert found.plan.risk.factors is not None
    assert found.plan.risk.factors.impact == 0.5
    assert found.plan.subject.service == "checkout"


def test_features_alone_can_be_judged() -> None:
    """Without the change no file is named and nothing proposed; a migration that was not read is told."""
    vector = {**dict.fromkeys(NAMES, nan), "la": 200.0, "migration_files": 1.0}

    found = judge_features(vector, LinesScorer(), id="01JDQ", now=NOW, repository="r", head=HEAD)

    assert (found.plan.strategy, found.assessment.files, found.lower_it) == ("canary", (), ())
    assert found.plan.subject.commit_sha == HEAD
    assert "a database migration was not read: whether data is lost is unknown" in found.plan.notes


def test_of_an_empty_change_no_risk_is_known() -> None:
    """Nothing was measured, so nothing is shown as measured: no number, no reason, no list of what is unknown."""
    found = to_wire(decide_on())

    assert found["empty"] is True
    assert [found[key] for key in ("score", "probability", "lower", "upper", "percentile", "band")] == [None] * 5 + ["unknown"]
    assert (found["reasons"], found["files"], found["unknown"], found["lower_it"]) == ([], [], [], [])
    assert [note[:18] for note in found["notes"]] == ["nothing to release"]
    assert (found["strategy"], found["plan"]["hold"]) == ("rolling", [])
    assert to_wire(decide_on(*BIG))["empty"] is False


def test_nothing_to_release_is_held_by_no_policy() -> None:
    """Neither the gate nor the plan waits for anybody, and no rule that would have held is said to have decided."""
    strict = load_policy("version: 1\nmode: enforce\nguardrails: [{when: {la: '< 5'}, action: hold, reason: too small}]\n"
                         "rules: [{strategy: rolling}]\n", features=NAMES)

    assert decide_on(FileDiff("a.py", "a.py"), policy=strict).held
    nothing = decide_on(policy=strict)
    assert (nothing.held, nothing.plan.hold, nothing.plan.rules_fired) == (False, (), ("otherwise",))


def test_features_of_no_file_are_an_empty_change() -> None:
    """A client that sends numbers alone gets the same answer; a vector that contradicts itself is judged."""
    nothing = judge_features(dict.fromkeys(NAMES, 0.0), LinesScorer(), id="01JDQ", now=NOW, repository="r")
    odd = judge_features({**dict.fromkeys(NAMES, 0.0), "la": 9.0}, LinesScorer(), id="01JDQ", now=NOW, repository="r")

    assert (nothing.assessment.empty, odd.assessment.empty) == (True, False)


def test_a_submodule_that_moves_is_said_not_to_have_been_scored() -> None:
    """Its pointer is one line that hides any number of them."""
    one, other = (FileDiff(path, path, submodule=True) for path in ("libs/b", "libs/a"))

    notes = decide_on(one, other).assessment.notes

    assert "the submodule libs/b and 1 more moved: what changed inside is unknown, and was not scored" in notes


def test_the_same_change_gives_the_same_answer_in_any_order_of_files() -> None:
    """Only the id and the clock are the caller's; both are given."""
    assert to_wire(decide_on(*BIG)) == to_wire(decide_on(*reversed(BIG)))


def test_the_wire_has_the_keys_of_the_contract_in_their_order() -> None:
    """Keys once released change only with the version; later ones stand at the end."""
    wire = to_wire(decide_on(*BIG))

    assert list(wire) == [
        "id",
        "repository",
        "head",
        "base",
        "created_at",
        "score",
        "probability",
        "base_rate",
        "percentile",
        "band",
        "strategy",
        "initial_traffic",
        "plan",
        "reasons",
        "files",
        "lower_it",
        "unknown",
        "model",
        "policy",
        "lower",
        "upper",
        "hold",
        "notes",
        "empty",
    ]
    assert list(wire["reasons"][0]) == ["feature", "value", "unit", "percentile", "contribution", "direction", "text", "files"]
    assert list(wire["model"]) == ["name", "version", "feature_set", "artifact_sha256"]
    assert (wire["strategy"], wire["initial_traffic"], wire["created_at"]) == ("canary", 1, "2026-11-23T12:00:00Z")
    assert wire["plan"]["rollback"] == {"error_rate_percent": 5, "latency_p99_ms": 1000}
    assert wire["plan"]["rules_fired"] == ["score > 0.7"]


def test_blue_green_says_its_stage_and_rolling_neither() -> None:
    """The founding pairs read on the wire as they were founded."""
    medium, low = to_wire(decide_on(file("a.py", 90))), to_wire(decide_on(file("a.py", 1)))

    assert (medium["strategy"], medium["stage"], "initial_traffic" in medium) == ("blue-green", 2, False)
    assert (low["strategy"], "stage" in low, "initial_traffic" in low) == ("rolling", False, False)


def test_the_wire_is_strict_json_whatever_the_paths_hold() -> None:
    """No NaN, no lone surrogate, and no person."""
    person_free = change(file("caf\udce9.py", 60), file("b\nc.py", 60))
    found = judge(person_free, None, suite("failed"), LinesScorer(), id="1", now=NOW, repository="r")

    text = json.dumps(to_wire(found), allow_nan=False, ensure_ascii=False).encode()

    assert b"caf\\\\xe9.py" in text
    assert json.dumps(to_json(found.plan), allow_nan=False, ensure_ascii=False).encode()


def test_a_working_tree_has_no_commit_and_says_so() -> None:
    """Its plan is about git's null id."""
    dirty = replace(change(file("a.py", 1), kind="worktree"), head=None)

    found = judge(dirty, None, None, LinesScorer(), id="1", now=NOW, repository="r")

    assert found.plan.subject.commit_sha == "0" * 40
    assert any("working tree" in n for n in found.assessment.notes)


def test_a_change_of_its_own_judge_is_told() -> None:
    """A change that edits the policy is judged by the one of its base, and says that it edits it."""
    found = decide_on(file(".riskml/policy.yaml", 1), file("a.py", 1))

    assert any("edits .riskml" in n for n in found.assessment.notes)


def test_a_service_that_makes_no_sense_is_refused() -> None:
    """A factor of 0 would divide by nothing."""
    with pytest.raises(PolicyError, match="factor out of range"):
        decide_on(*BIG, context=ServiceContext(detection_capability=0.0))
